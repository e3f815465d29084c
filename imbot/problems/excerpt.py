"""The line of source a problem points at, with a caret under the right characters and no secret in it."""

from dataclasses import dataclass

from imbot.errors import Problem
from imbot.problems.sources import Sources
from imbot.text.masking import MASK
from imbot.text.sanitize import printable
from imbot.text.width import widths

_TAB = 4
_LONGEST = 120
_BEFORE = 40  # cells shown before the caret of a line that is too long
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line ready to print; the caret begins after ``caret`` cells and is ``length`` cells long."""

    number: int
    line: str
    caret: int
    length: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """One character of a line: how it is shown, from which cell on, and how wide."""

    shown: str
    at: int
    width: int

    @property
    def end(self) -> int:
        return self.at + self.width


def excerpt(problem: Problem, sources: Sources) -> Excerpt | None:
    """The line of a problem; None if the problem is with the whole file, or the line cannot or may not be shown."""
    source = sources.of(problem.path)
    if source is None or (problem.line, problem.column, problem.end_column) == (1, 1, 1):
        return None
    masks = source.masks
    if masks is None:
        return None
    text = source.lines.line(problem.line)
    if not text.strip():
        return None
    start = min(problem.column - 1, len(text))
    end = problem.end_column - 1 if problem.end_line == problem.line else start + 1
    # of a very long line, only the part that can be shown is processed
    begin = max(start - _LONGEST, 0)
    cells = _cells(text[begin : start + 2 * _LONGEST], masks.of(problem.line), begin)
    first = cells[start - begin]
    last = cells[min(max(end - begin, start - begin + 1), len(cells)) - 1]
    line, caret = _cut(cells, first.at)
    if begin and not line.startswith(_CUT):
        line, caret = _CUT + line, caret + 1
    length = min(max(last.end - first.at, 1), max(_LONGEST - caret, 1))
    return Excerpt(problem.line, line, caret, length)


def _cells(text: str, masks: list[tuple[int, int]], begin: int) -> list[_Cell]:
    """The characters of a part of a line as cells, beginning at an offset; and one more cell at the end."""
    hidden = {i for first, last in masks for i in range(max(first - begin, 0), min(last - begin, len(text)))}
    cells: list[_Cell] = []
    at = 0
    for index, (char, width) in enumerate(zip(text, widths(text), strict=True)):
        if index in hidden and index - 1 in hidden:
            cell = _Cell("", cells[-1].at, cells[-1].width)
        elif index in hidden:
            cell = _Cell(MASK, at, len(MASK))
        elif char == "\t":
            cell = _Cell(" " * (_TAB - at % _TAB), at, _TAB - at % _TAB)
        else:
            shown = printable(char)
            cell = _Cell(shown, at, width if shown == char else len(shown))
        cells.append(cell)
        at = cell.end
    return [*cells, _Cell("", at, 1)]


def _cut(cells: list[_Cell], caret: int) -> tuple[str, int]:
    """The line, shortened on both sides if it is too long, and where the caret then begins."""
    if cells[-1].at <= _LONGEST:
        return "".join(cell.shown for cell in cells).rstrip(), caret
    begin = next(cell.at for cell in cells if cell.at >= max(caret - _BEFORE, 0))
    kept = [cell for cell in cells if begin <= cell.at and cell.end <= begin + _LONGEST]
    before = _CUT if begin else ""
    after = _CUT if kept[-1].end < cells[-1].at else ""
    return f"{before}{''.join(cell.shown for cell in kept)}{after}", caret - begin + len(before)
