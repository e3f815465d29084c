"""Which buttons a card has, in each phase of a turn. Pure; the card's kind says how they look."""

from collections.abc import Iterator

from imbot.model import Button, CardContext, CardPhase, button_id
from imbot.spec import CardSpec, FeedbackSpec


def buttons_of(
    context: CardContext, card: CardSpec, feedback: FeedbackSpec, *, calls_back: bool
) -> Iterator[Button]:
    """The buttons of a turn as somebody sees it who chose ``context.chosen``; people rate complete answers only.

    What nobody would hear of is left out, but for ratings: the bot file asks for those by name.
    """
    if context.phase is CardPhase.FINAL:
        for each in feedback.buttons:
            yield Button(button_id("feedback", each.rating), each.label, each.rating == context.chosen)
    action = ("regenerate" if context.phase.terminal else "stop") if calls_back else ""
    again = action == "regenerate"
    if (action in card.actions or (again and context.retry)) and not (again and context.replaced):
        yield Button(button_id(action), card.action_labels.get(action, action))
