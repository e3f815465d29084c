"""The ``markdown`` kind: no card, one message at the end. Other kinds use its text when no card can be shown."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imbot.cards.buttons import Button
from imbot.cards.kinds import read_layouts
from imbot.model import CardPhase
from imbot.spec import CardSpec
from imbot.templates.budget import to_text
from imbot.templates.faults import Fault

BUILT_IN = Path(__file__).parent / "layouts/markdown.yaml"


class MarkdownKind:
    """One Markdown message; it has no buttons."""

    name = "markdown"
    live = False
    calls_back = False
    part = "cards/markdown"
    native: Mapping[str, Any] = MappingProxyType({})
    built_in = BUILT_IN

    def __init__(self, _: CardSpec) -> None:
        self.layouts = read_layouts(self.built_in)

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:  # noqa: ARG002 - a kind's signature
        """No buttons: a message cannot have any."""
        return []

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:  # noqa: ARG002 - a kind's signature
        """No faults: the schema finds them all."""
        return iter(())

    def data_key(self, key: str) -> str:
        """The same key."""
        return key

    def pack(self, _: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Title and text, as strings."""
        return {key: to_text(value) for key, value in drawn.items()}
