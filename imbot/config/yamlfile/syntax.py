"""What is wrong in a text that YAML's parser refused: its phrases turned into words that help.

``yamlfile`` calls ``explain``; known traps (``yamltraps``) are looked for before the phrase is
believed, since the parser complains where it stumbles, not where the mistake is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from imbot.config.yamlfile.lines import Lines, line_start
from imbot.config.yamlfile.problems import YamlFault
from imbot.config.yamlfile.traps import (
    QUOTE_IT,
    full_width_near,
    missing_space_near,
    near,
    placeholder_near,
    template_near,
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What to say when the parser's phrase or its context matches; ``opening``: point at where the construct began."""

    pattern: str
    message: str
    hint: str
    code: str = "yaml.syntax"
    opening: bool = False


_RULES = (
    _Rule(
        r"quoted scalar.*(?:end of stream|document)",
        "the quoted text that begins here is never closed",
        "add the closing quote",
        opening=True,
    ),
    _Rule(
        "Unicode character escape",
        "no character has this code",
        r"write the character itself (😀) instead of \uD83D\uDE00",
    ),
    _Rule(
        "escape",
        "in double quotes a backslash begins an escape, and this is none",
        r"use single quotes, or write \\",
    ),
    _Rule(
        "simple key.*could not find",
        "expected key: value, and this line has no colon with a space after it",
        "add it; a text of several lines goes in quotes or below a |",
        opening=True,
    ),
    _Rule(
        "sequence entries are not allowed",
        "a list cannot begin here",
        "begin it on a line of its own; quote a text that begins with a -",
    ),
    _Rule(
        "mapping keys are not allowed",
        "a key cannot begin here",
        "quote a text that begins with ? and a space",
    ),
    _Rule(
        r"(?:flow mapping|flow sequence).*(?:',' or|end of stream)",
        "a comma is missing here, or the bracket opened in line {line} is not closed",
        "check the brackets; quote texts that contain brackets, commas or colons",
    ),
    _Rule(
        "comment or",
        "the text after | or > begins on the next line",
        "move it there, deeper than its key; quote a text that begins with | or >",
    ),
    _Rule("while scanning an? (?:alias|anchor)", "a text that begins with * or & needs quotes", QUOTE_IT),
    _Rule(
        r"\btag\b",
        "a text that begins with ! is a tag, and this one is not known",
        QUOTE_IT,
        code="yaml.tag",
    ),
    _Rule(
        "directive|incompatible",
        "a line that begins with % is a directive, and this one is not known",
        "delete it",
    ),
    _Rule("cannot start any token", "an unquoted text cannot begin with this character", QUOTE_IT),
    _Rule(
        "node content",
        "a value is missing here, or a bracket or comma too many",
        "check the brackets and commas",
    ),
)
_COLON_BEFORE = re.compile(r"[ \t]*(?:- +)*+(?:\"[^\"]*\"|'[^']*'|[^\s\"'#].*?):[ \t]")
_TAB = re.compile(r" *(\t)")
_CONFLICT = re.compile(r"^(?:<{7} |={7}$|>{7} ).*", re.MULTILINE)
_DASH = re.compile(r"[ \t]*(-)[^\s-]")
_WORD = re.compile(r"\S{1,40}")
_MISPLACED = (
    "yaml.indentation",
    "this line does not fit what stands above it",
    "lines of one mapping or list begin in the same column",
)
_AFTER_QUOTE = (
    "yaml.syntax",
    "the quote before this ends the text, and something follows",
    "a quote inside a text is doubled '' or stands between quotes of the other kind",
)
_TRAILING = (
    "yaml.syntax",
    "something follows where the value has already ended",
    "put the whole value in quotes",
)


def explain(phrase: str, at: int, opened: int | None, text: str) -> YamlFault:
    """What is wrong, from the parser's phrase, the offset it complains of and where that construct began."""
    at = min(at, len(text))
    places = [at] if opened is None else [at, opened]
    if "mapping values" in phrase or "flow node" in phrase:
        places.append(_line_above(text, at))
    return (
        _conflict(text)
        or _tab(phrase, at, text)
        or _first(template_near, places, text)
        or _first(placeholder_near, places, text)
        or _first(full_width_near, places, text)
        or _by_colon(phrase, places, text)
        or _by_phrase(phrase, at, opened, text)
        or _dash(at, text)
        or YamlFault(at, _word(at, text), *_out_of_place(at, text))
    )


def _first(look: Callable[[int, str], YamlFault | None], places: list[int], text: str) -> YamlFault | None:
    return next((fault for fault in (look(place, text) for place in places) if fault), None)


def _conflict(text: str) -> YamlFault | None:
    found = _CONFLICT.search(text)
    if not found:
        return None
    message = "a merge conflict that nobody has resolved"
    hint = "keep one of the two sides, and delete the lines of <<<<<<<, ======= and >>>>>>>"
    return YamlFault(*found.span(), "yaml.syntax", message, hint)


def _tab(phrase: str, at: int, text: str) -> YamlFault | None:
    if "flow" in phrase or "quoted" in phrase:
        return None  # tabs may stand there
    found = _TAB.match(text, line_start(text, at))
    if not found:
        return None
    return YamlFault(*found.span(1), "yaml.tab", "a tab in the indentation", "indent with spaces only")


def _by_colon(phrase: str, places: list[int], text: str) -> YamlFault | None:
    at = places[0]
    if "could not find" in phrase:
        return _first(missing_space_near, places[1:], text)
    if "mapping values" not in phrase:
        return None
    begin, line = near(at, text)
    if _COLON_BEFORE.match(line[: at - begin]):
        message = "a colon before a space ends a key, and this text has one inside"
        return YamlFault(at, at + 1, "yaml.colon", message, QUOTE_IT)
    hint = "check the indentation, and that the line above is key: value"
    message = "no key can stand here: the line above is a text"
    return _first(missing_space_near, places[1:], text) or YamlFault(
        at, at + 1, "yaml.indentation", message, hint
    )


def _by_phrase(phrase: str, at: int, opened: int | None, text: str) -> YamlFault | None:
    for rule in _RULES:
        if re.search(rule.pattern, phrase, re.DOTALL):
            place = opened if rule.opening and opened is not None else at
            message = rule.message
            if "{line}" in message:
                message = message.format(line=Lines(text).position(place if opened is None else opened)[0])
            return YamlFault(place, _word(place, text), rule.code, message, rule.hint)
    return None


def _dash(at: int, text: str) -> YamlFault | None:
    found = _DASH.match(text, line_start(text, at)) if _first_in_line(at, text) else None
    if not found:
        return None
    message = "the space after the dash is missing"
    return YamlFault(
        *found.span(1), "yaml.indentation", message, "write - item; quote a text that begins with a -"
    )


def _out_of_place(at: int, text: str) -> tuple[str, str, str]:
    if _first_in_line(at, text):
        return _MISPLACED
    return _AFTER_QUOTE if text[:at].rstrip(" ")[-1] in "\"'" else _TRAILING


def _word(at: int, text: str) -> int:
    found = _WORD.match(text, at)
    return found.end() if found else at


def _first_in_line(at: int, text: str) -> bool:
    return not text[line_start(text, at) : at].strip()


def _line_above(text: str, at: int) -> int:
    """An offset in the last line with text before the one at ``at``."""
    return max(len(text[: line_start(text, at)].rstrip()) - 1, 0)
