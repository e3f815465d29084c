"""From what was seen to figures: pure functions over turns and the times of the agent's chunks.

A turn is what ``stage.py`` tells of one question. Staleness is, at each moment from the agent's first chunk
until the card is complete, the age of the oldest chunk that the card does not show. A card that never gets
complete is watched until ``GIVEN_UP_S`` after the last chunk.
"""

from bisect import bisect_right
from itertools import pairwise
from statistics import fmean, quantiles

GIVEN_UP_S = 10.0
LOOKS = 400  # at one answer


def percentile(values, percent):
    """Interpolated; None of nothing."""
    values = [value for value in values if value is not None]
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def mean(values):
    values = [value for value in values if value is not None]
    return fmean(values) if values else None


def ages(turn, arrivals):
    """Staleness at evenly spaced moments of one answer."""
    end = turn["final"] or arrivals[-1] + GIVEN_UP_S
    times = [at for at, _ in turn["shows"]]
    span = end - arrivals[0]
    result = []
    for look in range(LOOKS):
        at = arrivals[0] + span * (look + 0.5) / LOOKS
        shows = bisect_right(times, at)
        shown = turn["shows"][shows - 1][1] if shows else 0
        oldest = arrivals[shown] if shown < len(arrivals) else at
        result.append(max(0.0, at - oldest))
    return result


def longest_freeze(turn, arrivals, since_s=5.0):
    """The longest stretch without a change, as a share of the time elapsed then, from ``since_s`` on."""
    times = [arrivals[0], *(at for at, _ in turn["shows"])]
    shares = (
        (now - last) / (now - arrivals[0]) for last, now in pairwise(times) if now - arrivals[0] >= since_s
    )
    return max(shares, default=0.0)


def answered(turn):
    return turn["final"] is not None


def doubled(turn):
    return len(turn["cards"]) > 1 or len(turn["acks"]) > 1 or turn["foreign"]


def summary(turns, arrivals, refused=0):
    """The figures of a list of turns: times in ms, staleness in s."""
    heard = [turn for turn in turns if arrivals.get(turn["key"])]
    looks = [age for turn in heard for age in ages(turn, arrivals[turn["key"]])]
    acks = [ms(turn["asked"], turn["acks"][0]) for turn in turns if turn["acks"]]
    firsts = [ms(turn["asked"], turn["first"]) for turn in turns if turn["first"]]
    ends = [ms(arrivals[turn["key"]][-1], turn["final"]) for turn in heard if answered(turn)]
    done = [turn for turn in turns if answered(turn)]
    return {
        **{f"ack_p{p}": percentile(acks, p) for p in (50, 95, 99)},
        **{f"first_p{p}": percentile(firsts, p) for p in (50, 95, 99)},
        **{f"end_p{p}": percentile(ends, p) for p in (50, 95)},
        "stale_mean": mean(looks),
        "stale_p95": percentile(looks, 95),
        "calls": mean([turn["calls"] for turn in done]),
        "turns": len(done),
        "refused": refused,
        "lost": len(turns) - len(done),
        "doubled": sum(map(doubled, turns)),
    }


def ms(since, until):
    return (until - since) * 1000
