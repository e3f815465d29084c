"""The Stream connection of one app: open, receive, acknowledge, reconnect.

The one file that imports DingTalk's SDK. It uses the SDK's frames, acknowledgements and topics, but not its loop,
which swallows cancellation, blocks, and answers on the wrong socket. ``gateway.py`` gives the routes.
"""

import asyncio
import json
import logging
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from dingtalk_stream import (
    AckMessage,
    CallbackMessage,
    Card_Callback_Router_Topic,
    ChatbotMessage,
    SystemMessage,
)
from dingtalk_stream.version import VERSION_STRING

from imbot.errors import ImbotError
from imbot.platforms.connected import log_connected
from imbot.platforms.dingtalk.bad_pushes import BadPushes
from imbot.platforms.dingtalk.connector import Connector, Socket
from imbot.platforms.dingtalk.openapi import OpenApi
from imbot.platforms.dingtalk.times import Times
from imbot.platforms.dingtalk.wire import MalformedError
from imbot.platforms.gateway import GatewayState, GatewayStatus
from imbot.platforms.recent_ids import RecentIds
from imbot.tasks import Task, TaskSet

log = logging.getLogger(__name__)

MESSAGES = ChatbotMessage.TOPIC
CLICKS = Card_Callback_Router_Topic
# The platform checks the form of this name; `-union` selects its world-wide gateway.
USER_AGENT = f"dingtalk-sdk-python/v{VERSION_STRING}-union"
MAX_IN_FLIGHT = 500
MOST_PUSHES = 10_000  # pushes whose ids are remembered

Data = Mapping[str, Any]


class UnattendedError(Exception):
    """No handler is attached to take a push. It is not acknowledged, so that the platform may send it again."""


@dataclass(frozen=True, slots=True)
class Route:
    """Takes the pushes of a topic.

    ``take`` returns the response that goes with the acknowledgement, or None. If it takes longer than
    ``patience_s`` seconds, the push is acknowledged without a response.
    """

    take: Callable[[Data], Coroutine[Any, Any, Data | None]]
    patience_s: float


class Stream:
    """Keeps one app connected while ``run`` runs."""

    def __init__(self, api: OpenApi, routes: Mapping[str, Route], times: Times) -> None:
        self.up = asyncio.Event()
        self._api = api
        self._routes = routes
        self._times = times
        self._state: GatewayState = "down"
        self._since: float | None = None
        self._connector = Connector(api, routes, USER_AGENT, times)
        self._pushes = RecentIds(times.forget_s, MOST_PUSHES, _now)
        self._bad_pushes = BadPushes(self, _now)
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._tasks = TaskSet()
        self._readers = TaskSet()
        self._sockets: set[Socket] = set()

    @property
    def status(self) -> GatewayStatus:
        """The state of the connection now."""
        return GatewayStatus(self._state, self._since, self._connector.opened, self._connector.error)

    @property
    def name(self) -> str:
        """What the log calls it."""
        return self._connector.name

    @name.setter
    def name(self, name: str) -> None:
        self._connector.name = name

    def hurry(self) -> None:
        """Do not wait any longer before the next attempt to connect; see ``Connector.hurry``."""
        self._connector.hurry()

    async def run(self) -> None:
        """Be connected until cancelled."""
        backoff = self._connector.backoff
        left: Socket | None = None
        delay_s, calm = 0.0, True
        try:
            while True:
                socket = await self._connect(delay_s)
                if left:
                    self._own(self._leave(left, set(self._tasks)))
                opened_at = _now()
                moving = await self._receive(socket)
                self._turned("connecting")
                if _now() - opened_at >= self._times.stable_s:
                    backoff.reset()
                    calm = True
                # The platform moves connections about twice a day: then the next one comes at once, and
                # before the old one goes. A platform that keeps moving them has to wait.
                delay_s = 0.0 if moving and calm else backoff.next()
                calm = False
                left = socket if moving else None
                if moving:
                    self._read_on(socket)
                else:
                    await self._close(socket)
        finally:
            self._turned("down")
            await self._shut()

    async def _connect(self, delay_s: float) -> Socket:
        self._turned("connecting")
        socket = await self._connector.connect(delay_s)
        self._sockets.add(socket)
        self._turned("connected")
        return socket

    def _turned(self, state: GatewayState) -> None:
        self._state = state
        if state == "connected":
            self._since = time.time()
            self.up.set()
            log_connected(self.name)
        else:
            self._since = None
            self.up.clear()

    # -- receiving -------------------------------------------------------------------------------

    async def _receive(self, socket: Socket) -> bool:
        """Take frames until the connection ends; True when a new one shall take over from it."""
        patience_s = self._times.silent_s * random.uniform(
            0.8, 1.2
        )  # so that idle bots do not all reconnect at once
        try:
            async with asyncio.timeout(patience_s) as silence:
                moving = await self._hear(socket, silence, patience_s)
        except TimeoutError:
            # Some connections look healthy but get no messages. Only a new one is sure to get them.
            log.info("%s: no message for %.1f h: replacing the connection", self.name, patience_s / 3600)
            return True
        if not moving:
            self._connector.error = f"connection lost ({socket.close_code})"
            log.warning("%s: %s", self.name, self._connector.error)
        return moving

    async def _hear(
        self, socket: Socket, silence: asyncio.Timeout | None = None, patience_s: float = 0
    ) -> bool:
        """Take frames until the connection ends; True when the platform asked to move to a new one."""
        async for received in socket:
            if received.type is aiohttp.WSMsgType.ERROR:
                break
            frame = _parse(received.data) if received.type is aiohttp.WSMsgType.TEXT else None
            if isinstance(frame, SystemMessage):
                await self._acknowledge(socket, frame, AckMessage.STATUS_OK, frame.data)
                if frame.headers.topic == SystemMessage.TOPIC_DISCONNECT:
                    log.info("%s: DingTalk asks to move to a new connection", self.name)
                    return True
            elif frame is not None:
                if silence:
                    silence.reschedule(_now() + patience_s)
                await self._slots.acquire()
                self._own(self._serve(socket, frame))
            else:
                self._bad_pushes.skip("an unreadable frame was skipped")
        return False

    def _read_on(self, socket: Socket) -> None:
        """Go on taking frames from a connection until it is closed, while another one takes over."""
        self._readers.start(self._hear_all(socket), f"old connection of {self.name}")

    async def _hear_all(self, socket: Socket) -> None:
        while await self._hear(socket):
            pass

    async def _serve(self, socket: Socket, frame: CallbackMessage) -> None:
        """Hand one push to its route, and acknowledge it on the socket that it came from."""
        try:
            route = self._routes.get(frame.headers.topic)
            if route is None:
                self._bad_pushes.skip(
                    "a push was skipped: no handler for its topic", frame.headers.topic or ""
                )
                await self._acknowledge(socket, frame, AckMessage.STATUS_NOT_IMPLEMENT)
            elif not self._is_new(frame):
                await self._acknowledge(socket, frame, AckMessage.STATUS_OK, {"response": None})
            else:
                await self._take(route, socket, frame)
        finally:
            self._slots.release()

    def _is_new(self, frame: CallbackMessage) -> bool:
        """Whether a push comes for the first time. One without an id counts as new."""
        return not frame.headers.message_id or self._pushes.add(frame.headers.message_id)

    async def _take(self, route: Route, socket: Socket, frame: CallbackMessage) -> None:
        """Acknowledge a push with the response of its route, or without one if that takes too long."""
        late = False

        def acknowledge() -> None:
            nonlocal late
            late = True
            self._own(self._acknowledge(socket, frame, AckMessage.STATUS_OK, {"response": None}))

        patience = asyncio.get_running_loop().call_later(route.patience_s, acknowledge)
        code, response = AckMessage.STATUS_OK, None
        try:
            response = await route.take(frame.data)
        except Exception as error:
            code = AckMessage.STATUS_SYSTEM_EXCEPTION
            self._pushes.discard(frame.headers.message_id or "")
            if isinstance(error, UnattendedError):
                return
            if isinstance(error, MalformedError):
                self._bad_pushes.skip(f"a push cannot be read: {error}", frame.headers.topic or "")
            else:
                trace = not isinstance(error, ImbotError) and self._bad_pushes.is_news(repr(error))
                log.error(
                    "%s: a push of %s failed: %s", self.name, frame.headers.topic, error, exc_info=trace
                )
        finally:
            patience.cancel()
        if not late:
            await self._acknowledge(socket, frame, code, {"response": response})

    async def _acknowledge(
        self, socket: Socket, frame: SystemMessage | CallbackMessage, code: int, data: Data | None = None
    ) -> None:
        ack = AckMessage()
        ack.code = code
        ack.message = "OK" if code == AckMessage.STATUS_OK else ""
        ack.headers.message_id = frame.headers.message_id
        ack.headers.content_type = ack.headers.CONTENT_TYPE_APPLICATION_JSON
        ack.data = dict(data or {})
        try:
            await socket.send_str(json.dumps(ack.to_dict(), ensure_ascii=False))
        except ConnectionError:
            log.info("%s: the connection closed before an acknowledgement was sent", self.name)

    # -- ending ----------------------------------------------------------------------------------

    def _own(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.start(work, f"push to {self.name}")

    async def _leave(self, socket: Socket, in_flight: set[Task]) -> None:
        """Close a connection that another has replaced, after the acknowledgements it still owes."""
        if in_flight:
            await asyncio.wait(in_flight, timeout=self._times.answer_s)
        await self._close(socket)

    async def _close(self, socket: Socket) -> None:
        try:
            async with asyncio.timeout(self._times.close_s):
                await socket.close()
        except TimeoutError:
            log.debug("%s: a connection did not close in time", self.name)
        self._sockets.discard(socket)

    async def _shut(self) -> None:
        """Wait a moment for the last acknowledgements to be sent, then end everything."""
        await self._readers.close()
        await self._tasks.join(self._times.ack_s)
        await self._tasks.close()
        await asyncio.gather(*map(self._close, list(self._sockets)))


def _parse(text: str) -> SystemMessage | CallbackMessage | None:
    """The frame in a WebSocket message; None if it has no valid one."""
    try:
        values = json.loads(text)
        kind = SystemMessage if values["type"] == SystemMessage.TYPE else CallbackMessage
        frame = kind.from_dict(values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    names = (frame.headers.topic or "", frame.headers.message_id or "")
    return frame if isinstance(frame.data, dict) and all(isinstance(name, str) for name in names) else None


def _now() -> float:
    return asyncio.get_running_loop().time()
