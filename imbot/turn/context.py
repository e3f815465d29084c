"""What a turn is carried out with: one value that goes from the bot down to the last call about its card."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from imbot.behaviour import Behaviour
from imbot.model import Message, TurnRecord
from imbot.platforms.gateway import Gateway
from imbot.turn.journal import Journal
from imbot.usage.counters import Counters


@dataclass(frozen=True, slots=True, eq=False)
class TurnContext:
    """One turn with the behaviour that carries it out.

    ``record`` is the turn as it was journalled first; what becomes of it goes to ``journal``. ``gateway`` is of
    the app that the message came to. ``clock`` tells epoch seconds.
    """

    record: TurnRecord
    message: Message
    gateway: Gateway
    journal: Journal
    behaviour: Behaviour
    counters: Counters
    clock: Callable[[], float] = time.time
