"""Card kinds: what an output format adds to a drawn layout. The seam, and the built-in layouts.

A kind is one schema file, one layouts file, one module beside this one and one row of the table.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Protocol

from imbot.cards import KINDS
from imbot.cards.buttons import buttons_of
from imbot.config.yamlfile import read_yaml
from imbot.model import Button, CardContext, CardPhase
from imbot.spec import CardSpec, FeedbackSpec
from imbot.templates.faults import Fault

Layouts = dict[CardPhase, Mapping[str, Any]]


class Kind(Protocol):
    """One output format, for one bot file. The class takes its ``CardSpec``."""

    name: str
    live: bool  # whether it shows anything before the end
    calls_back: bool  # whether the platform tells of clicks on its buttons
    part: str  # the schema of a drawn layout; empty: any keys
    template_id: str
    content_key: str  # the key of what streams; empty: none
    layouts: Layouts  # the built-in ones, of every phase

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:
        """Buttons as a layout of this kind takes them, the chosen one marked."""
        ...

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:
        """What is wrong with a layout of a bot file, besides its schema."""
        ...

    def data_key(self, key: str) -> str:
        """The key of the packed data that carries a key of the layout."""
        ...

    def pack(self, phase: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """What a gateway sends. Takes whatever a layout draws."""
        ...


def button_maker(kind: Kind, card: CardSpec, feedback: FeedbackSpec) -> Callable[[CardContext], list[Any]]:
    """What makes the buttons of each turn of a bot file."""
    return lambda context: kind.buttons([*buttons_of(context, card, feedback, calls_back=kind.calls_back)])


def open_kind(spec: CardSpec) -> Kind:
    """The kind a bot file asks for."""
    module, _, name = KINDS[spec.kind].partition(":")
    kind: Kind = getattr(importlib.import_module(module), name)(spec)
    return kind


@cache
def built_in(name: str) -> Layouts:
    """The built-in layouts of a kind."""
    file = resources.files("imbot.cards").joinpath("layouts", f"{name}.yaml")
    value = read_yaml(file.read_bytes(), file.name).value
    return {CardPhase(phase): layout for phase, layout in value.items()}
