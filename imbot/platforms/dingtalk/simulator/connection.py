"""One websocket of the gateway: its topics, and the frames that are still to be written to it."""

import asyncio
from collections.abc import Collection

from aiohttp import web

from imbot.platforms.dingtalk.simulator.values import App

Topic = tuple[str, str]

_SYSTEM = "SYSTEM"
_MOST_WAITING = 10_000  # frames


class Connection:
    """A client's connection; frames are queued here and written by one task of its handler."""

    def __init__(self, name: str, app: App, topics: Collection[Topic], request: web.Request) -> None:
        self.id = name
        self.app = app
        self.draining = False
        self.dead = False
        self.frozen = False
        self._topics = frozenset(topics)
        self._request = request
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()
        self._timers: list[asyncio.TimerHandle] = []

    def takes(self, topic: Topic) -> bool:
        """May a frame of this type and topic be pushed here?"""
        return not self.draining and (topic[0] == _SYSTEM or topic in self._topics)

    def send(self, frame: str) -> None:
        """Queue a frame; to a dead peer or on a frozen line it is lost, as it would be on the wire."""
        if self._outbox.qsize() >= _MOST_WAITING:
            self.cut()  # nobody reads at the other end
        elif not (self.dead or self.frozen):
            self._outbox.put_nowait(frame)

    def close(self, code: int = 1001) -> None:
        """End with a close frame, after what is queued."""
        self._outbox.put_nowait(code)

    def cut(self) -> None:
        """End the TCP connection at once, without a close frame."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def cut_after(self, delay_s: float) -> None:
        """End the TCP connection after ``delay_s`` seconds, unless the client closes it first."""
        self._timers.append(asyncio.get_running_loop().call_later(delay_s, self.cut))

    def ended(self) -> None:
        """Cancel the timers, because the connection has ended."""
        for timer in self._timers:
            timer.cancel()

    async def write(self, ws: web.WebSocketResponse) -> None:
        """Write what is queued until the connection ends."""
        while isinstance(frame := await self._outbox.get(), str):
            await ws.send_str(frame)
        await ws.close(code=frame)
