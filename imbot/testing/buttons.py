"""The buttons that one person sees on a card, for the ``click`` steps of a test file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from imbot.cards.buttons import button_id, parse_button_id
from imbot.config.schema import source
from imbot.spec import BotSpec
from imbot.testing.stage import Shown


@dataclass(frozen=True, slots=True)
class DrawnButton:
    """A button that calls back, and its label."""

    id: str
    label: str

    def goes_by(self, name: str) -> bool:
        """Whether ``name`` is its label, its rating or its id."""
        return name in (self.label, self.id, parse_button_id(self.id)[1])


def buttons(shown: Shown, user: str, spec: BotSpec) -> list[DrawnButton]:
    """The buttons of a card as this user sees it.

    A card template of the platform may have the usual buttons in itself, so those count as well.
    """
    if not source(f"cards/{spec.card.kind}").get("x-callbacks", True) or not shown.views:
        return []
    drawn = [
        DrawnButton(found["id"], found.get("text", ""))
        for found in _mappings(shown.card(user))
        if "id" in found
    ]
    if spec.card.own:
        drawn += [
            DrawnButton(button_id("feedback", each.rating), each.label) for each in spec.feedback.buttons
        ]
        drawn += [DrawnButton(action, spec.card.action_labels[action]) for action in spec.card.actions]
    return drawn


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _mappings(item)
