"""A tiny platform: apps talk to it over queues, it names its cards, and it takes each card whole and in order."""

from imbot.cards import MARKDOWN
from imbot.model import CardPhase
from imbot.platforms import PlatformType
from imbot.spec import CardSpec


def calls_of(card: CardSpec, phase: CardPhase) -> int:
    """One for each change; making a card and showing it are two."""
    if card.kind == "markdown":
        return int(phase.terminal)
    return 2 if phase is CardPhase.THINKING else 1


TYPE = PlatformType(
    name="tiny",
    gateway="imbot.platforms.tiny.gateway:TinyGateway",
    dry_run="imbot.platforms.tiny.dry_run:TinyDryRun",
    diagnosis="imbot.platforms.tiny.diagnosis:TinyDiagnosis",
    kinds={"slip": "imbot.platforms.tiny.kind:SlipKind", "markdown": MARKDOWN},
    calls_of=calls_of,
    renderer="imbot.platforms.tiny.renderer",
)
