"""What an answer will cost: the calls it takes under its bot's pace; ``check`` tells it before anybody pays."""

from functools import lru_cache

from imbot.spec import BotSpec, Throttle
from imbot.turn.pacing import Pacer

_CHUNKS_PER_S = 20  # how fast a model talks


def calls_of_answer(spec: BotSpec, length_s: float) -> int:
    """At most so many calls for an answer that takes so long to say, its card's creation included."""
    if spec.card.kind == "markdown":
        return 1
    own_states = spec.card.kind == "ai" and bool(
        spec.card.template_id
    )  # they are ended by a call of their own
    return 1 + _updates(spec.throttle, length_s) + (2 if own_states else 1)


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
