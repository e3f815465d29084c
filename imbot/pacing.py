"""Pacing: how long to wait after a failure, before a card's next update, before an app's next call.

``Backoff`` serves whoever reconnects or repeats, ``Pacer`` the flusher of one turn, ``Quota`` the
gateway of one app. None of them owns a task.
"""

import asyncio
import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

Pace = Literal["adaptive", "fixed", "economy", "final_only"]

# The adaptive rule for the usual budget: 20 updates, the end included. Other budgets stretch it.
_USUAL_UPDATES = 19  # besides the end
_QUICK_S = 3.0  # so long the time between updates doubles: people watch the first words most closely
_USUAL_S = 30.0  # most answers end before that, so half the budget is for them ...
_USUAL_GAP_S = 4.7  # ... by a bound on the gap
_GROWTH = 0.331  # a gap's share of the time before it: a card is never frozen for a quarter of its life
_ECONOMY_UPDATES = 5  # the end included
_ECONOMY_GAP_S = 5.0

_WINDOW_S = 1.0  # the platform counts arrivals by the second
_ROAD_S = 0.02  # by how much the way there may differ from call to call
_TRIPS = 100  # so many of the last round trips tell how long the quickest takes
_RECOVERY_S = 60.0  # from nothing to the full rate after refusals

_Granted = asyncio.Future["tuple[_Line, float]"]  # where, and when


class Backoff:
    """A delay that grows with every failure, spread at random so that nobody returns in step."""

    def __init__(
        self, first_s: float = 1.0, cap_s: float = 60.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._chance = chance
        self._bound_s = first_s

    def next(self) -> float:
        """Seconds to wait after one more failure: anything up to a bound that doubles each time."""
        delay_s = self._chance() * min(self._bound_s, self._cap_s)
        self._bound_s = min(self._bound_s * 2, self._cap_s)
        return delay_s

    def reset(self) -> None:
        """It worked: start small again."""
        self._bound_s = self._first_s


class Pacer:
    """When one reply may update its card. Times are seconds on any clock that only grows.

    An update changes a card that is shown already: making the card is none, the end is one. One
    update of ``max_updates`` is kept for the end whatever the pace.

    - ``adaptive``: quick at first, then rarer as the answer grows, at least ``interval_s`` apart. With
      20 updates a card stands still for at most a quarter of its age until 300 s, and the last
      update but the end waits for an answer half as long again.
    - ``fixed``: whenever ``interval_s`` has passed or ``chunks`` chunks wait, until none is left.
    - ``economy``: as adaptive, with 5 updates at least 5 s apart.
    - ``final_only``: the end alone.
    """

    def __init__(self, pace: Pace, *, interval_s: float, chunks: int, max_updates: int, now: float) -> None:
        if pace == "economy":
            max_updates = min(max_updates, _ECONOMY_UPDATES)
            interval_s = max(interval_s, _ECONOMY_GAP_S)
        self._budget = 0 if pace == "final_only" else max(0, max_updates - 1)
        self._left = self._budget
        self._interval_s = interval_s
        self._enough_chunks = chunks if pace == "fixed" else None
        self._waiting_chunks = 0
        self._began: float | None = None
        self._due = now + interval_s

    def chunk(self) -> None:
        """A piece of the answer arrived."""
        self._waiting_chunks += 1

    def wait(self, now: float) -> float | None:
        """Seconds until the next update may go, 0 when it may now, None when only the end is left.

        Ask again after every chunk: under ``fixed`` a chunk may bring the update forward.
        """
        if not self._left:
            return None
        if self._enough_chunks is not None and self._waiting_chunks >= self._enough_chunks:
            return 0.0
        return max(0.0, self._due - now)

    def made(self, now: float) -> None:
        """The card was made with the answer so far on it: the next update is for what comes."""
        self._waiting_chunks = 0
        self._began = now
        self._due = now + self._interval_s

    def sent(self, now: float) -> None:
        """An update was shown."""
        self._left = max(0, self._left - 1)
        self._waiting_chunks = 0
        if self._began is None:
            # An agent that thinks for long has not used up its quick start.
            self._began = now - self._interval_s
        self._due = now + self._gap(now - self._began)

    def _gap(self, age_s: float) -> float:
        """Seconds from an update at that age of the answer to the next one."""
        if not self._left or self._enough_chunks is not None:
            return self._interval_s
        stretch = _USUAL_UPDATES / self._budget
        gap_s = stretch * age_s * (1.0 if age_s < _QUICK_S else _GROWTH)
        if age_s < _USUAL_S:
            gap_s = min(gap_s, stretch * _USUAL_GAP_S)
        if self._left == 1:
            gap_s = max(gap_s, age_s)
        return max(gap_s, self._interval_s)


class Quota:
    """Calls per second of one app, for each API on its own.

    No second at the platform holds more calls than ``per_second``, however they bunch: a call arrives
    between its departure and its answer, so it counts from the one until a second after the other, less
    what even the quickest answer takes. Where calls must wait, the smallest ``(priority, since)`` goes
    first. The clock is the running event loop's unless given.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] | None = None) -> None:
        self._per_second = per_second
        self._clock = clock
        self._order = itertools.count()
        self._lines: dict[str, _Line] = {}

    def allow(self, per_second: float) -> None:
        """Keep to another rate from now on, for who waits already too."""
        self._per_second = per_second
        for line in self._lines.values():
            line.allow(per_second)

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

    def refused(self, api: str) -> None:
        """The platform said "too many": call half as often, and recover within a minute."""
        self._line(api).refused()

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
            clock = self._clock or asyncio.get_running_loop().time
            line = self._lines[api] = _Line(api, self._per_second, clock)
        return line


@dataclass(slots=True)
class Slot:
    """Room for one call of ``api``; ``used`` is set by who makes it."""

    api: str
    used: bool = False


class _Line:
    """The calls of one API: those that wait, those that are out, and those that arrived lately."""

    def __init__(self, api: str, per_second: float, clock: Callable[[], float]) -> None:
        self.api = api
        self._per_second = per_second
        self._clock = clock
        self._waiting: list[tuple[int, float, int, _Granted]] = []
        self._out = 0
        self._arrived: deque[float] = deque()  # by then at the latest
        self._trips_s: deque[float] = deque(maxlen=_TRIPS)
        self._timer: asyncio.TimerHandle | None = None
        self._share = 1.0
        self._refused_at = -math.inf

    def allow(self, per_second: float) -> None:
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

    def refused(self) -> None:
        now = self._clock()
        if now - self._refused_at < _WINDOW_S:
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
        rate = self._per_second * self._share_at(now)
        calls = max(1, int(rate))
        window_s = _WINDOW_S * max(1.0, calls / rate)
        while self._arrived and self._arrived[0] + window_s <= now:
            self._arrived.popleft()
        free = calls - self._out
        if free > len(self._arrived):
            return 0.0
        return self._arrived[-free] + window_s - now if free > 0 else math.inf

    def _share_at(self, now: float) -> float:
        """The part of the rate that is used, grown since the last refusal."""
        return min(1.0, self._share + (now - self._refused_at) / _RECOVERY_S)
