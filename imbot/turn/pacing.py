"""Pacing: how long to wait before a card's next update.

``Pacer`` serves the card writer of one turn. ``usage.rate_limit`` says when an app may make its next call.
"""

from typing import Literal

Pace = Literal["adaptive", "fixed", "economy", "final_only"]

# The adaptive rule, made for 20 updates with the end; for other budgets all gaps are stretched or shrunk
# alike. With an interval of 1 s the updates then come at 1, 2, 4, 5, 7, 9, 13, 17, 21, 26, 31, 41, 55, 73,
# 97, 129, 171, 228 and 456 s.
_USUAL_UPDATES = 19  # without the end
_QUICK_S = 3.0  # until this age each gap is as long as the age: people watch the first words most closely
_USUAL_S = 30.0  # most answers end before this age, so half of the budget is spent until then ...
_USUAL_GAP_S = 4.7  # ... as no gap is longer than this
# A gap as a share of the age at which it begins. 0.331 / 1.331 is 24.9 %: at its next update a card has stood
# still for less than a quarter of its age. Smaller gaps would use up the budget before 300 s.
_GROWTH = 0.331
_ECONOMY_UPDATES = 5  # with the end
_ECONOMY_GAP_S = 5.0


class Pacer:
    """When one answer may update its card. Times are seconds on any clock that only grows.

    An update changes a card that is shown already: making the card is not one, showing the end is one. Under
    every pace one update of ``max_updates`` is kept for the end.

    - ``adaptive``: often at first, then ever more rarely, at least ``interval_s`` apart. With 20 updates a
      card stands still for at most a quarter of its age until 300 s. The last update but the end then waits
      until 456 s, in case the answer takes half as long again.
    - ``fixed``: whenever ``interval_s`` has passed or ``chunks`` chunks wait, until the updates are used up.
    - ``economy``: as adaptive, with at most 5 updates, at least 5 s apart.
    - ``final_only``: only the end.
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
        """Count a piece of the answer that arrived."""
        self._waiting_chunks += 1

    def wait(self, now: float) -> float | None:
        """Seconds until the next update may go out: 0 if it may now, None if only the end is left.

        Ask again after every chunk: under ``fixed`` a chunk may make the update due earlier.
        """
        if not self._left:
            return None
        if self._enough_chunks is not None and self._waiting_chunks >= self._enough_chunks:
            return 0.0
        return max(0.0, self._due - now)

    def made(self, now: float) -> None:
        """The card was made with the first words on it: the age counts from now on."""
        self._waiting_chunks = 0
        self._began = now
        self._due = now + self._interval_s

    def sent(self, now: float) -> None:
        """An update was shown."""
        self._left = max(0, self._left - 1)
        self._waiting_chunks = 0
        if self._began is None:
            # The age counts from about the first words, not from the question: an agent that thinks for a
            # minute would otherwise begin with gaps of 20 s, and the first words would hang.
            self._began = now - self._interval_s
        self._due = now + self._gap(now - self._began)

    def _gap(self, age_s: float) -> float:
        """Seconds from an update at this age of the answer to the next one."""
        if not self._left or self._enough_chunks is not None:
            return self._interval_s
        stretch = _USUAL_UPDATES / self._budget
        gap_s = stretch * age_s * (1.0 if age_s < _QUICK_S else _GROWTH)
        if age_s < _USUAL_S:
            gap_s = min(gap_s, stretch * _USUAL_GAP_S)
        if self._left == 1:  # it has to last for all that is still to come: not before the age has doubled
            gap_s = max(gap_s, age_s)
        return max(gap_s, self._interval_s)
