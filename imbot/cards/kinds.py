"""Card kinds: what every output format of cards provides, and its built-in layouts.

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
    """One output format, for one bot file. Its class is called with the ``CardSpec`` of the bot file."""

    name: str
    live: bool  # whether it shows anything before the answer is complete
    calls_back: bool  # whether the platform reports clicks on its buttons
    part: str  # the schema of a drawn layout; empty: any keys are allowed
    native: Mapping[str, Any]  # the ``CardView.native`` of its cards
    built_in: Path  # the file of the built-in layouts; the class has it, too
    layouts: Layouts  # one for every phase: those of ``built_in``, or made from them

    def buttons(self, buttons: Sequence[Button]) -> list[dict[str, Any]]:
        """The buttons in the form that a layout of this kind takes, the chosen one marked."""
        ...

    def faults(self, phase: CardPhase, layout: Mapping[str, Any]) -> Iterator[Fault]:
        """What is wrong with a layout of a bot file that its schema cannot find."""
        ...

    def data_key(self, key: str) -> str:
        """The key of the packed data that holds the value of a layout's ``key``."""
        ...

    def pack(self, phase: CardPhase, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The data that a gateway sends. Accepts whatever a layout draws."""
        ...


def button_maker(kind: Kind, card: CardSpec, feedback: FeedbackSpec) -> Callable[[CardContext], list[Any]]:
    """A function that returns the buttons of one turn, in the form that a layout of this kind takes."""
    return lambda context: kind.buttons([*buttons_of(context, card, feedback, calls_back=kind.calls_back)])


def open_kind(spec: CardSpec, platform: CardPlatform) -> Kind:
    """The card kind that a bot file names, from the kinds of its platform."""
    kind: Kind = kind_class(spec.kind, platform)(spec)
    return kind


def kind_class(name: str, platform: CardPlatform) -> Any:
    """The class of a card kind of the platform; see ``Kind``."""
    module, _, class_name = platform.kinds[name].partition(":")
    return getattr(importlib.import_module(module), class_name)


@cache
def read_layouts(file: Path) -> Layouts:
    """The built-in layouts in a file, by phase."""
    value = read_yaml(file.read_bytes(), file.name).value
    return {CardPhase(phase): layout for phase, layout in value.items()}
