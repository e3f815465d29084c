"""The simulator: one web server with the platform's APIs, its gateway and the chat page.

Tests use it in process: it has a method for everything that a person can do on the page.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from imbot.platforms.dingtalk.simulator import (
    apps,
    cards,
    media,
    robot,
    standard_card,
    streaming,
    tokens,
    webhook,
)
from imbot.platforms.dingtalk.simulator.api import Api
from imbot.platforms.dingtalk.simulator.clicks import ClickError, click
from imbot.platforms.dingtalk.simulator.commands import Commands
from imbot.platforms.dingtalk.simulator.connection import Connection
from imbot.platforms.dingtalk.simulator.faults import Fault
from imbot.platforms.dingtalk.simulator.frames import Ack
from imbot.platforms.dingtalk.simulator.gateway import BOT_TOPIC, Gateway
from imbot.platforms.dingtalk.simulator.inbound import PIXEL, Said, payload
from imbot.platforms.dingtalk.simulator.listener import Listener
from imbot.platforms.dingtalk.simulator.page_api import PageApi
from imbot.platforms.dingtalk.simulator.push import Push
from imbot.platforms.dingtalk.simulator.settings import Settings
from imbot.platforms.dingtalk.simulator.templates import Template, plain
from imbot.platforms.dingtalk.simulator.values import App, Bots, Call, Card, Message, User
from imbot.platforms.dingtalk.simulator.world import World

_MODULES = (tokens, apps, webhook, robot, media, cards, streaming, standard_card)
_DISCONNECTED = "persistent connection is timeout"


class Simulator:
    """A DingTalk for one machine. ``async with Simulator() as sim`` starts it on a free port.

    With ``open_apps`` an unknown client id that opens a connection or asks for a token is registered with
    the secret it came with.
    """

    def __init__(self, *, open_apps: bool = True, settings: Settings | None = None) -> None:
        self.world = World(settings or Settings(), open_apps=open_apps)
        self.gateway = Gateway(self.world)
        self._api = Api(self.world)
        self._listener: Listener | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError if the port is taken."""
        routes = [*self.gateway.tickets.routes(), *(route for module in _MODULES for route in module.ROUTES)]
        listener = Listener(host, self.gateway, (PageApi(self), Commands(self)), self._api, routes)
        self.world.set_url(await listener.start(port))
        self._listener = listener

    async def stop(self) -> None:
        """Close every connection, then the server."""
        self.gateway.close()
        self.world.feed.close()
        if self._listener is not None:
            await self._listener.stop()
            self._listener = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The base address of all APIs and of the chat page."""
        return self.world.url

    @property
    def page_url(self) -> str:
        """The address of the chat page for a person; with the token where one is needed."""
        token = self._listener.token if self._listener else ""
        return f"{self.url}/?token={token}" if token else self.url

    @property
    def settings(self) -> Settings:
        """The settings now."""
        return self.world.settings

    def set(self, **changes: Any) -> Settings:
        """Change settings while running. Raises ValueError for an unknown name or a wrong value."""
        return self.world.set(**changes)

    def add_app(self, client_id: str, secret: str, name: str = "") -> App:
        """Register an app, or give a known one a new secret or name."""
        return self.world.add_app(client_id, secret, name)

    def remove_app(self, client_id: str) -> None:
        """Unregister an app: its token dies and its connections are closed."""
        self.world.remove_app(client_id)
        self.close(client_id)

    def show_bots(self, bots: Sequence[Mapping[str, Any]]) -> None:
        """Show on the page what whoever runs the bots knows of them; see ``imbot.platforms.Simulator``."""
        self.world.show_bots(Bots(tuple(bots)))

    def add_user(self, user_id: str, nick: str) -> User:
        """Add a person to the organisation."""
        user = User(user_id, nick)
        self.world.add_user(user)
        return user

    def add_template(
        self, template_id: str, streaming_keys: Iterable[str], *, markdown: bool = False
    ) -> None:
        """Publish a card template. If it is a ``markdown`` one, appending to its variables is refused."""
        template = Template(frozenset(streaming_keys), markdown=markdown)
        self.world.templates[plain(template_id)] = template

    @property
    def cards(self) -> Mapping[str, Card]:
        """Every card by its outTrackId or cardBizId."""
        return self.world.cards

    @property
    def messages(self) -> list[Message]:
        """All messages, oldest first; ``sender`` is None for those of the robot."""
        return list(self.world.messages.values())

    @property
    def calls(self) -> list[Call]:
        """The journal of API calls, oldest first."""
        return list(self.world.calls)

    @property
    def acks(self) -> list[Ack]:
        """The clients' answers to pushes, oldest first."""
        return list(self.gateway.acks)

    def observe(self, observer: Callable[[Call | Ack], None]) -> None:
        """Call ``observer`` with every API call and every ack as soon as it has taken effect, to measure times."""
        self.world.observers.append(observer)

    def connections(self, app: str) -> tuple[Connection, ...]:
        """The living connections of an app."""
        return self.gateway.connections(app)

    async def say(
        self,
        app: str,
        user: str,
        text: str = "",
        *,
        group: bool = False,
        quote: str | None = None,
        kind: str = "text",
        content: bytes = PIXEL,
        segments: Iterable[str | bytes] = (),
        mentions: Iterable[str] = (),
        **extra: Any,
    ) -> str:
        """Send a message to a robot and return its id; ``message(id)`` says whether it was delivered and acked.

        ``kind`` is a msgtype of the platform, ``content`` the bytes of a picture, sound or file,
        ``segments`` the parts of a richText, ``quote`` the id of a message to answer, ``mentions`` the
        staff ids of people whom a message in a group mentions beside the robot; ``extra`` overrides fields of the
        payload. Raises KeyError for an unknown app or user, and ValueError if the platform has no such message.
        """
        world, who, robot_app = self.world, self.world.users[user], self.world.apps[app]
        conversation = world.group(robot_app) if group else world.single(robot_app, who)
        parts = tuple(segments)
        words = text or "".join(part for part in parts if isinstance(part, str))
        message = Message(conversation.id, robot_app, who, kind, text=words)
        named = tuple(world.users[name] for name in mentions) if group else ()
        message.mentions = [person.id for person in named]
        said = Said(kind, text, content, parts, world.messages[quote] if quote else None, named)
        body = payload(world, message, who, said, conversation) | extra
        push = self.gateway.push_bot_message(robot_app, body)
        message.delivered = push.delivered
        push.acked.add_done_callback(lambda acked: setattr(message, "acked", not acked.cancelled()))
        world.show(message)
        return message.id

    def message(self, message_id: str) -> Message:
        """One message by its id."""
        return self.world.messages[message_id]

    async def click(self, card: str, user: str, action: str, params: Mapping[str, Any] | None = None) -> bool:
        """Press a card's button as a user; True if the app answered in time."""
        try:
            await self.press(self.world.cards[card], self.world.users[user], action, params or {})
        except ClickError:
            return False
        return True

    async def press(self, card: Card, user: User, action: str, params: Mapping[str, Any]) -> None:
        """Press a card's button as a user. Raises ClickError, which has the reason, if that had no effect."""
        await click(self.world, self.gateway, card, user, action, params)

    def push(
        self,
        app: str,
        data: dict[str, Any] | str,
        *,
        kind: str = "CALLBACK",
        topic: str = BOT_TOPIC,
        headers: dict[str, str] | None = None,
    ) -> Push:
        """Push any frame to a connection that subscribed to its topic; ``await push.ack()`` for the answer."""
        return self.gateway.push(self.world.apps[app], (kind, topic), data, headers=headers)

    def push_event(self, app: str, event_type: str, data: dict[str, Any]) -> Push:
        """Push an event of the organisation, again until it is acked with SUCCESS."""
        return self.gateway.push_event(self.world.apps[app], event_type, data)

    def send_text(self, app: str, text: str) -> None:
        """Write any text to every connection of an app, a broken frame for instance."""
        for connection in self.connections(app):
            connection.send(text)

    def ping(self, app: str) -> list[Push]:
        """Ping every connection of an app."""
        return [self.gateway.ping(connection) for connection in self.connections(app)]

    def disconnect(self, app: str, reason: str = _DISCONNECTED) -> None:
        """Send the disconnect frame; TCP ends after the grace time."""
        self.gateway.disconnect(app, reason)

    def drop(self, app: str) -> None:
        """Cut the TCP connections of an app."""
        for connection in self.connections(app):
            connection.cut()

    def close(self, app: str, code: int = 1001) -> None:
        """Close the connections of an app with a close frame."""
        for connection in self.connections(app):
            connection.close(code)

    def freeze(self, app: str) -> None:
        """Let the connections of an app fall silent: they send no frame and no pong, and acks are ignored."""
        for connection in self.connections(app):
            connection.frozen = True

    def revoke_token(self, app: str) -> None:
        """Let an app's access token expire now."""
        tokens.revoke(self.world, self.world.apps[app])

    def expire_webhooks(self) -> None:
        """Let every session webhook given so far expire now."""
        self.world.webhooks.clear()

    def fail(
        self,
        path_part: str,
        status: int | None,
        body: dict[str, Any] | str = "",
        times: int = 1,
        *,
        delay_s: float = 0,
        executed: bool = False,
    ) -> None:
        """Answer the next ``times`` calls whose path contains ``path_part`` with this status and body.

        Status 0 cuts the connection. ``delay_s`` makes the caller wait first; with status None, nothing else
        happens. With ``executed`` the call takes effect, and only its answer is another one.
        """
        self._api.faults.order(Fault(path_part, status, body, times, delay_s, executed))

    def mend(self) -> None:
        """Cancel all faults that ``fail`` ordered and that have not happened yet."""
        self._api.faults.clear()

    async def until(self, condition: Callable[[], bool], timeout: float = 5) -> None:
        """Wait until a condition on the simulator holds. Raises TimeoutError after ``timeout`` seconds."""
        async with asyncio.timeout(timeout):
            await self.world.feed.until(condition)

    async def idle(self, quiet_s: float = 0.1, timeout: float = 10) -> None:
        """Wait until no API call was made or running and no ack came for ``quiet_s`` seconds."""
        async with asyncio.timeout(timeout):
            seen = -1
            while seen != self._activity() or self._api.in_flight:
                seen = self._activity()
                await asyncio.sleep(quiet_s)

    def _activity(self) -> int:
        return self._api.served + self.gateway.received
