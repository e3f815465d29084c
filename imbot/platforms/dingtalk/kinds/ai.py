"""The ``ai`` kind: an AI card, whose layout is the map of its variables.

Without a template of one's own it is the platform's public one, which needs no set-up. Wire facts:
a card variable is a string; the public template takes lists inside ``sys_full_json_obj``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from imbot.cards.buttons import Button
from imbot.cards.kinds import read_layouts
from imbot.model import CardPhase
from imbot.spec import CardSpec
from imbot.templates.budget import to_text
from imbot.templates.faults import Fault

PUBLIC_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"

_CONTENT = "msgContent"
_PACKED = "sys_full_json_obj"
_BUTTONS = "msgButtons"
_ORDER = ["msgTitle", _CONTENT, "staticMsgContent", _BUTTONS]
_FLOW_STATUS = {
    CardPhase.THINKING: "1",
    CardPhase.STREAMING: "2",
    CardPhase.FINAL: "3",
    CardPhase.STOPPED: "3",
    CardPhase.ERROR: "5",
}


class AiKind:
    """An AI card, on the public template or on one's own."""

    name = "ai"
    live = True
    calls_back = True
    built_in = Path(__file__).parents[1] / "layouts/ai.yaml"

    def __init__(self, spec: CardSpec) -> None:
        template_id = spec.own.get("template_id", PUBLIC_TEMPLATE)
        self._own = template_id != PUBLIC_TEMPLATE
        self.part = "" if self._own else "cards/ai"
        self._content_key = spec.own.get("content_key", "") if self._own else _CONTENT
        self.native = {"template_id": template_id, "content_key": self._content_key}
        self.layouts = read_layouts(self.built_in)
        if self._own:  # of which only the content key is known
            self.layouts = {
                phase: {self._content_key: layout[_CONTENT]} for phase, layout in self.layouts.items()
            }

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:
        """Buttons that call back; the chosen one is blue."""
        return [
            {
                "text": button.label,
                "color": "blue" if button.chosen else "gray",
                "id": button.id,
                "request": True,
            }
            for button in buttons
        ]

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:
        """A layout for one's own template must hold what streams; without it the answer would vanish."""
        if self._own and self._content_key not in layout and phase is not CardPhase.THINKING:
            message = f"the layout lacks `{self._content_key}`, the card's content key"
            yield Fault("card.content-key", message, f'for example {self._content_key}: "{{{{ answer }}}}"')

    def data_key(self, key: str) -> str:
        """Its own name, but for what the public template takes packed."""
        return _PACKED if not self._own and key in ("order", _BUTTONS) else key

    def pack(self, phase: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The card variables, all of them strings."""
        variables = {"flowStatus": _FLOW_STATUS[phase], self._content_key: ""}
        variables |= {key: to_text(value) for key, value in drawn.items() if self.data_key(key) == key}
        if not self._own:
            blocks = {"order": drawn.get("order", _ORDER)}
            if drawn.get(_BUTTONS):
                blocks[_BUTTONS] = drawn[_BUTTONS]
            variables[_PACKED] = json.dumps(blocks, ensure_ascii=False)
        return variables


def unpacked(data: Mapping[str, Any]) -> dict[str, Any]:
    """A card's data under the names that its layout uses: what ``pack`` has packed stands for itself again."""
    packed: dict[str, Any] = json.loads(data.get(_PACKED, "{}"))
    return {key: value for key, value in data.items() if key != _PACKED} | packed
