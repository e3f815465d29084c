"""Limits the calls per second of one app: when each call may go out, and in which order. Starts no task."""

import asyncio
import heapq
import itertools
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

WINDOW_S = 1.0  # the platform counts the calls that arrive within any second

# By how much the time from departure to arrival may differ between two calls, see ``_Line.ended``.
_ROAD_S = 0.02
# How many of the last round trips are remembered, to know how long the quickest one takes. From the 100th call on
# that time is taken off, see ``_Line.ended``, so a slow but steady platform costs little throughput. With fewer
# trips one slow answer could pass for the quickest.
_TRIPS = 100
_RECOVERY_S = 60.0  # time in which the rate grows from 0 to full; after one refusal half of it is enough

_BORN = time.monotonic()  # when this process began, or a moment later

_Granted = asyncio.Future["tuple[_Line, float]"]  # the line that grants the call, and when


def unknown_s() -> float:
    """Seconds during which calls of an earlier process may still count against the rate.

    This process does not know of calls that were made with the same app by a process that was killed just before
    this one began.
    """
    return max(0.0, _BORN + WINDOW_S - time.monotonic())


class RateLimiter:
    """Limits the calls per second of one app, for each API on its own.

    No second at the platform sees more than ``per_second`` calls arrive, however the network bunches them.
    When a call arrives is not known, only that it is between its departure and its answer. So it counts from
    its departure until a second after its answer, less the time that even the quickest round trip takes.

    If several calls wait, the one with the smallest ``(priority, since)`` goes first. Times are seconds of
    ``clock``, by default that of the running event loop. No call goes out in the first ``rest_s`` seconds.
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
        """Use another rate from now on, also for calls that already wait."""
        self._per_second = per_second
        for line in self._lines.values():
            line.set_rate(per_second)

    @asynccontextmanager
    async def slot(self, *apis: str, priority: int = 2, since: float = 0.0) -> "AsyncIterator[Slot]":
        """Wait until one of ``apis`` has room for a call; the block makes that call and ends with its answer.

        The slot names the API that had room first. A caller that is cancelled while it waits takes no room,
        nor does a slot whose ``used`` was not set.
        """
        line, granted_at = await self._granted([self._line(api) for api in apis], priority, since)
        slot = Slot(line.api)
        try:
            yield slot
        finally:
            line.ended(granted_at if slot.used else None)

    def note_refusal(self, api: str) -> None:
        """Halve the rate, because the platform refused a call as too fast. It recovers within a minute."""
        self._line(api).note_refusal()

    async def _granted(self, lines: "Sequence[_Line]", priority: int, since: float) -> "tuple[_Line, float]":
        """Wait in all these lines; returns the one that had room first, and when."""
        # One future stands in every line. Once it is done, the other lines skip it at their front.
        granted: _Granted = asyncio.get_running_loop().create_future()
        for line in lines:
            line.join(priority, since, next(self._order), granted)
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.cancelled():  # it never had room: the calls behind it move up
                for line in lines:
                    line.serve()
            else:  # cancelled between the grant and the moment this task could run: give the room back
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
    """Room for one call of ``api``.

    Set ``used`` before the call is made: it then counts whatever becomes of it.
    """

    api: str
    used: bool = False


class _Line:
    """The calls of one API: those that wait, those without an answer yet, those that may still count there."""

    def __init__(self, api: str, per_second: float, clock: Callable[[], float], opens_at: float) -> None:
        self.api = api
        self._per_second = per_second
        self._clock = clock
        self._opens_at = opens_at
        # a heap; a future that is done stays until it comes to the front
        self._waiting: list[tuple[int, float, int, _Granted]] = []
        self._out = 0  # granted and not answered: each may arrive at any moment
        self._arrived: deque[float] = (
            deque()
        )  # the latest time each answered call can have arrived, ascending
        self._trips_s: deque[float] = deque(maxlen=_TRIPS)
        self._timer: asyncio.TimerHandle | None = None  # serves again when the next call may go out
        self._share = 1.0  # the share of the rate just after the last refusal; it grows from there
        self._refused_at = -math.inf

    def set_rate(self, per_second: float) -> None:
        self._per_second = per_second
        self.serve()

    def join(self, priority: int, since: float, order: int, granted: _Granted) -> None:
        """Wait here, unless another line has granted the call meanwhile."""
        if not granted.done():
            heapq.heappush(self._waiting, (priority, since, order, granted))
            self.serve()

    def ended(self, granted_at: float | None) -> None:
        """Note the answer to a call that was granted at that time; None: the call was not made."""
        self._out -= 1
        if granted_at is not None:
            now = self._clock()
            self._trips_s.append(now - granted_at)
            # The platform counts the time between the arrivals of two calls. We only know when this call was
            # answered and when the later one departs, which is a shorter time: this call arrived some time
            # before its answer, and the later one will arrive some time after its departure. Together that is
            # at least the quickest round trip, less how much the way there differs from call to call.
            known = len(self._trips_s) == _TRIPS
            arrived = now - (max(0.0, min(self._trips_s) - _ROAD_S) if known else 0.0)
            # ``_delay`` expects ascending times. Without max() this one could be earlier than the last: when
            # the quickest trip leaves the last hundred, more is taken off than before.
            self._arrived.append(max(arrived, self._arrived[-1]) if self._arrived else arrived)
        self.serve()

    def note_refusal(self) -> None:
        now = self._clock()
        if now - self._refused_at < WINDOW_S:
            return  # all calls of one burst are refused, and halving for each would all but stop the app
        self._share = max(self._share_at(now) / 2, min(1.0, 1 / self._per_second))  # a call a second at least
        self._refused_at = now

    def serve(self) -> None:
        """Grant all calls that may go out now, in order, and set the timer for the next one."""
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
        if delay_s < math.inf:  # otherwise only an answer makes room, and ``ended`` serves then
            self._timer = asyncio.get_running_loop().call_later(delay_s, self.serve)

    def _delay(self, now: float) -> float:
        """Seconds until one more call may go out; infinity: an answer has to come first."""
        if now < self._opens_at:
            return self._opens_at - now
        rate = self._per_second * self._share_at(now)
        calls = max(1, int(rate))
        window_s = WINDOW_S * max(1.0, calls / rate)  # longer below a call a second: at 0.5 one call in 2 s
        while self._arrived and self._arrived[0] + window_s <= now:
            self._arrived.popleft()
        free = calls - self._out
        if free > len(self._arrived):
            return 0.0
        # Room comes when fewer than ``free`` arrivals are in the window: as the free-th newest leaves it.
        return self._arrived[-free] + window_s - now if free > 0 else math.inf

    def _share_at(self, now: float) -> float:
        """The share of the rate that may be used now, from 0 to 1. It grows with the time since a refusal."""
        return min(1.0, self._share + (now - self._refused_at) / _RECOVERY_S)
