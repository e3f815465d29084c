"""The lint of a pace at which a few simultaneous answers need more calls than the platform allows."""

from collections.abc import Iterator

from imbot.config.yamlfile import span_at
from imbot.errors import Problem
from imbot.spec import BotSpec, Throttle

_CHUNKS_PER_S = 20  # how fast a model answers
_ENOUGH = 5  # answers at once that must be possible without a warning


def hasty_throttle(spec: BotSpec) -> Iterator[Problem]:
    """A fixed pace so quick that fewer than five simultaneous answers use up the calls per second."""
    allowed = spec.quota.qps
    calls = _calls_per_s(spec.throttle)
    if calls * _ENOUGH <= allowed:
        return
    at_once = max(int(allowed / calls), 1)
    answers = "one answer uses" if at_once == 1 else f"{at_once} answers at once use"
    message = f"at this pace {answers} up the {allowed:g} calls a second that the platform allows"
    hint = "use `pace: adaptive`, or a longer `interval` and more `chunks`"
    span = span_at(spec.marks, "/throttle")
    yield Problem.at(
        spec.path, span, "throttle.quota", message, hint, pointer="/throttle", severity="warning"
    )


def _calls_per_s(throttle: Throttle) -> float:
    """Updates of one answer in its busiest second; 0 for other paces, which slow down by themselves."""
    if throttle.pace != "fixed":
        return 0
    return min(max(1 / throttle.interval_s, _CHUNKS_PER_S / throttle.chunks), throttle.max_updates)
