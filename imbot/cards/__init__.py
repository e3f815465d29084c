"""Cards: from a bot file's layouts to what a gateway shows. The seam.

``prepare_card`` compiles every layout of a bot file and renders each phase with sample turns, so
that whatever would break in production breaks there; ``Card.render`` then draws live turns.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from imbot.model import CardContext, CardView
from imbot.spec import BotSpec, secrets_of
from imbot.text.masking import discreet

MARKDOWN = "imbot.cards.markdown:MarkdownKind"
"""The kind that every platform may have: a message in Markdown instead of a card."""


class CardPlatform(Protocol):
    """What cards ask of the platform that shows them; a ``platforms.PlatformType``."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """Names of card kinds in a bot file -> "module:class", each a ``kinds.Kind``."""
        ...

    @property
    def say_link(self) -> Callable[[str], str] | None:
        """What makes the address that sends a text when its link is pressed; None: there is none."""
        ...

    def __hash__(self) -> int:
        """It is one of the few there are, and what was compiled for it is kept."""
        ...


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

    def text(self, name: str, context: CardContext) -> str:
        """Render one of the bot file's ``texts`` (``thinking``, ``error``, ``help``, ...)."""
        ...


def prepare_card(spec: BotSpec, platform: CardPlatform) -> Card:
    """The card of a bot file on its platform, compiled and dry-rendered in every phase.

    Raises ConfigError with a problem at its place for everything that would not draw.
    """
    from imbot.cards.compile import compile_checked

    with discreet(secrets_of(spec)):
        return compile_checked(spec, platform)
