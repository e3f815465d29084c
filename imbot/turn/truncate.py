"""What a card holds of a long answer: its head, with a word that it goes on. The rest follows as messages.

``answer`` draws growing answers through here, ``orphan`` and ``bot.actions`` finished ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from imbot.cards import Card
from imbot.model import CardContext, CardView
from imbot.text.markdown import LEAST, cut, size

OverflowBytes = Callable[[CardView], int]
"""How many bytes a view is beyond what one card takes; 0: it fits. See ``Gateway.overflow_bytes``."""

MORE_THAN_FITS = 20_000  # characters: drawing the whole of a longer answer would likely be in vain
LONG_QUESTION = 500  # characters; of a longer one a card that is too large shows only the beginning


@dataclass(frozen=True, slots=True)
class Truncated:
    """A view that fits on a card, and what of the answer it does not hold."""

    view: CardView
    rest: str = ""


def truncate(card: Card, context: CardContext, overflow_bytes: OverflowBytes) -> Truncated:
    """Draw a card with as much of the answer as it takes, from the beginning.

    The head stays where it is while the answer grows on: people read more slowly than agents write.
    """
    tried = context.answer[:MORE_THAN_FITS]
    view = card.render(replace(context, answer=tried))
    over = overflow_bytes(view)
    if over and len(context.question) > LONG_QUESTION:
        context = replace(context, question=f"{context.question[:LONG_QUESTION]}…")
        view = card.render(replace(context, answer=tried))
        over = overflow_bytes(view)
    if not over and tried != context.answer:
        tried, view = context.answer, card.render(context)
        over = overflow_bytes(view)
    rest = ""
    note = card.text("continued", context) if over else ""
    room = size(tried) - size(note)
    while over and room > LEAST:
        room = max(room - over, LEAST)
        head, rest = cut(context.answer, room)
        view = card.render(replace(context, answer=f"{head}\n\n{note}"))
        over = overflow_bytes(view)
    return Truncated(view, rest)
