"""Card kinds: what an output format adds to a drawn layout. The seam, and the built-in layouts.

A kind is one schema file, one layouts file, one module and one row in the ``kinds`` of a platform type.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from imbot.cards import CardPlatform
from imbot.cards.buttons import Button, buttons_of
from imbot.config.yamlfile import read_yaml
from imbot.model import CardContext, CardPhase
from imbot.spec import CardSpec, FeedbackSpec
from imbot.templates.faults import Fault

Layouts = dict[CardPhase, Mapping[str, Any]]


class Kind(Protocol):
    """One output format, for one bot file. The class takes its ``CardSpec``."""

    name: str
    live: bool  # whether it shows anything before the end
    calls_back: bool  # whether the platform tells of clicks on its buttons
    part: str  # the schema of a drawn layout; empty: any keys
    native: Mapping[str, Any]  # as ``CardView.native``
    built_in: Path  # the file of the built-in layouts
    layouts: Layouts  # of every phase: those of the file, or made of them

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


def open_kind(spec: CardSpec, platform: CardPlatform) -> Kind:
    """The kind a bot file asks for, as its platform has it."""
    module, _, name = platform.kinds[spec.kind].partition(":")
    kind: Kind = getattr(importlib.import_module(module), name)(spec)
    return kind


@cache
def read_layouts(file: Path) -> Layouts:
    """The built-in layouts in a file: a mapping of phases."""
    value = read_yaml(file.read_bytes(), file.name).value
    return {CardPhase(phase): layout for phase, layout in value.items()}
