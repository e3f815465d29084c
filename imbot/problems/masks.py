"""What must not be shown of a file's lines: secrets written in it in plain text.

In a file that parses they are found by its schemas, in one that does not by the names of its keys, in a
template by the words before them. What may be a secret is hidden, and of a file for which there is no rule
here nothing is shown.
"""

import re
from collections.abc import Iterator

from imbot.config.loader.literals import (
    guarded_sections,
    is_secret_name,
    key_names,
    literals,
    secret_keys,
    secret_values,
)
from imbot.config.yamlfile import YamlFile
from imbot.config.yamlfile.lines import Lines
from imbot.errors import Span
from imbot.text.masking import KnownSecrets, secrets_in_urls

_TO_THE_END = 1 << 30
# a word begins where no other one continues, and has a maximum length, so that long lines take linear time
_WORD = re.compile(r"(?<![\w.-])(?P<name>[^\W\d][\w.-]{0,100})[\"']?[ \t]*(?P<colon>[:：=])?")
_KEY = re.compile(r"[\s{\[-]*[\"']?(?P<name>[^\W\d][\w.-]{0,100})[\"']?[ \t]*[:：][ \t]*(?P<opens>[{\[])?")
_FLOW = re.compile(r"[{\[]")
# Keys in the forms of well-known vendors, and tokens, wherever they are
_KEYLIKE = re.compile(
    r"\b(?:sk|pk|ak|rk|ghp|gho|glpat|xox[abp])[-_][A-Za-z0-9_-]{8,}|\bAKIA[A-Z0-9]{12,}|\bLTAI[A-Za-z0-9]{12,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+|(?i:\bbearer\s+)[A-Za-z0-9._~+/-]{8,}=*"
)
_COMMENT = re.compile(r"(?:^|[ \t])#")


class Masks:
    """The columns to hide in each line of a text.

    ``literals`` are secrets to hide wherever they are.
    """

    def __init__(self, text: str, literals: frozenset[str] = frozenset()) -> None:
        self.literals = literals
        self._known = KnownSecrets(literals)
        self._text = text
        self._lines = Lines(text)
        self._hidden: dict[int, list[tuple[int, int]]] = {}
        self._alike: dict[int, list[tuple[int, int]]] = {}  # found once for each line: it may be long
        self._scan: Iterator[int] = iter(())

    def of(self, number: int) -> list[tuple[int, int]]:
        """The parts of a line to hide (lines from 1): offsets into it, the end exclusive."""
        next((done for done in self._scan if done >= number), None)
        if number not in self._alike:
            line = self._lines.line(number)
            alike = (found.span() for found in _KEYLIKE.finditer(line))
            self._alike[number] = [*secrets_in_urls(line), *self._known.places(line), *alike]
        return [*self._hidden.get(number, []), *self._alike[number]]

    def lines(self) -> Iterator[tuple[int, str]]:
        """Every line with its number."""
        last = self._lines.position(len(self._text))[0]
        return ((number, self._lines.line(number)) for number in range(1, last + 1))

    def scan(self, lines: Iterator[int]) -> None:
        """Scan lines only when asked for.

        The iterator yields each line's number when its parts are hidden.
        """
        self._scan = lines

    def hide(self, number: int, start: int = 0, end: int = _TO_THE_END) -> None:
        """Hide a part of a line."""
        self._hidden.setdefault(number, []).append((start, end))

    def hide_span(self, span: Span) -> None:
        """Hide a place, which may span several lines."""
        for number in range(span.line, span.end_line + 1):
            first = span.column - 1 if number == span.line else 0
            last = span.end_column - 1 if number == span.end_line else _TO_THE_END
            if last > first:
                self.hide(number, first, last)

    def hide_named(self, number: int, line: str, start: int = 0) -> str | None:
        """Hide the text after the first word that names a secret.

        Returns it, or None if there is no such word.
        """
        for found in _WORD.finditer(line, start):
            if is_secret_name(found["name"], guess=found["colon"] is not None):
                value = line[found.end() :].lstrip()
                if value:
                    self.hide(number, len(line) - len(value))
                return value
        return None

    def hide_unknown(self, number: int, line: str) -> None:
        """Hide the part of a line that is not clearly the value of a key without secrets."""
        at = 0
        for part in line.split(",") if _FLOW.search(line) else [line]:
            place = 0
            while True:
                found = _KEY.match(part, place)
                if found is None or found["name"] not in key_names()[1]:
                    self.hide(number, at + place + len(part[place:]) - len(part[place:].lstrip()))
                    return
                if found["opens"] is None:
                    break
                place = found.start("opens")
            at += len(part) + 1


# -- a file that parses ---------------------------------------------------------------------------


def masks_of_values(file: YamlFile) -> Masks:
    """The secrets of a YAML file that parses, and comments that name secrets."""
    masks = Masks(file.text, literals(file))
    for span, _ in (*secret_values(file), *secret_keys(file)):
        masks.hide_span(span)
    for number, line in masks.lines():
        if comment := _COMMENT.search(line):
            masks.hide_named(number, line, comment.end())
    return masks


# -- a text that does not parse -------------------------------------------------------------------


def masks_of_text(text: str) -> Masks:
    """What may be secret in a text that does not parse: values of keys that name secrets, and lines below.

    In a section that may hold secrets, and before the first known section, everything is hidden that is not
    clearly something else: the broken part may be the key's name.
    """
    masks = Masks(text)
    masks.scan(_scan(masks))
    return masks


def _scan(masks: Masks) -> Iterator[int]:
    sections = guarded_sections()
    guarded = True
    below: int | None = None
    quote = ""
    for number, line in masks.lines():
        indent = len(line) - len(line.lstrip())
        if not indent and (key := _KEY.match(line)):
            guarded = sections.get(key["name"], guarded)
        if quote:
            masks.hide(number)
            quote = "" if quote in line else quote
        elif below is not None and (not line.strip() or indent > below):
            masks.hide(number)
        else:
            value = masks.hide_named(number, line)
            below = None if value is None else indent
            quote = _left_open(value or "")
            if guarded:
                masks.hide_unknown(number, line)
        yield number


def _left_open(value: str) -> str:
    """The quote that a value opens and does not close on its line; empty if there is none."""
    return value[0] if value[:1] in ("'", '"') and value.count(value[0]) == 1 else ""


# -- a text that templates include ----------------------------------------------------------------


def masks_of_template(text: str) -> Masks:
    """What may be secret in a template: a text of its own behind a name of secrets, or in the line below."""
    masks = Masks(text)
    for number, line in masks.lines():
        for found in _WORD.finditer(line):
            value = line[found.end() :].lstrip(" \t\"'")
            if not found["colon"] or value.startswith(("{{", "{%")) or not is_secret_name(found["name"]):
                continue
            masks.hide(number if value else number + 1, len(line) - len(value) if value else 0)
            break
    return masks
