"""The ``ai`` kind: an AI card, whose layout is a mapping of its variables.

If the bot file names no template, the platform's public one is used, which needs no set-up. Every card variable is
a string. The public template takes lists inside the variable ``sys_full_json_obj``.
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
    """An AI card with the public template, or with a template of the app."""

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
        if self._own:  # of the app's own template only the content key is known
            self.layouts = {
                phase: {self._content_key: layout[_CONTENT]} for phase, layout in self.layouts.items()
            }

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:
        """Buttons whose clicks are reported; the chosen one is blue."""
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
        """A layout for the app's own template must have the content key, or the answer would not be shown."""
        if self._own and self._content_key not in layout and phase is not CardPhase.THINKING:
            message = f"the layout lacks `{self._content_key}`, the card's content key"
            yield Fault("card.content-key", message, f'for example {self._content_key}: "{{{{ answer }}}}"')

    def data_key(self, key: str) -> str:
        """The same key, except for those that the public template takes in ``sys_full_json_obj``."""
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
    """The data of a card under the keys of its layout: takes ``sys_full_json_obj`` apart again."""
    packed: dict[str, Any] = json.loads(data.get(_PACKED, "{}"))
    return {key: value for key, value in data.items() if key != _PACKED} | packed
