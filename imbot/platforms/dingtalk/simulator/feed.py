"""The live feed: changes of the world on their way to chat pages and waiting tests.

Publishing costs very little: a subscriber only remembers which things changed, and encodes their newest form
when it writes. A subscriber that falls too far behind gets the whole state again.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol

_MOST_PENDING = 1000
MOST_PAGES = 100
_PAUSE_S = 0.02  # between two writes; several changes of a card in this time become one


class Shown(Protocol):
    """Anything the page can receive."""

    def to_json(self) -> Any:
        """Its JSON form, as the page expects it."""
        ...


class Removed:
    """Tells the page that an app was removed."""

    def __init__(self, app: str) -> None:
        self.app = app

    def to_json(self) -> str:
        """The id of the app."""
        return self.app


class _Subscriber:
    """The changes that one page has not got yet; ``pending`` None: it needs the whole state."""

    def __init__(self) -> None:
        self.pending: dict[tuple[str, Any], Shown] | None = None
        self.changed = asyncio.Event()
        self.changed.set()

    def add(self, kind: str, key: Any, value: Shown) -> None:
        if self.pending is not None:
            self.pending[kind, key] = value
            if len(self.pending) > _MOST_PENDING:
                self.pending = None
        self.changed.set()

    def resync(self) -> None:
        self.pending = None
        self.changed.set()

    async def take(self) -> dict[tuple[str, Any], Shown] | None:
        await self.changed.wait()
        self.changed.clear()
        taken, self.pending = self.pending, {}
        return taken


class Feed:
    """Sends changes to any number of subscribers, and wakes tasks that wait for a condition."""

    def __init__(self, state: Callable[[], dict[str, Any]]) -> None:
        self._state = state
        self._subscribers: set[_Subscriber] = set()
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def publish(self, kind: str, key: Any, value: Shown) -> None:
        """Tell all subscribers that the thing of this kind and key is new or changed."""
        for subscriber in self._subscribers:
            subscriber.add(kind, key, value)
        self._wake()

    def touch(self) -> None:
        """Check all waiting conditions again, after a change that pages do not show."""
        self._wake()

    def resync(self) -> None:
        """Send all subscribers the whole state, because something disappeared."""
        for subscriber in self._subscribers:
            subscriber.resync()
        self._wake()

    def close(self) -> None:
        """End every subscription."""
        self._closed = True
        self.resync()

    @property
    def is_full(self) -> bool:
        """Whether as many pages are open as there may be."""
        return len(self._subscribers) >= MOST_PAGES

    async def events(self) -> AsyncGenerator[list[dict[str, Any]], None]:
        """The state, then every change in batches, until the feed is closed."""
        subscriber = _Subscriber()
        self._subscribers.add(subscriber)
        try:
            while True:
                pending = await subscriber.take()
                if self._closed:
                    return
                if pending is None:
                    yield [{"type": "state", "state": self._state()}]
                else:
                    yield [_event(kind, value) for (kind, _), value in pending.items()]
                await asyncio.sleep(_PAUSE_S)
        finally:
            self._subscribers.discard(subscriber)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as the condition holds. It is checked after every change."""
        while not condition():
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)


def _event(kind: str, value: Shown) -> dict[str, Any]:
    return {"type": kind, ("id" if kind == "app_removed" else kind): value.to_json()}
