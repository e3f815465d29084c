"""The line breaks of a template: a line that holds only tags leaves nothing behind, any other line keeps its break.

The library's own ``trim_blocks`` removes the break behind every tag, also in a line that holds words.
"""

import re
from collections.abc import Iterable, Iterator

RawToken = tuple[int, str, str]
"""The line, the kind and the source of a token, as the library's lexer makes them."""

_TAG_ENDS = frozenset({"block_end", "comment_end", "raw_begin", "raw_end"})
_REST_OF_LINE = re.compile(r"\A[ \t]*\n")


def without_lines_of_tags(tokens: Iterable[RawToken]) -> Iterator[RawToken]:
    """The same tokens without the break of each line that holds nothing but tags and comments.

    ``{% include %}`` counts as words, because it writes some. ``+%}`` keeps its break in any case.
    """
    words = False  # whether the line holds some so far
    before, next_line = "", 1
    for line, kind, source in tokens:
        if line > next_line:  # `{%-` removed the breaks before it
            words = False
        next_line = line + source.count("\n")
        text = source
        if kind == "data":
            if before in _TAG_ENDS and not words:
                text = _REST_OF_LINE.sub("", source)
            *lines, last = text.split("\n")
            words = bool(last.strip()) or (words and not lines)
        elif (
            kind == "variable_begin"
            or (before == "block_begin" and source == "include")
            or (kind in _TAG_ENDS and source.startswith("+"))
        ):
            words = True
        elif source.startswith("-") and "\n" in source:  # `-%}` removed the breaks behind it
            words = False
        if kind != "whitespace":
            before = kind
        yield line, kind, text
