"""The ``markdown`` kind: no card, one message at the end. Every other kind falls back to its text."""

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
        """None: a message cannot carry any."""
        return []

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:  # noqa: ARG002 - a kind's signature
        """Nothing: the schema says it all."""
        return iter(())

    def data_key(self, key: str) -> str:
        """Its own name."""
        return key

    def pack(self, _: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Title and text."""
        return {key: to_text(value) for key, value in drawn.items()}
