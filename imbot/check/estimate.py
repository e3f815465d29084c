"""What an answer will cost: the calls it takes under its bot's pace; ``check`` tells it before anybody pays."""

from functools import lru_cache

from imbot.model import CardPhase
from imbot.platforms import platform_type
from imbot.spec import BotSpec, Throttle
from imbot.turn.pacing import Pacer

_CHUNKS_PER_S = 20  # how fast a model talks


def calls_of_answer(spec: BotSpec, length_s: float) -> int:
    """At most so many calls for an answer that takes so long to say, its card's creation included."""
    calls_of = platform_type(spec.type).calls_of
    made, update, end = (
        calls_of(spec.card, phase) for phase in (CardPhase.THINKING, CardPhase.STREAMING, CardPhase.FINAL)
    )
    return made + update * _updates(spec.throttle, length_s) + end


@lru_cache(maxsize=256)  # many bots share their pace
def _updates(throttle: Throttle, length_s: float) -> int:
    """Updates before the end where every chunk finds the app's quota free."""
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
