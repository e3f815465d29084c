"""What was promised: a table of goals, each with how its figure comes from the rounds of a scenario."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

TALKS = (
    "one user", "crowd", "burst", "long 30 s", "long 300 s", "idle bots", "quota: crowd", "quota: stream",
    "reload under load", "reload of one",
)  # fmt: skip
EVERY = "every scenario"


@dataclass(frozen=True)
class Goal:
    """One figure that should be at most, or at least, so much; ``of`` takes one round of a scenario."""

    scenario: str
    name: str
    of: Callable
    limit: float
    at_least: bool = False

    def values(self, found):
        """The figure in each round; empty where it was not measured."""
        scenarios = TALKS if self.scenario == EVERY else (self.scenario,)
        rounds = (each for name in scenarios for each in found.get(name, []))
        return [value for each in rounds if (value := self.of(each)) is not None]

    def met(self, values):
        """By the median; but what must never happen has to hold in the worst round too."""
        if not self.limit:
            return max(values) == 0
        return median(values) >= self.limit if self.at_least else median(values) <= self.limit


def ratio(key, other, system="imbot"):
    """imbot's figure over another system's."""

    def of(each):
        ours, theirs = each[system].get(key), each[other].get(key)
        return ours / theirs if ours is not None and theirs else None

    return of


def own(key, system="imbot", scale=1.0):
    """imbot's figure itself."""
    return lambda each: None if (value := each.get(system, {}).get(key)) is None else value * scale


def over_the_best(key):
    """imbot's figure over the least of the others'."""
    return lambda each: (
        each["imbot"][key] / min(found[key] for name, found in each.items() if name != "imbot")
    )


def amiss(each):
    """All that imbot lost or doubled in a round."""
    return sum(
        found.get("lost", 0) + found.get("doubled", 0)
        for name, found in each.items()
        if name.startswith("imbot") or name.endswith("bots")
    )


def speed(each):
    return each["check-jsonschema"]["wall"] / each["imbot check"]["wall"]


GOALS = (
    Goal("one user", "first card p50, over the floor's", ratio("first_p50", "floor"), 1.3),
    Goal("one user", "first card p99, over the floor's", ratio("first_p99", "floor"), 1.3),
    Goal("crowd", "first card p50, over the floor's", ratio("first_p50", "floor"), 1.5),
    Goal("crowd", "first card p99, over the floor's", ratio("first_p99", "floor"), 1.5),
    Goal("crowd", "completion rate, over the floor's", ratio("rate", "floor"), 0.9, at_least=True),
    Goal("crowd", "CPU per turn, over the floor's", ratio("cpu_turn", "floor"), 2),
    Goal("crowd", "CPU per turn, over the SDK's", ratio("cpu_turn", "sdk"), 1),
    Goal(
        "burst", "turns per second with the journal on, over the floor's", ratio("rate", "floor"), 0.6, True
    ),
    Goal("burst", "turns per second with the journal on, over the SDK's", ratio("rate", "sdk"), 1, True),
    Goal("long 30 s", "mean staleness, over the fixed rule's", ratio("stale_mean", "threads"), 1 / 6),
    Goal("long 30 s", "calls, over the fixed rule's", ratio("calls", "threads"), 1),
    Goal("long 300 s", "mean staleness, share of the length", own("stale_mean", scale=1 / 300), 1 / 12),
    Goal("long 300 s", "longest standstill after 5 s, share of the time elapsed", own("freeze"), 0.25),
    Goal("idle bots", "memory per added bot, over the floor's", ratio("memory_bot", "floor"), 1.5),
    Goal("idle bots", "start-up, over the floor's", ratio("start", "floor"), 3),
    Goal("quota: crowd", "calls refused", own("refused"), 0),
    Goal("quota: crowd", "mean staleness, over the better field policy's", over_the_best("stale_mean"), 0.7),
    Goal("quota: stream", "calls refused", own("refused"), 0),
    Goal("quota: stream", "mean staleness, over the better field policy's", over_the_best("stale_mean"), 0.7),
    Goal("reload of one", "CPU beyond the scan, 1,000 bots, ms", own("beyond", "1000 bots"), 50),
    Goal("reload of one", "live beyond the settle time, 1,000 bots, s", own("live_most", "1000 bots"), 1),
    Goal("check: small bots", "speed over check-jsonschema's", speed, 3, at_least=True),
    Goal("check: bots sharing a layout", "speed over check-jsonschema's", speed, 3, at_least=True),
    Goal("check: bots with own layouts", "speed over check-jsonschema's", speed, 3, at_least=True),
    Goal("check: start-up", "of one file, s", own("wall", "one with layouts"), 0.4),
    Goal(EVERY, "answers lost or doubled", amiss, 0),
)
