"""A card that follows a steady answer, and how stale it is meanwhile."""

from dataclasses import dataclass

from imbot.turn.pacing import Pacer


@dataclass
class Shown:
    """What people saw. Staleness is the age of the oldest text that is not shown yet, 0 when all is."""

    updates: list[float]  # when the card changed, the end included
    mean_staleness_s: float
    longest_freeze: float  # the longest stretch without a change, as a share of the time elapsed then


def simulate(
    pace, length_s, *, interval_s=1.0, chunks=5, max_updates=20, chunk_s=0.05, since_s=5.0, made=False
):
    """Follow an answer of ``length_s`` seconds that brings a chunk every ``chunk_s``.

    ``made``: the card is made with the first chunk on it.
    """
    pacer = Pacer(pace, interval_s=interval_s, chunks=chunks, max_updates=max_updates, now=0.0)
    if made:
        pacer.made(0.0)
    updates = []
    oldest = None
    area = 0.0
    for number in range(1, round(length_s / chunk_s)):
        at = number * chunk_s
        # An update that is due between two chunks goes between them.
        wait = pacer.wait(at - chunk_s)
        if oldest is not None and wait is not None and wait < chunk_s:
            due = at - chunk_s + wait
            area += (due - oldest) ** 2 / 2
            oldest = None
            pacer.sent(due)
            updates.append(due)
        pacer.chunk()
        oldest = at if oldest is None else oldest
    area += (length_s - oldest) ** 2 / 2 if oldest is not None else 0.0
    updates.append(length_s)
    return Shown(updates, area / length_s, _longest_freeze(updates, since_s))


def _longest_freeze(updates, since_s):
    pairs = zip([0.0, *updates], updates, strict=False)
    return max(((now - last) / now for last, now in pairs if now >= since_s), default=0.0)
