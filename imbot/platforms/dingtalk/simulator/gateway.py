"""The Stream gateway: websockets, pushes to one connection at random, acks and redelivery."""

import asyncio
import contextlib
import json
import random
import secrets
import uuid
from collections import deque
from dataclasses import replace

from aiohttp import WSMsgType, web

from imbot.platforms.dingtalk.simulator.calls import Body
from imbot.platforms.dingtalk.simulator.connection import Connection, Topic
from imbot.platforms.dingtalk.simulator.frames import Ack, frame, new_message_id, read_ack
from imbot.platforms.dingtalk.simulator.push import Push
from imbot.platforms.dingtalk.simulator.tickets import Tickets
from imbot.platforms.dingtalk.simulator.values import CORP_ID, App, Recent, now_ms
from imbot.platforms.dingtalk.simulator.world import World

BOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"

LARGEST_FRAME = 1024 * 1024  # bytes of what a client may send; more closes its connection
MOST_CONNECTIONS = 10_000
MOST_OF_AN_APP = 100

_CONTENT = (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG)


class Gateway:
    """All connections of all apps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.acks: deque[Ack] = deque(maxlen=10_000)
        self.pushes: Recent[str, Push] = Recent(10_000)
        self.tickets = Tickets(world)
        self._connections: dict[str, list[Connection]] = {}
        self._timers: Recent[Push, None] = Recent(10_000)
        self.received = 0
        self._closing = False

    def connections(self, app_id: str) -> tuple[Connection, ...]:
        """The living connections of an app."""
        return tuple(c for c in self._connections.get(app_id, ()) if not c.dead)

    def push(
        self,
        app: App,
        topic: Topic,
        data: Body | str,
        *,
        headers: dict[str, str] | None = None,
        retry_s: float | None = None,
    ) -> Push:
        """Deliver data to one connection of the app that has subscribed to this type and topic.

        ``retry_s``: seconds after which it is delivered again if it was not acked; None: never.
        """
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        push = Push(app, topic, text, {**_identity(app, topic), **(headers or {})}, retry_s)
        self._deliver(push)
        return push

    def push_bot_message(self, app: App, payload: Body) -> Push:
        """Deliver a chat message. If ``redelivery_s`` is set, deliver it again until it is acked."""
        return self.push(app, ("CALLBACK", BOT_TOPIC), payload, retry_s=self.world.settings.redelivery_s)

    def push_event(self, app: App, event_type: str, data: Body) -> Push:
        """Deliver an event of the organisation until it is acked with SUCCESS."""
        headers = {
            "eventType": event_type,
            "eventId": uuid.uuid4().hex,
            "eventBornTime": str(now_ms()),
            "eventCorpId": CORP_ID,
            "eventUnifiedAppId": app.unified_id,
        }
        return self.push(
            app, ("EVENT", "*"), data, headers=headers, retry_s=self.world.settings.event_retry_s
        )

    def system(self, connection: Connection, topic: str, data: Body) -> Push:
        """Send a SYSTEM frame to one connection."""
        push = Push(connection.app, ("SYSTEM", topic), json.dumps(data), {"topic": topic}, None)
        push.connection = connection
        self._write(push, connection)
        return push

    def ping(self, connection: Connection) -> Push:
        """Send a ping to a connection, which has to answer with the same data."""
        return self.system(connection, "ping", {"opaque": secrets.token_hex(8)})

    def disconnect(self, app_id: str, reason: str) -> None:
        """Tell an app's connections to close. Nothing more is pushed to them; after the grace time they are cut."""
        for connection in self.connections(app_id):
            self.system(connection, "disconnect", {"reason": reason})
            connection.draining = True
            connection.cut_after(self.world.settings.disconnect_grace_s)

    def close(self) -> None:
        """Close every connection with a close frame; nothing is pushed again."""
        self._closing = True
        for push in self._timers:
            if push.timer is not None:
                push.timer.cancel()
        for connections in self._connections.values():
            for connection in connections:
                connection.close()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one websocket from its ticket to its end."""
        ticket = self.tickets.take(request.query.get("ticket", ""))
        if ticket is None:
            return web.Response(status=self.world.settings.ticket_refusal)
        if self._is_full(ticket.app):
            raise web.HTTPServiceUnavailable(reason="too many connections are open")
        ws = web.WebSocketResponse(compress=False, autoping=False, max_msg_size=LARGEST_FRAME)
        await ws.prepare(request)
        connection = Connection(str(uuid.uuid4()), ticket.app, ticket.topics, request)
        self._add(connection)
        tasks = [asyncio.create_task(connection.write(ws)), asyncio.create_task(self._ping(connection))]
        clean = False
        try:
            clean = await self._read(connection, ws)
        finally:
            for task in tasks:
                task.cancel()
            connection.ended()
            self._lose(connection, clean=clean)
            await asyncio.gather(*tasks, return_exceptions=True)
        return ws

    async def _read(self, connection: Connection, ws: web.WebSocketResponse) -> bool:
        """Take acks and answer pings until the connection ends; True if it ended with a close frame."""
        while True:
            message = await ws.receive()
            if message.type in _CONTENT and connection.frozen:
                continue
            if message.type is WSMsgType.PING:
                await ws.pong(message.data)
            elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                data = message.data
                self._receive(connection, data if isinstance(data, str) else data.decode(errors="replace"))
            elif message.type is not WSMsgType.PONG:
                return message.type is WSMsgType.CLOSE or self._closing

    async def _ping(self, connection: Connection) -> None:
        settings = self.world.settings
        if settings.system_frames:
            self.system(connection, "CONNECTED", {})
            self.system(connection, "REGISTERED", {})
        while settings.ping_s:
            await asyncio.sleep(settings.ping_s)
            self.ping(connection)
            if settings.system_frames:
                self.system(connection, "KEEPALIVE", {})

    def _is_full(self, app: App) -> bool:
        every = sum(map(len, self._connections.values()))
        return every >= MOST_CONNECTIONS or len(self._connections.get(app.id, ())) >= MOST_OF_AN_APP

    def _add(self, connection: Connection) -> None:
        self._connections.setdefault(connection.app.id, []).append(connection)
        self._count(connection.app)

    def _lose(self, connection: Connection, *, clean: bool) -> None:
        """Note that a connection ended.

        Users report that the platform may still push to it for a while if it ended without a close frame.
        """
        connection.dead = True
        dead_peer_s = self.world.settings.dead_peer_s
        if clean or not dead_peer_s or self._closing:
            self._forget(connection)
        else:
            asyncio.get_running_loop().call_later(dead_peer_s, self._forget, connection)
        self._count(connection.app)

    def _forget(self, connection: Connection) -> None:
        with contextlib.suppress(ValueError):
            self._connections[connection.app.id].remove(connection)

    def _count(self, app: App) -> None:
        app.connections = len(self.connections(app.id))
        if app.id in self.world.apps:
            self.world.feed.publish("app", app.id, app)

    def _deliver(self, push: Push) -> None:
        push.attempts += 1
        listening = [c for c in self._connections.get(push.app.id, ()) if c.takes(push.topic)]
        if listening:
            push.connection = random.choice(listening)
            self._write(push, push.connection)
        if push.retry_s is not None and push.attempts <= self.world.settings.redelivery_max:
            push.timer = asyncio.get_running_loop().call_later(push.retry_s, self._again, push)
            self._timers[push] = None

    def _write(self, push: Push, connection: Connection) -> None:
        self.pushes[push.message_id] = push
        headers = {**push.headers, "messageId": push.message_id}
        if push.topic[0] == "CALLBACK":
            headers["connectionId"] = connection.id
        connection.send(frame(push.topic[0], headers, push.data))

    def _again(self, push: Push) -> None:
        if self._closing:
            return
        if not self.world.settings.redelivery_same_id:
            push.message_id = new_message_id()
        self._deliver(push)

    def _receive(self, connection: Connection, text: str) -> None:
        self.received += 1
        ack = read_ack(connection.id, text)
        if ack.verdict == "matched":
            ack = self._match(connection, ack)
        self.acks.append(ack)
        self.world.observed(ack)
        self.world.feed.touch()

    def _match(self, connection: Connection, ack: Ack) -> Ack:
        push = self.pushes.get(ack.message_id)
        if push is None or push.app is not connection.app:
            return replace(ack, verdict="orphan")
        ack = replace(ack, verdict=push.verdict(connection, ack))
        if ack.verdict in ("matched", "strayed") and not push.wants_retry(ack):
            push.acked.set_result(ack)
            self._timers.pop(push, None)
            if push.timer is not None:
                push.timer.cancel()
        return ack


def _identity(app: App, topic: Topic) -> dict[str, str]:
    headers = {"topic": topic[1]}
    return {**headers, "appId": app.unified_id} if topic[0] == "CALLBACK" else headers
