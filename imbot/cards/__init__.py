"""Cards: from a bot file's layouts to what a gateway shows. The seam and the table of kinds.

``prepare_card`` compiles every layout of a bot file and renders each phase with sample turns, so
that whatever would break in production breaks there; ``Card.render`` then draws live turns.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from imbot.model import CardContext, CardView
from imbot.spec import BotSpec, secrets_of
from imbot.text.masking import discreet

# name in a bot file -> "module:class", which is a kinds.Kind; imported only when a bot names it
KINDS = {
    "ai": "imbot.cards.ai:AiKind",
    "markdown": "imbot.cards.markdown:MarkdownKind",
    "standard": "imbot.cards.standard:StandardKind",
}


class Card(Protocol):
    """The compiled card of one bot file."""

    @property
    def kind(self) -> str:
        """Name of its kind."""
        ...

    @property
    def live(self) -> bool:
        """Whether it shows anything before the end (``markdown`` does not)."""
        ...

    @property
    def fingerprint(self) -> str:
        """Equal exactly when the layouts are."""
        ...

    def render(self, context: CardContext) -> CardView:
        """Draw one phase. Never fails: a layout that trips a guard falls back to the built-in one, logged."""
        ...

    def changed(self, before: CardView, after: CardView, *, buttons_only: bool = False) -> Mapping[str, Any]:
        """The keys of ``data`` that differ, with their new values.

        ``buttons_only``: of those, only the ones that carry buttons.
        """
        ...

    def text(self, name: str, context: CardContext) -> str:
        """Render one of the bot file's ``texts`` (``thinking``, ``error``, ``help``, ...)."""
        ...


def prepare_card(spec: BotSpec) -> Card:
    """The card of a bot file, compiled and dry-rendered in every phase.

    Raises ConfigError with a problem at its place for everything that would not draw.
    """
    from imbot.cards.compile import compile_checked

    with discreet(secrets_of(spec)):
        return compile_checked(spec)
