"""Cards: from a bot file's layouts to what a gateway shows.

``prepare_card`` compiles every layout of a bot file and renders each phase with sample turns. A layout
that would fail in a live turn fails there. ``Card.render`` then draws live turns.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from imbot.model import CardContext, CardView
from imbot.spec import BotSpec, secrets_of
from imbot.text.masking import discreet

MARKDOWN = "imbot.cards.markdown:MarkdownKind"
"""The kind that every platform may have: a message in Markdown instead of a card."""


class CardPlatform(Protocol):
    """What cards need to know of the platform that shows them. ``platforms.PlatformType`` has all of it."""

    @property
    def kinds(self) -> Mapping[str, str]:
        """Names of card kinds in a bot file -> "module:class", each a ``kinds.Kind``."""
        ...

    @property
    def say_link(self) -> Callable[[str], str] | None:
        """Makes the address of a link that sends a text when it is pressed; None if there are no such links."""
        ...

    def __hash__(self) -> int:
        """Used as a key of caches: what was compiled for a platform is kept."""
        ...


class Card(Protocol):
    """The compiled card of one bot file."""

    @property
    def kind(self) -> str:
        """Name of its kind."""
        ...

    @property
    def live(self) -> bool:
        """Whether the card shows anything before the answer is complete (``markdown`` does not)."""
        ...

    @property
    def fingerprint(self) -> str:
        """A hash of the layouts and what they draw from, except the buttons; equal exactly when those are."""
        ...

    def render(self, context: CardContext) -> CardView:
        """Draw one phase. Never fails: a layout that cannot be drawn is logged, and the built-in one is drawn."""
        ...

    def text(self, name: str, context: CardContext) -> str:
        """Render one of the bot file's ``texts`` (``thinking``, ``error``, ``help``, ...)."""
        ...


def prepare_card(spec: BotSpec, platform: CardPlatform) -> Card:
    """The card of a bot file on its platform, compiled and drawn with sample turns in every phase.

    Raises ConfigError with a problem, at its place in the file, for everything that cannot be drawn.
    """
    from imbot.cards.compile import compile_checked

    with discreet(secrets_of(spec)):
        return compile_checked(spec, platform)
