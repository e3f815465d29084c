"""The ``note`` kind: a title and a text, shown as a StandardCard."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imbot.cards.buttons import Button
from imbot.cards.kinds import read_layouts
from imbot.model import CardPhase
from imbot.platforms.dingtalk.calls import STANDARD_TEMPLATE
from imbot.spec import CardSpec
from imbot.templates.budget import to_text
from imbot.templates.faults import Fault


class NoteKind:
    """A note; it grows with the answer, and has no buttons."""

    name = "note"
    live = True
    calls_back = False
    part = "cards/note"
    native: Mapping[str, Any] = MappingProxyType({"template_id": STANDARD_TEMPLATE, "content_key": ""})
    built_in = Path(__file__).parents[1] / "layouts/note.yaml"

    def __init__(self, _: CardSpec) -> None:
        self.layouts = read_layouts(self.built_in)

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:  # noqa: ARG002 - a kind's signature
        """None: a note has no place for them."""
        return []

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:  # noqa: ARG002 - a kind's signature
        """Nothing: the schema says it all."""
        return iter(())

    def data_key(self, key: str) -> str:
        """The part of the card that a key of the layout is in."""
        return {"title": "header", "text": "contents"}.get(key, key)

    def pack(self, _: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The card as the platform takes it."""
        title = {"type": "text", "text": to_text(drawn.get("title", ""))}
        text = {"type": "markdown", "text": to_text(drawn.get("text", "")), "id": "text"}
        return {"header": {"title": title}, "contents": [text]}
