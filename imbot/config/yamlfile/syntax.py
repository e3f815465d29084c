"""What is wrong in a text that YAML's parser refused: its phrases turned into words that help.

``yamlfile`` calls ``explain``; known traps (``traps``) are looked for before the phrase (``phrases``) is
believed, since the parser complains where it stumbles, not where the mistake is. Of a phrase that is
not known nobody can say even that, so it gets no more than its place.
"""

import re
from collections.abc import Callable

from imbot.config.yamlfile.lines import Lines, line_start
from imbot.config.yamlfile.phrases import NO_COLON, OUT_OF_PLACE, TWO_COLONS, Rule, rule_of
from imbot.config.yamlfile.problems import YamlFault
from imbot.config.yamlfile.traps import (
    QUOTE_IT,
    full_width_near,
    missing_space_near,
    near,
    placeholder_near,
    template_near,
)

_COLON_BEFORE = re.compile(r"[ \t]*(?:- +)*+(?:\"[^\"]*\"|'[^']*'|[^\s\"'#].*?):[ \t]")
_TAB = re.compile(r" *(\t)")
_CONFLICT = re.compile(r"^(?:<{7} |={7}$|>{7} ).*", re.MULTILINE)
_DASH = re.compile(r"[ \t]*(-)[^\s-]")
# A value that opens a quote and does not close it on its line, and a line that is a key
_LEFT_OPEN = re.compile(
    r"^[ \t]*(?:- +)*(?:[^\s\"'#{\[][^\"'\n]*?:[ \t]+)?(?P<quote>[\"'])(?:\\.|(?!(?P=quote))[^\n])*$",
    re.MULTILINE,
)
_KEY = re.compile(r"^[ \t]*(?:- +)*[\w.-]+:(?:[ \t]|$)", re.MULTILINE)
_WORD = re.compile(r"\S{1,40}")
_AFTER_QUOTE = (
    "yaml.syntax",
    "the text ends at the quote before this, but more follows",
    "double a quote inside the text (''), or use quotes of the other kind around it",
)
_TRAILING = (
    "yaml.syntax",
    "the value has already ended, but more follows",
    "put the whole value in quotes",
)
_UNKNOWN = (
    "yaml.syntax",
    "from here on the file cannot be read as YAML",
    "look for the mistake here or in the lines above",
)


def explain(phrase: str, at: int, opened: int | None, text: str) -> YamlFault:
    """What is wrong, from the parser's phrase, the offset it complains of and where that construct began."""
    at = min(at, len(text))
    rule = rule_of(phrase)
    if rule is None:
        return _conflict(text) or YamlFault(at, _word(at, text), *_UNKNOWN)
    if rule.certain:
        return YamlFault(at, _word(at, text), rule.code, rule.message, rule.hint)
    places = [at] if opened is None else [at, opened]
    if rule is TWO_COLONS or "flow node" in phrase:
        places.append(_line_above(text, at))
    return (
        _conflict(text)
        or _tab(phrase, at, text)
        or _first(template_near, places, text)
        or _first(placeholder_near, places, text)
        or _first(full_width_near, places, text)
        or _by_colon(rule, places, text)
        or (_out_of_place(at, text) if rule is OUT_OF_PLACE else None)
        or _by_rule(rule, at, opened, text)
    )


def _first(look: Callable[[int, str], YamlFault | None], places: list[int], text: str) -> YamlFault | None:
    return next((fault for fault in (look(place, text) for place in places) if fault), None)


def _conflict(text: str) -> YamlFault | None:
    found = _CONFLICT.search(text)
    if not found:
        return None
    message = "a merge conflict that is not resolved"
    hint = "keep one of the two sides, and delete the lines of <<<<<<<, ======= and >>>>>>>"
    return YamlFault(*found.span(), "yaml.syntax", message, hint)


def _tab(phrase: str, at: int, text: str) -> YamlFault | None:
    if "flow" in phrase or "quoted" in phrase:
        return None  # tabs may stand there
    found = _TAB.match(text, line_start(text, at))
    if not found:
        return None
    return YamlFault(*found.span(1), "yaml.tab", "a tab in the indentation", "indent with spaces only")


def _by_colon(rule: Rule, places: list[int], text: str) -> YamlFault | None:
    if rule is TWO_COLONS:
        at = places[0]
        begin, line = near(at, text)
        if _COLON_BEFORE.match(line[: at - begin]):
            message = "a colon followed by a space ends a key, and this text has one inside"
            return YamlFault(at, at + 1, "yaml.colon", message, QUOTE_IT)
    if rule in (TWO_COLONS, NO_COLON):
        return _first(missing_space_near, places[1:], text)
    return None


def _by_rule(rule: Rule, at: int, opened: int | None, text: str) -> YamlFault:
    place = opened if rule.opening and opened is not None else at
    line = Lines(text).position(place if opened is None else opened)[0]
    return YamlFault(
        place, _word(place, text), rule.code, rule.message.replace("{line}", str(line)), rule.hint
    )


def _out_of_place(at: int, text: str) -> YamlFault | None:
    """A dash without its space, or something after a value; None where the line as a whole does not fit."""
    if not _first_in_line(at, text):
        if fault := _left_open(at, text):
            return fault
        words = _AFTER_QUOTE if text[:at].rstrip(" ")[-1] in "\"'" else _TRAILING
        return YamlFault(at, _word(at, text), *words)
    found = _DASH.match(text, line_start(text, at))
    if not found:
        return None
    message, hint = "the space after the dash is missing", "write - item; quote a text that begins with a -"
    return YamlFault(*found.span(1), "yaml.indentation", message, hint)


def _left_open(at: int, text: str) -> YamlFault | None:
    """The quote that was never closed, where the text before ``at`` ends at the next one, some keys below."""
    end = len(text[:at].rstrip(" ")) - 1
    opened = [
        found
        for found in _LEFT_OPEN.finditer(text[:at])
        if found["quote"] == text[end] and found.start("quote") < end
    ]
    if not opened or not _KEY.search(text, opened[-1].end() + 1, end):
        return None
    start = opened[-1].start("quote")
    message = "the quoted text that begins here is never closed"
    return YamlFault(start, _word(start, text), "yaml.syntax", message, "add the closing quote")


def _word(at: int, text: str) -> int:
    found = _WORD.match(text, at)
    return found.end() if found else at


def _first_in_line(at: int, text: str) -> bool:
    return not text[line_start(text, at) : at].strip()


def _line_above(text: str, at: int) -> int:
    """An offset in the last line with text before the one at ``at``."""
    return max(len(text[: line_start(text, at)].rstrip()) - 1, 0)
