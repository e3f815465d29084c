"""Tickets: each one permits to open one websocket. An app gets it for valid credentials."""

import uuid
from dataclasses import dataclass
from typing import Any

from imbot.platforms.dingtalk.simulator.answers import refuse
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.connection import Topic
from imbot.platforms.dingtalk.simulator.values import App, Recent
from imbot.platforms.dingtalk.simulator.world import World

_TYPES = ("EVENT", "CALLBACK", "SYSTEM")


@dataclass(frozen=True, slots=True)
class Ticket:
    """The app and the topics of the connection that it permits; ``expires`` is on the loop's clock."""

    app: App
    topics: frozenset[Topic]
    expires: float


class Tickets:
    """The tickets that were given and are not used yet."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._given: Recent[str, Ticket] = Recent(1_000)

    def routes(self) -> tuple[Route, ...]:
        """The API that gives tickets."""
        return (Route("POST", "/v1.0/gateway/connections/open", self._give, auth="none"),)

    def take(self, name: str) -> Ticket | None:
        """Use up a ticket, and return it. None if it is unknown or has expired, or if its app is gone."""
        ticket = self._given.pop(name, None)
        if ticket is None or ticket.expires <= self._world.now() or ticket.app.id not in self._world.apps:
            return None
        return ticket

    def _give(self, call: ApiCall) -> Body:
        topics = _topics(call.body.get("subscriptions"))
        app = self._world.app_of(call.body.get("clientId"), call.body.get("clientSecret"))
        if app is None:
            raise refuse("authFailed", "鉴权失败", status=401)
        # Some clients need a port in the address, so it is there even if it is the default one.
        host = call.host if ":" in call.host else f"{call.host}:80"
        call.known_app, app.base = app, f"http://{host}"
        name = str(uuid.uuid4())
        self._given[name] = Ticket(app, topics, self._world.now() + self._world.settings.ticket_s)
        return {"endpoint": f"ws://{host}/connect", "ticket": name}


def _topics(subscriptions: Any) -> frozenset[Topic]:
    if not isinstance(subscriptions, list) or not subscriptions:
        raise refuse("invalidParameter", "subscriptions invalid")
    return frozenset(map(_topic, subscriptions))


def _topic(one: Any) -> Topic:
    if not isinstance(one, dict) or one.get("type") not in _TYPES or not one.get("topic"):
        raise refuse("invalidParameter", "subscriptions invalid")
    return str(one["type"]), str(one["topic"])
