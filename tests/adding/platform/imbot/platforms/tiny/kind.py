"""The ``slip`` kind: one text with buttons."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imbot.cards.buttons import Button
from imbot.cards.kinds import read_layouts
from imbot.model import CardPhase
from imbot.spec import CardSpec
from imbot.templates.budget import plain_copy
from imbot.templates.faults import Fault


class SlipKind:
    """A slip of paper; what a layout draws is what the platform takes."""

    name = "slip"
    live = True
    calls_back = True
    part = "cards/slip"
    native: Mapping[str, Any] = MappingProxyType({})
    built_in = Path(__file__).parent / "slip.yaml"

    def __init__(self, _: CardSpec) -> None:
        self.layouts = read_layouts(self.built_in)

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:
        """Each with its id and label."""
        return [{"id": button.id, "text": button.label, "chosen": button.chosen} for button in buttons]

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:  # noqa: ARG002 - a kind's signature
        """Nothing: the schema says it all."""
        return iter(())

    def data_key(self, key: str) -> str:
        """Its own name."""
        return key

    def pack(self, _: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """As it is drawn."""
        packed: dict[str, Any] = plain_copy(drawn)
        return packed
