"""YAML's traps, explained by name: what people meant where the parser only sees wrong characters.

``yamlfile`` asks here whenever a file does not parse, and for unquoted texts that were cut off. No
explanation repeats a value: it may be a secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imbot.lines import Lines
from imbot.yamlproblems import Fault

# -- templates and placeholders without quotes ---------------------------------------------------

_OPENERS = (
    (re.compile(r"<<(?:env:|file:)?[A-Za-z_]"), ">>", "yaml.unquoted-placeholder", "a placeholder"),
    (re.compile(r"\{\{"), "}}", "yaml.unquoted-template", "a template"),
    (re.compile(r"\{%"), "%}", "yaml.unquoted-template", "a template"),
)
_CUTS = {
    "#": "a # after a space begins a comment",
    ":": "a colon before a space ends a key",
    ",": "a comma ends a text inside [ ] and { }",
}
_ENDS = frozenset(("", "\n", "\r"))
_GLUED_COMMENT = re.compile(r"[ \t]+#(?:<<|\{\{|\{%)")
_TEMPLATE_VALUE = re.compile(r"(?:^|[:?,\[{-])[ \t]*(\{[{%#].*?(?:[}%#]\}|$))")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_LINE_END = re.compile(r"[\r\n]|\Z")
_PLACEHOLDER_WITH_SIGNS = re.compile(r"<<(?:env:|file:)?[A-Za-z_][^<>]*(?:[,\[\]{}]|: | #)[^<>]*>>")
_QUOTE_IT = 'put the whole text in quotes: "..."'


def cut_off(value: str, text: str, start: int, end: int) -> Fault | None:
    """Why the unquoted ``value`` that stands in ``text`` from start to end lacks the end it was meant to have."""
    following = text[end : end + 1]
    opens = "<<" in value or "{" in value
    if following in _ENDS or not (opens or following in " \t"):
        return None  # this is asked for every unquoted text, and is the answer nearly always
    rest = text[end : _line_end(text, end)]
    for opener, closer, code, noun in _OPENERS if opens else ():
        opened = [match.start() for match in opener.finditer(value)]
        if opened and value.find(closer, opened[-1]) < 0 and closer in rest:
            why = _CUTS.get(rest.lstrip()[0], "a bracket ends a text inside [ ] and { }")
            return Fault(
                start, end + len(rest.rstrip()), code, f"{noun} without quotes is cut off: {why}", _QUOTE_IT
            )
    if _GLUED_COMMENT.match(rest):
        code = "yaml.unquoted-placeholder" if rest.lstrip().startswith("#<<") else "yaml.unquoted-template"
        return Fault(start, end + len(rest.rstrip()), code, f"this text is cut off: {_CUTS['#']}", _QUOTE_IT)
    return None


def bare_template(start: int, text: str) -> Fault:
    """A value that begins with braces: YAML reads a mapping inside a mapping's key."""
    close = text.find("}}", start, _line_end(text, start))
    message = "a template without quotes: YAML takes { for the beginning of a mapping"
    end = close + 2 if close > 0 else start + 2
    return Fault(start, end, "yaml.unquoted-template", message, _QUOTE_IT)


# -- files that are no mapping -------------------------------------------------------------------

_FULL_WIDTH = re.compile(r"^[ \t]*(?:- +)?[\"']?[\w.-]+[\"']?\s*(：)", re.MULTILINE)
_NO_SPACE = re.compile(r"^[ \t]*(?:- +)?[A-Za-z_][\w.-]*(:)[^\s/]", re.MULTILINE)
_FULL_WIDTH_WORDS = (
    "yaml.full-width",
    "a full-width colon is no colon for YAML",
    "type an ASCII colon and a space",
)
_NO_SPACE_WORDS = ("yaml.colon", "the space after the colon is missing", "write key: value")


def no_mapping(root: Any, text: str) -> Fault:
    """A file that parses, but holds something else than a mapping."""
    if root is None:
        if not text.strip():
            return Fault(0, 0, "yaml.empty", "empty file", "delete the file to remove the bot")
        hint = "write key: value lines, or delete the file to remove the bot"
        return Fault(0, 0, "yaml.empty", "the file holds no more than comments", hint)
    if isinstance(root, str):
        for pattern, words in ((_FULL_WIDTH, _FULL_WIDTH_WORDS), (_NO_SPACE, _NO_SPACE_WORDS)):
            found = pattern.search(text)
            if found:
                return Fault(*found.span(1), *words)
    what = "a list" if isinstance(root, list) else "a single value"
    return Fault(0, 0, "yaml.shape", f"the file holds {what}, expected a mapping", "write key: value lines")


# -- texts that do not parse ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """What to say when the parser's phrase or its context matches; ``opening``: point at where the construct began."""

    pattern: str
    message: str
    hint: str
    code: str = "yaml.syntax"
    opening: bool = False


_RULES = tuple(
    _Rule(*rule)
    for rule in (
        (
            r"quoted scalar.*(?:end of stream|document)",
            "the quoted text that begins here is never closed",
            "add the closing quote",
            "yaml.syntax",
            True,
        ),
        (
            r"Unicode character escape",
            "no character has this code",
            r"write the character itself (😀) instead of \uD83D\uDE00",
        ),
        (
            r"escape",
            "in double quotes a backslash begins an escape, and this is none",
            r"use single quotes, or write \\",
        ),
        (
            r"simple key.*could not find",
            "expected key: value, and this line has no colon with a space after it",
            "add it; a text of several lines goes in quotes or below a |",
            "yaml.syntax",
            True,
        ),
        (
            r"sequence entries are not allowed",
            "a list cannot begin here",
            "begin it on a line of its own; quote a text that begins with a -",
        ),
        (
            r"mapping keys are not allowed",
            "a key cannot begin here",
            "quote a text that begins with ? and a space",
        ),
        (
            r"(?:flow mapping|flow sequence).*(?:',' or|end of stream)",
            "a comma is missing here, or the bracket opened in line {line} is not closed",
            "check the brackets; quote texts that contain brackets, commas or colons",
        ),
        (
            r"comment or",
            "the text after | or > begins on the next line",
            "move it there, deeper than its key; quote a text that begins with | or >",
        ),
        (
            r"while scanning an? (?:alias|anchor)",
            "a text that begins with * or & needs quotes",
            'put it in quotes: "..."',
        ),
        (r"\btag\b", "a text that begins with ! is a tag, and this one is not known", _QUOTE_IT, "yaml.tag"),
        (
            r"directive|incompatible",
            "a line that begins with % is a directive, and this one is not known",
            "delete it",
        ),
        (r"cannot start any token", "an unquoted text cannot begin with this character", _QUOTE_IT),
        (
            r"node content",
            "a value is missing here, or a bracket or comma too many",
            "check the brackets and commas",
        ),
    )
)
_COLON_BEFORE = re.compile(r"[ \t]*(?:- +)*(?:\"[^\"]*\"|'[^']*'|[^\s\"'#].*?):[ \t]")
_MISPLACED = (
    "yaml.indentation",
    "this line does not fit what stands above it",
    "lines of one mapping or list begin in the same column",
)
_TRAILING = (
    "yaml.syntax",
    "something follows where the value has already ended",
    "put the whole value in quotes",
)


def explain(phrase: str, at: int, opened: int | None, text: str) -> Fault:
    """What is wrong, from the parser's phrase, the offset it complains of and where that construct began."""
    at = min(at, len(text))
    places = [at] if opened is None else [at, opened]
    if "mapping values" in phrase or "flow node" in phrase:
        places.append(_line_above(text, at))
    return (
        _tab(phrase, at, text)
        or _first(_bare_template_in, places, text)
        or _first(_bare_placeholder_in, places, text)
        or _first(_full_width_in, places, text)
        or _by_colon(phrase, places, text)
        or _by_phrase(phrase, at, opened, text)
        or Fault(at, _one(at, text), *(_MISPLACED if _first_in_line(at, text) else _TRAILING))
    )


def _first(look: Callable[[int, str], Fault | None], places: list[int], text: str) -> Fault | None:
    return next((fault for fault in (look(place, text) for place in places) if fault), None)


_TAB = re.compile(r" *(\t)")


def _tab(phrase: str, at: int, text: str) -> Fault | None:
    begin = _line_start(text, at)
    if "flow" in phrase or "quoted" in phrase:
        return None
    found = _TAB.match(text, begin, _line_end(text, at))
    if not found:
        return None
    return Fault(*found.span(1), "yaml.tab", "a tab in the indentation", "indent with spaces only")


def _bare_template_in(place: int, text: str) -> Fault | None:
    begin, line = _line_without_quotes(place, text)
    found = _TEMPLATE_VALUE.search(line)
    return bare_template(begin + found.start(1), text) if found else None


def _bare_placeholder_in(place: int, text: str) -> Fault | None:
    begin, line = _line_without_quotes(place, text)
    found = _PLACEHOLDER_WITH_SIGNS.search(line)
    if not found:
        return None
    message = "a placeholder without quotes: commas, colons, brackets and # in it are taken for YAML's own"
    return Fault(begin + found.start(), begin + found.end(), "yaml.unquoted-placeholder", message, _QUOTE_IT)


def _line_without_quotes(place: int, text: str) -> tuple[int, str]:
    """The line around an offset, its quoted texts blotted out, and where it begins."""
    begin = _line_start(text, place)
    line = text[begin : _line_end(text, place)]
    return begin, _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), line)


def _full_width_in(place: int, text: str) -> Fault | None:
    return _in_line(_FULL_WIDTH, _FULL_WIDTH_WORDS, place, text)


def _no_space_in(place: int, text: str) -> Fault | None:
    return _in_line(_NO_SPACE, _NO_SPACE_WORDS, place, text)


def _in_line(pattern: re.Pattern[str], words: tuple[str, str, str], place: int, text: str) -> Fault | None:
    begin = _line_start(text, place)
    found = pattern.match(text[begin : _line_end(text, place)])
    return Fault(begin + found.start(1), begin + found.end(1), *words) if found else None


def _by_colon(phrase: str, places: list[int], text: str) -> Fault | None:
    at = places[0]
    if "could not find" in phrase:
        return _first(_no_space_in, places[1:], text)
    if "mapping values" not in phrase:
        return None
    if _COLON_BEFORE.match(text[_line_start(text, at) : at]):
        message = "a colon before a space ends a key, and this text has one inside"
        return Fault(at, at + 1, "yaml.colon", message, _QUOTE_IT)
    hint = "check the indentation, and that the line above is key: value"
    message = "no key can stand here: the line above is a text"
    return _first(_no_space_in, places[1:], text) or Fault(at, at + 1, "yaml.indentation", message, hint)


def _by_phrase(phrase: str, at: int, opened: int | None, text: str) -> Fault | None:
    for rule in _RULES:
        if re.search(rule.pattern, phrase, re.DOTALL):
            place = opened if rule.opening and opened is not None else at
            line = Lines(text).position(place if opened is None else opened)[0]
            return Fault(place, _one(place, text), rule.code, rule.message.format(line=line), rule.hint)
    return None


def _one(at: int, text: str) -> int:
    return min(at + 1, _line_end(text, at))


def _first_in_line(at: int, text: str) -> bool:
    return not text[_line_start(text, at) : at].strip()


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _line_above(text: str, at: int) -> int:
    """An offset in the last line with text before the one at ``at``."""
    return max(len(text[: _line_start(text, at)].rstrip()) - 1, 0)


def _line_end(text: str, at: int) -> int:
    found = _LINE_END.search(text, at)
    return found.start() if found else len(text)
