"""Pacing: how long to wait before a card's next update.

``Pacer`` serves the card writer of one turn. ``usage.rate_limit`` says when an app may make its next call.
"""

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
