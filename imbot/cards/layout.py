"""A layout: a mapping whose strings are templates, compiled once and drawn for every turn.

This module handles the structure: keys are taken as they are, a list item with ``for`` is repeated, one
with ``if`` may be left out. ``templates`` handles the strings.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imbot.spec import Secret
from imbot.templates.compile import Compiled, Draw, Variables, compile_condition, compile_loop, compile_text
from imbot.templates.faults import Fault, TemplateFault
from imbot.templates.sandbox import Files
from imbot.templates.variables import TURN_VARIABLES
from imbot.text.pointers import escape, pointer, split_pointer

DrawItem = Callable[[Variables], Iterator[Any]]
Compile = Callable[[Any, Files, frozenset[str]], Compiled]

# Work is counted in characters. Compiling takes about 7 us a character and 0.8 ms a template, so each template
# counts as 120 characters more than it has.
_MOST_WORK = 250_000
_WORK_EACH = 120
_TOO_MUCH = Fault(
    "template.too-expensive",
    "the templates of this card are too many or too long",
    "move shared parts into included texts, and use `for` for lists",
)
_ITEM_KEYS = frozenset({"for", "if"})


class DrawnList(list[Any]):
    """A drawn list. ``origins`` has, for each item, the index of the layout's item that drew it."""

    __slots__ = ("origins",)

    origins: list[int]


@dataclass(frozen=True, slots=True)
class CompiledLayout:
    """A layout that is ready to be drawn.

    ``names`` has the variables that each key reads. ``faults`` has one fault for each string that does not
    compile.
    """

    source: Mapping[str, Any]
    keys: Mapping[str, Draw]
    names: Mapping[str, frozenset[str]]
    faults: tuple[Fault, ...]

    def draw(self, variables: Variables) -> dict[str, Any]:
        """The layout with everything filled in. Raises TemplateFault; needs an open ``Budget``."""
        return {key: draw(variables) for key, draw in self.keys.items()}


class Workload:
    """Limits what the templates of one card may cost to compile together, because every load compiles them."""

    def __init__(self) -> None:
        self._left = _MOST_WORK
        self._told = False

    def take(self, source: Any) -> bool:
        """Count a template; False if the limit is exceeded. Strings that are no templates cost nothing."""
        if isinstance(source, str) and "{" in source:
            self._left -= _WORK_EACH + len(source)
            return self._left >= 0
        return True

    def fault(self) -> tuple[Fault, ...]:
        """The fault of a template beyond the limit. Later calls return nothing, so it is reported once."""
        told, self._told = self._told, True
        return () if told else (_TOO_MUCH,)


def compile_layout(
    value: Mapping[str, Any], files: Files, workload: Workload | None = None
) -> CompiledLayout:
    """Compile every string of a layout; ``files`` are the texts they may include."""
    workload = workload or Workload()
    compilers = {key: _Compiler(files, workload) for key in value}
    keys = {key: compilers[key].node(item, pointer(key), TURN_VARIABLES) for key, item in value.items()}
    return CompiledLayout(
        source=value,
        keys=keys,
        names={key: frozenset(compiler.names) for key, compiler in compilers.items()},
        faults=tuple(fault for compiler in compilers.values() for fault in compiler.faults),
    )


def origin(source: Any, drawn: Any, at: str) -> str:
    """Which part of the layout ``source`` drew the value at pointer ``at`` of ``drawn``, as a pointer."""
    found = ""
    for part in split_pointer(at):
        if isinstance(source, list | tuple) and isinstance(drawn, DrawnList) and int(part) < len(drawn):
            index = drawn.origins[int(part)]
            source, drawn, found = source[index], drawn[int(part)], found + pointer(index)
        elif isinstance(source, Mapping) and isinstance(drawn, Mapping):
            source, drawn, found = source.get(part), drawn.get(part), found + pointer(part)
        else:  # the rest was made by one expression
            break
    return found


class _Compiler:
    """Compiles the value of one key of a layout. Collects the faults, and the names of the variables it reads."""

    def __init__(self, files: Files, workload: Workload) -> None:
        self.faults: list[Fault] = []
        self.names: set[str] = set()
        self._files = files
        self._workload = workload

    def node(self, value: Any, at: str, known: frozenset[str]) -> Draw:
        """A function that draws ``value``, which stands at pointer ``at``; ``known`` are the variables there."""
        match value:
            case str():
                return self._template(value, at, known)
            case Mapping():
                return self._mapping(value, at, known)
            case list() | tuple():
                return _drawing_list(
                    [self._item(item, at + pointer(i), known) for i, item in enumerate(value)]
                )
        constant = str(value) if isinstance(value, Secret) else value
        return lambda _: constant

    def _template(self, source: str, at: str, known: frozenset[str]) -> Draw:
        compiled = self._compiled(compile_text, source, at, known)
        return compiled.draw if compiled else _nothing

    def _mapping(self, value: Mapping[str, Any], at: str, known: frozenset[str]) -> Draw:
        keys = {key: self.node(item, f"{at}/{escape(key)}", known) for key, item in value.items()}
        return lambda variables: {key: draw(variables) for key, draw in keys.items()}

    def _item(self, value: Any, at: str, known: frozenset[str]) -> DrawItem:
        if not isinstance(value, Mapping) or not _ITEM_KEYS & value.keys():
            draw = self.node(value, at, known)
            return lambda variables: iter((draw(variables),))
        loop = self._compiled(compile_loop, value.get("for"), f"{at}/for", known)
        if loop is None:  # without its variables everything in the item would be faulty too
            return lambda _: iter(())
        known |= set(loop.targets)
        condition = self._compiled(compile_condition, value.get("if", True), f"{at}/if", known)
        draw = self._mapping({key: item for key, item in value.items() if key not in _ITEM_KEYS}, at, known)
        return _repeating(loop.draw, condition.draw if condition else _nothing, draw)

    def _compiled(self, compile_it: Compile, source: Any, at: str, known: frozenset[str]) -> Compiled | None:
        """The compiled template, whose faults point at ``at``; None if it does not compile."""
        if not self._workload.take(source):
            self.faults += [replace(fault, pointer=at) for fault in self._workload.fault()]
            return None
        try:
            compiled = compile_it(source, self._files, known)
        except TemplateFault as error:
            self.faults.append(error.at(at).fault)
            return None
        self.names |= compiled.names
        return replace(compiled, draw=_located(compiled.draw, at))


def _nothing(_: Variables) -> str:
    return ""


def _repeating(loop: Draw, condition: Draw, draw: Draw) -> DrawItem:
    def drawing(variables: Variables) -> Iterator[Any]:
        for own in loop(variables):
            scope = {**variables, **own}
            if condition(scope):
                yield draw(scope)

    return drawing


def _located(draw: Draw, at: str) -> Draw:
    def drawing(variables: Variables) -> Any:
        try:
            return draw(variables)
        except TemplateFault as error:
            raise error.at(at) from error.__cause__

    return drawing


def _drawing_list(items: list[DrawItem]) -> Draw:
    def drawing(variables: Variables) -> DrawnList:
        drawn, origins = DrawnList(), []
        for index, draw in enumerate(items):
            for item in draw(variables):
                drawn.append(item)
                origins.append(index)
        drawn.origins = origins
        return drawn

    return drawing
