"""Cuts a long answer to what one card holds: its beginning, and a note that it continues below.

The rest follows as messages. ``answer`` draws growing answers through here, ``orphan`` and ``bot.actions``
finished ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from imbot.cards import Card
from imbot.model import CardContext, CardView
from imbot.text.markdown import LEAST, cut, size

OverflowBytes = Callable[[CardView], int]
"""How many bytes a view is beyond what one card takes; 0: it fits. See ``Gateway.overflow_bytes``."""

MORE_THAN_FITS = 20_000  # characters; more of an answer hardly ever fits, so this much is tried first
LONG_QUESTION = 500  # characters; a card that is too large shows only this much of a longer question


@dataclass(frozen=True, slots=True)
class Truncated:
    """A view that fits on a card, and the rest of the answer, which it does not hold."""

    view: CardView
    rest: str = ""


def truncate(card: Card, context: CardContext, overflow_bytes: OverflowBytes) -> Truncated:
    """Draw a card with as much of the answer's beginning as it takes.

    The card keeps showing the beginning while the answer grows: people read more slowly than agents write.
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
