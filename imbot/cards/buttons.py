"""The buttons of a card: their ids, and which buttons each phase has. The card's kind decides how they look."""

from collections.abc import Iterator
from dataclasses import dataclass

from imbot.model import CardContext, CardPhase
from imbot.spec import CardSpec, FeedbackSpec


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a card. ``id`` is made by ``button_id``; ``chosen``: this viewer has pressed it."""

    id: str
    label: str
    chosen: bool = False


def button_id(action: str, value: str = "") -> str:
    """The id a button carries: its action and value in one string, as ``feedback:very_helpful``."""
    return f"{action}:{value}" if value else action


def parse_button_id(text: str) -> tuple[str, str]:
    """The action and value of a button id; the value may be empty."""
    action, _, value = text.partition(":")
    return action, value


def buttons_of(
    context: CardContext, card: CardSpec, feedback: FeedbackSpec, *, calls_back: bool
) -> Iterator[Button]:
    """The buttons of a turn for a viewer whose rating is ``context.chosen``.

    Only complete answers have rating buttons. ``calls_back`` says whether the platform reports clicks. If it
    does not, stop and ask again are left out. Rating buttons stay, because the bot file lists them by name.
    """
    if context.phase is CardPhase.FINAL:
        for each in feedback.buttons:
            yield Button(button_id("feedback", each.rating), each.label, each.rating == context.chosen)
    action = ("regenerate" if context.phase.terminal else "stop") if calls_back else ""
    again = action == "regenerate"
    if (action in card.actions or (again and context.retry)) and not (again and context.replaced):
        yield Button(button_id(action), card.action_labels.get(action, action))
