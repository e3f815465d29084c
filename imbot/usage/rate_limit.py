"""The calls per second of one app: when each may go out, and in which order. Owns no task."""

import asyncio
import heapq
import itertools
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

WINDOW_S = 1.0  # the platform counts arrivals by the second

_ROAD_S = 0.02  # by how much the way there may differ from call to call
_TRIPS = 100  # so many of the last round trips tell how long the quickest takes
_RECOVERY_S = 60.0  # from nothing to the full rate after refusals

_BORN = time.monotonic()  # of this process, or a moment later

_Granted = asyncio.Future["tuple[_Line, float]"]  # where, and when


def unknown_s() -> float:
    """Seconds in which calls still count that nobody here knows of: of a process that ended as this one began."""
    return max(0.0, _BORN + WINDOW_S - time.monotonic())


class RateLimiter:
    """Calls per second of one app, for each API on its own.

    No second at the platform holds more calls than ``per_second``, however they bunch: a call arrives
    between its departure and its answer, so it counts from the one until a second after the other, less
    what even the quickest answer takes. Where calls must wait, the smallest ``(priority, since)`` goes
    first. The clock is the running event loop's unless given. The first call goes after ``rest_s``.
    """

    def __init__(
        self, per_second: float, clock: Callable[[], float] | None = None, *, rest_s: float = 0.0
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._opens_at = self._now() + rest_s if rest_s else -math.inf
        self._order = itertools.count()
        self._lines: dict[str, _Line] = {}

    def set_rate(self, per_second: float) -> None:
        """Keep to another rate from now on, for who waits already too."""
        self._per_second = per_second
        for line in self._lines.values():
            line.set_rate(per_second)

    @asynccontextmanager
    async def slot(self, *apis: str, priority: int = 2, since: float = 0.0) -> "AsyncIterator[Slot]":
        """Room for one call of one of ``apis``, waited for; the block makes the call and ends with its answer.

        It is the first that has room. Giving up while waiting costs nothing, nor does a slot that is not used.
        """
        line, granted_at = await self._granted([self._line(api) for api in apis], priority, since)
        slot = Slot(line.api)
        try:
            yield slot
        finally:
            line.ended(granted_at if slot.used else None)

    def note_refusal(self, api: str) -> None:
        """The platform said "too many": call half as often, and recover within a minute."""
        self._line(api).note_refusal()

    async def _granted(self, lines: "Sequence[_Line]", priority: int, since: float) -> "tuple[_Line, float]":
        """The line that had room first, and when; the place in the others is void from then on."""
        granted: _Granted = asyncio.get_running_loop().create_future()
        for line in lines:
            line.join(priority, since, next(self._order), granted)
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.cancelled():
                for line in lines:
                    line.serve()
            else:  # granted, and cancelled before it could be used: the next in line has it
                granted.result()[0].ended(None)
            raise

    def _line(self, api: str) -> "_Line":
        line = self._lines.get(api)
        if line is None:
            line = self._lines[api] = _Line(api, self._per_second, self._now, self._opens_at)
        return line

    def _now(self) -> float:
        return (self._clock or asyncio.get_running_loop().time)()


@dataclass(slots=True)
class Slot:
    """Room for one call of ``api``; ``used`` is set by who makes it."""

    api: str
    used: bool = False


class _Line:
    """The calls of one API: those that wait, those that are out, and those that arrived lately."""

    def __init__(self, api: str, per_second: float, clock: Callable[[], float], opens_at: float) -> None:
        self.api = api
        self._per_second = per_second
        self._clock = clock
        self._opens_at = opens_at
        self._waiting: list[tuple[int, float, int, _Granted]] = []
        self._out = 0
        self._arrived: deque[float] = deque()  # by then at the latest
        self._trips_s: deque[float] = deque(maxlen=_TRIPS)
        self._timer: asyncio.TimerHandle | None = None
        self._share = 1.0
        self._refused_at = -math.inf

    def set_rate(self, per_second: float) -> None:
        self._per_second = per_second
        self.serve()

    def join(self, priority: int, since: float, order: int, granted: _Granted) -> None:
        """Wait here, maybe elsewhere too; who has been granted a call already does not."""
        if not granted.done():
            heapq.heappush(self._waiting, (priority, since, order, granted))
            self.serve()

    def ended(self, granted_at: float | None) -> None:
        """A call that was granted then has its answer; None: it was not made."""
        self._out -= 1
        if granted_at is not None:
            now = self._clock()
            self._trips_s.append(now - granted_at)
            known = len(self._trips_s) == _TRIPS  # of a few the quickest may be a slow one
            arrived = now - (max(0.0, min(self._trips_s) - _ROAD_S) if known else 0.0)
            self._arrived.append(max(arrived, self._arrived[-1]) if self._arrived else arrived)
        self.serve()

    def note_refusal(self) -> None:
        now = self._clock()
        if now - self._refused_at < WINDOW_S:
            return  # the calls of one burst are refused together: that is one refusal
        self._share = max(self._share_at(now) / 2, min(1.0, 1 / self._per_second))
        self._refused_at = now

    def serve(self) -> None:
        """Grant what may go, the first in order first; come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            granted = self._waiting[0][-1]
            now = self._clock()
            if not granted.done():
                delay_s = self._delay(now)
                if delay_s > 0:
                    self._wake_in(delay_s)
                    return
                self._out += 1
                granted.set_result((self, now))
            heapq.heappop(self._waiting)

    def _wake_in(self, delay_s: float) -> None:
        if delay_s < math.inf:  # else an answer wakes it
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.serve)

    def _delay(self, now: float) -> float:
        """Seconds until one more call is within the rate, as far as that is known."""
        if now < self._opens_at:
            return self._opens_at - now
        rate = self._per_second * self._share_at(now)
        calls = max(1, int(rate))
        window_s = WINDOW_S * max(1.0, calls / rate)
        while self._arrived and self._arrived[0] + window_s <= now:
            self._arrived.popleft()
        free = calls - self._out
        if free > len(self._arrived):
            return 0.0
        return self._arrived[-free] + window_s - now if free > 0 else math.inf

    def _share_at(self, now: float) -> float:
        """The part of the rate that is used, grown since the last refusal."""
        return min(1.0, self._share + (now - self._refused_at) / _RECOVERY_S)
