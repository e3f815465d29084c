"""Lines of a text as editors count them: the line and column of an offset, and the text of a line.

The YAML reader, placeholders and excerpts of source lines share it.
"""

import re
from bisect import bisect_right

from imbot.errors import Span

_BREAK = re.compile(r"\r\n|\r|\n")


class Lines:
    """Offsets of a text as lines and columns, from 1. As in editors, NEL and U+2028 do not end a line."""

    __slots__ = ("_starts", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span from one offset to another."""
        return Span(*self.position(start), *self.position(end))

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column, at most the text's end."""
        start = self._starts[line - 1] if line <= len(self._starts) else len(self._text)
        return min(start + column - 1, len(self._text))

    def line(self, number: int) -> str:
        """The text of a line without its end; empty if there is no such line."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] if number < len(self._starts) else len(self._text)
        return self._text[self._starts[number - 1] : end].rstrip("\r\n")


def line_start(text: str, offset: int) -> int:
    """The offset where the line around this offset begins."""
    start = text.rfind("\n", 0, offset) + 1
    return max(start, text.rfind("\r", start, offset) + 1)


def line_end(text: str, offset: int) -> int:
    """The offset where the line around this offset ends, before its line break."""
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    carriage = text.find("\r", offset, end)
    return end if carriage < 0 else carriage
