"""YAML's traps, explained: what people probably wrote where the parser only sees wrong characters.

``yamlfile`` uses it for unquoted texts that were cut off and for files that are not a mapping,
``syntax`` for the places where a file does not parse. No explanation repeats a value: it may be a secret.
"""

import re
from typing import Any

from imbot.config.yamlfile.lines import line_end, line_start
from imbot.config.yamlfile.problems import YamlFault

_NEAR = 10_000


def near(place: int, text: str) -> tuple[int, str]:
    """The line around an offset, and where it begins; of a very long line only the part that is near."""
    begin = max(line_start(text, place), place - _NEAR)
    return begin, text[begin : min(line_end(text, place), place + _NEAR)]


# -- templates and placeholders without quotes ---------------------------------------------------

_OPENERS = (
    (re.compile(r"<<(?:env:|file:)?[A-Za-z_]"), ">>", "yaml.unquoted-placeholder", "a placeholder"),
    (re.compile(r"\{\{"), "}}", "yaml.unquoted-template", "a template"),
    (re.compile(r"\{%"), "%}", "yaml.unquoted-template", "a template"),
)
_CUTS = {
    "#": "a # after a space begins a comment",
    ":": "a colon followed by a space ends a key",
    ",": "a comma ends a text inside [ ] and { }",
}
_CLOSE = re.compile("[}%#]}")
_ENDS = frozenset(("", "\n", "\r"))
_GLUED_COMMENT = re.compile(r"[ \t]+#(?:<<|\{\{|\{%)")
_TEMPLATE_VALUE = re.compile(r"(?:^|[:?,\[{-])[ \t]*(\{[{%#].*?(?:[}%#]\}|$))")
_ASIDE = re.compile(r"\"[^\"]*\"|'[^']*'|[ \t]#.*")
_PLACEHOLDER_WITH_SIGNS = re.compile(r"<<(?:env:|file:)?[A-Za-z_][^<>]*(?:[,\[\]{}]|: | #)[^<>]*>>")
QUOTE_IT = 'put the whole text in quotes: "..."'


def cut_off(value: str, text: str, start: int, end: int) -> YamlFault | None:
    """Why the unquoted ``value``, in ``text`` from start to end, was cut off; None if it was not."""
    following = text[end : end + 1]
    opens = "<<" in value or "{" in value
    if following in _ENDS or not (opens or following in " \t"):
        return None  # the usual case, decided quickly: this is called for every unquoted text
    rest = text[end : line_end(text, end)]
    for opener, closer, code, noun in _OPENERS if opens else ():
        opened = [match.start() for match in opener.finditer(value)]
        if opened and value.find(closer, opened[-1]) < 0 and closer in rest:
            why = _CUTS.get(rest.lstrip()[0], "a bracket ends a text inside [ ] and { }")
            close = rest.index(closer)
            if opener.search(rest, 0, close):
                continue  # that closer belongs to a later opener
            message = f"{noun} without quotes is cut off: {why}"
            return YamlFault(start, end + close + len(closer), code, message, QUOTE_IT)
    if _GLUED_COMMENT.match(rest):
        code = "yaml.unquoted-placeholder" if rest.lstrip().startswith("#<<") else "yaml.unquoted-template"
        return YamlFault(
            start, end + len(rest.rstrip()), code, f"this text is cut off: {_CUTS['#']}", QUOTE_IT
        )
    return None


def bare_template(start: int, text: str) -> YamlFault:
    """The problem of a value that begins with ``{{``: YAML reads a mapping as the key of a mapping."""
    close = _CLOSE.search(text, start, line_end(text, start))
    message = "a template without quotes: YAML takes { for the beginning of a mapping"
    end = close.end() if close else start + 2
    return YamlFault(start, end, "yaml.unquoted-template", message, QUOTE_IT)


def template_near(place: int, text: str) -> YamlFault | None:
    """The problem of a template without quotes in the line around an offset, if there is one."""
    begin, line = _bare_line(place, text)
    found = _TEMPLATE_VALUE.search(line)
    return bare_template(begin + found.start(1), text) if found else None


def placeholder_near(place: int, text: str) -> YamlFault | None:
    """The problem of a placeholder without quotes that holds signs of YAML, in the line around an offset."""
    begin, line = _bare_line(place, text)
    found = _PLACEHOLDER_WITH_SIGNS.search(line)
    if not found:
        return None
    message = "a placeholder without quotes: YAML reads the commas, colons, brackets and # in it as its own"
    return YamlFault(
        begin + found.start(), begin + found.end(), "yaml.unquoted-placeholder", message, QUOTE_IT
    )


def _bare_line(place: int, text: str) -> tuple[int, str]:
    """The line as ``near`` returns it, with quoted texts and comments blanked out."""
    begin, line = near(place, text)
    return begin, _ASIDE.sub(lambda aside: "_" * len(aside[0]), line)


# -- colons, and files that are no mapping --------------------------------------------------------

_FULL_WIDTH = re.compile(r"^[ \t]*(?:- +)?[\"']?[\w.-]+[\"']?\s*(：)", re.MULTILINE)
_NO_SPACE = re.compile(r"^[ \t]*(?:- +)?[A-Za-z_][\w.-]*(:)[^\s/]", re.MULTILINE)
_FULL_WIDTH_WORDS = (
    "yaml.full-width",
    "YAML needs an ASCII colon (`:`), not `：`",
    "type an ASCII colon and a space",
)
_FALSE_SPACE = re.compile(
    r"^[ \t]*(?:- +)?[\"']?[\w.-]+[\"']?:([\u00a0\u2000-\u200d\u202f\u2060\u3000])", re.MULTILINE
)
_FALSE_SPACE_WORDS = (
    "yaml.space",
    "the character after the colon only looks like a space",
    "delete it and type a plain space",
)
_NO_SPACE_WORDS = ("yaml.colon", "the space after the colon is missing", "write key: value")


_FILL_IT = "write key: value lines, or delete the file"
_SLIPS = (
    (_FULL_WIDTH, _FULL_WIDTH_WORDS),
    (_FALSE_SPACE, _FALSE_SPACE_WORDS),
    (_NO_SPACE, _NO_SPACE_WORDS),
)


def no_mapping(root: Any, text: str) -> YamlFault:
    """The problem of a file that parses but is not a mapping."""
    if root is None:
        if not text.strip():
            return YamlFault(0, 0, "yaml.empty", "the file is empty", _FILL_IT)
        return YamlFault(0, 0, "yaml.empty", "the file holds only comments", _FILL_IT)
    if isinstance(root, str):
        for pattern, words in _SLIPS:
            found = pattern.search(text)
            if found:
                return YamlFault(*found.span(1), *words)
    what = "a list" if isinstance(root, list) else "a single value"
    return YamlFault(
        0, 0, "yaml.shape", f"the file holds {what}; it must hold a mapping", "write key: value lines"
    )


def full_width_near(place: int, text: str) -> YamlFault | None:
    """The problem of a full-width colon, or of a false space after it, in the line around an offset."""
    return _in_line(_FULL_WIDTH, _FULL_WIDTH_WORDS, place, text) or _in_line(
        _FALSE_SPACE, _FALSE_SPACE_WORDS, place, text
    )


def missing_space_near(place: int, text: str) -> YamlFault | None:
    """The problem of a colon without a space after it, in the line around an offset."""
    return _in_line(_NO_SPACE, _NO_SPACE_WORDS, place, text)


def _in_line(
    pattern: re.Pattern[str], words: tuple[str, str, str], place: int, text: str
) -> YamlFault | None:
    begin, line = near(place, text)
    found = pattern.match(line)
    return YamlFault(begin + found.start(1), begin + found.end(1), *words) if found else None
