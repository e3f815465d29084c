"""The ``standard`` kind: the StandardCard, whose layout is the whole card as the platform takes it.

The platform sends no Stream callback for its buttons.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imbot.cards.buttons import Button
from imbot.cards.kinds import read_layouts
from imbot.model import CardPhase
from imbot.platforms.dingtalk.calls import STANDARD_TEMPLATE
from imbot.spec import CardSpec
from imbot.templates.budget import plain_copy, to_text
from imbot.templates.faults import Fault


class StandardKind:
    """A StandardCard. Every part of its blocks needs an id; one is made if the layout has none."""

    name = "standard"
    live = True
    calls_back = False
    part = "cards/standard"
    native: Mapping[str, Any] = MappingProxyType({"template_id": STANDARD_TEMPLATE, "content_key": ""})
    built_in = Path(__file__).parents[1] / "layouts/standard.yaml"

    def __init__(self, _: CardSpec) -> None:
        self.layouts = read_layouts(self.built_in)

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:
        """The buttons of an ``action`` block; the chosen one is ``primary``."""
        return [
            {
                "type": "button",
                "label": {"type": "text", "text": button.label},
                "actionType": "request",
                "status": "primary" if button.chosen else "normal",
                "id": button.id,
            }
            for button in buttons
        ]

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:  # noqa: ARG002 - a kind's signature
        """Ids that two parts of a card have. Parts that both depend on an ``if`` may share one."""
        known: dict[str, bool] = {}
        for id_, pointer, conditional, repeated in _ids(layout):
            if repeated or (id_ in known and not (conditional and known[id_])):
                told = "`for` makes several parts with this id" if repeated else "another part has it too"
                hint = "leave the id out, then one is made up; or give each part its own"
                yield Fault("card.same-id", f"the id `{id_}` is there twice: {told}", hint, pointer)
            known[id_] = conditional and known.get(id_, True)

    def data_key(self, key: str) -> str:
        """The same key."""
        return key

    def pack(self, _: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The card with an id for every part. A number in the place of a text becomes a text."""
        card: dict[str, Any] = plain_copy(drawn)
        parts = list(_parts(card.get("contents")))
        used = {to_text(part["id"]) for part in parts if "id" in part}
        numbers = count(1)
        for part in parts:
            if isinstance(part.get("text"), int | float):
                part["text"] = to_text(part["text"])
            if "id" not in part:
                part["id"] = next(id_ for n in numbers if (id_ := f"{part['type']}_{n}") not in used)
        return card


def _ids(
    value: Any, pointer: str = "", *, conditional: bool = False, repeated: bool = False
) -> Iterator[tuple[str, str, bool, bool]]:
    """Every id in a layout that is written out: with its pointer, and whether an ``if`` or a ``for`` is above it."""
    if isinstance(value, Mapping):
        conditional, repeated = conditional or "if" in value, repeated or "for" in value
        if isinstance(id_ := value.get("id"), str) and "{{" not in id_ and "{%" not in id_:
            yield id_, f"{pointer}/id", conditional, repeated
    places = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in places:
        yield from _ids(item, f"{pointer}/{key}", conditional=conditional, repeated=repeated)


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping with a ``type`` in the blocks of a card, from the top."""
    if isinstance(value, dict):
        if "type" in value:
            yield value
        for item in value.values():
            yield from _parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _parts(item)
