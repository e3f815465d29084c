"""The context of a turn: one value with everything it needs, handed from the bot down to the card's calls."""

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
    """One turn, and the behaviour that answers it.

    ``record`` is the turn as it was when this context was made; its changes go to ``journal``. ``gateway`` is
    that of the app that received the message. ``clock`` returns epoch seconds.
    """

    record: TurnRecord
    message: Message
    gateway: Gateway
    journal: Journal
    behaviour: Behaviour
    counters: Counters
    clock: Callable[[], float] = time.time
