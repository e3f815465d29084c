"""Estimates how many calls an answer takes under its bot's pace, for ``imbot check --verbose``."""

from functools import lru_cache

from imbot.model import CardPhase
from imbot.platforms import platform_type
from imbot.spec import BotSpec, Throttle
from imbot.turn.pacing import Pacer

_CHUNKS_PER_S = 20  # how fast a model answers


def calls_of_answer(spec: BotSpec, length_s: float) -> int:
    """The most calls of an answer that takes ``length_s`` seconds, with the creation of its card."""
    calls_of = platform_type(spec.type).calls_of
    made, update, end = (
        calls_of(spec.card, phase) for phase in (CardPhase.THINKING, CardPhase.STREAMING, CardPhase.FINAL)
    )
    return made + update * _updates(spec.throttle, length_s) + end


@lru_cache(maxsize=256)  # many bots share their pace
def _updates(throttle: Throttle, length_s: float) -> int:
    """Updates before the end if no update ever has to wait for the rate limit."""
    pacer = Pacer(
        throttle.pace,
        interval_s=throttle.interval_s,
        chunks=throttle.chunks,
        max_updates=throttle.max_updates,
        now=0.0,
    )
    updates = 0
    for number in range(int(length_s * _CHUNKS_PER_S)):
        now = number / _CHUNKS_PER_S
        pacer.chunk()
        if pacer.wait(now) == 0:
            pacer.sent(now)
            updates += 1
    return updates
