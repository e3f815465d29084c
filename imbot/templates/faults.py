"""Faults of templates and layouts, with their places.

``templates`` and ``cards.layout`` find them; ``cards.compile`` turns them into problems with ``to_problem``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from imbot.errors import START, Marks, Problem, Span
from imbot.spec import TextFile
from imbot.text.pointers import span_at


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    ``pointer`` leads from the layout to the string, ``line`` and ``columns`` (from 1, the end exclusive) into
    its text. If ``file`` names an included text, they lead into that one. ``missing`` is the name of an
    included text that does not exist.
    """

    code: str
    message: str
    hint: str = ""
    pointer: str = ""
    at_key: bool = False
    line: int = 1
    columns: tuple[int, int] | None = None
    file: str = ""
    missing: str = ""


class TemplateFault(Exception):  # noqa: N818  a fault is what it carries
    """The only error that compiling and drawing raise."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)

    def at(self, pointer: str) -> "TemplateFault":
        """The same error with this pointer."""
        return TemplateFault(replace(self.fault, pointer=pointer))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layout or text begins: its file, the file's marks, and the pointer in them."""

    path: str
    marks: Marks
    pointer: str


def to_problem(fault: Fault, place: Place, files: Mapping[str, TextFile]) -> Problem:
    """The problem of a fault, at its line and column."""
    if fault.file in files:
        path, pointer, span = files[fault.file].path, "", _inside(fault, START)
    else:
        pointer = place.pointer + fault.pointer
        path, span = place.path, _span(fault, pointer, place.marks)
    return Problem.at(path, span, fault.code, fault.message, fault.hint, pointer=pointer)


def _span(fault: Fault, pointer: str, marks: Marks) -> Span:
    if fault.columns and not fault.at_key and pointer in marks.texts:
        return _inside(fault, marks.texts[pointer])
    return span_at(marks, pointer, key=fault.at_key)


def _inside(fault: Fault, text: Span) -> Span:
    """The span of a fault in a text whose first line begins there; a block's lines share their column."""
    begin, end = fault.columns or (1, 1)
    line, column = text.line + fault.line - 1, text.column - 1
    return Span(line, column + begin, line, column + end, text.path)
