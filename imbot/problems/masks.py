"""What must not be shown of a file's lines: secrets that were written into it in plain text.

A file that parses is judged along its schemas; one that does not, by the names of its keys. Where it
is not clear whether something is secret, it is hidden.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from imbot.config import schema
from imbot.config.loader.schema_choice import whole_schema
from imbot.config.placeholders import Placeholder, parse_placeholders, placeholder_span
from imbot.config.schema import Schema
from imbot.config.schema.editor import walk
from imbot.config.yamlfile import YamlFile, span_at
from imbot.config.yamlfile.lines import Lines
from imbot.errors import Span
from imbot.text.pointers import escape, split_pointer
from imbot.text.suggestions import suggest

_TO_THE_END = 1 << 30
_SECRETISH = re.compile(
    "secret|passw|passphrase|token|api[-_ ]?key|authorization|credential|cookie|private[-_ ]?key|密码|密钥",
    re.IGNORECASE,
)
# a word begins where none went on, and is no book: a long line costs no more than its length
_WORD = re.compile(r"(?<![\w.-])(?P<name>[^\W\d][\w.-]{0,100})[\"']?[ \t]*(?P<colon>[:：=])?")
_KEY = re.compile(r"[\s{\[-]*[\"']?(?P<name>[^\W\d][\w.-]{0,100})[\"']?[ \t]*[:：][ \t]*(?P<opens>[{\[])?")
_FLOW = re.compile(r"[{\[]")
_SIGN = re.compile(r"[\s:：=]+")
_COMMENT = re.compile(r"(?:^|[ \t])#")
_IN_URL = re.compile(r"://[^/\s:@]*:(?P<password>[^/\s@]+)@")
_SHORTEST = 4  # shorter ones are everywhere


class Masks:
    """The columns to hide in each line of a text.

    ``literals`` are secrets to hide wherever they stand.
    """

    def __init__(self, text: str) -> None:
        self.literals: set[str] = set()
        self._text = text
        self._lines = Lines(text)
        self._hidden: dict[int, list[tuple[int, int]]] = {}
        self._scan: Iterator[int] = iter(())

    def of(self, number: int) -> list[tuple[int, int]]:
        """What to hide in a line (from 1): offsets into it, the end exclusive."""
        next((done for done in self._scan if done >= number), None)
        line = self._lines.line(number)
        places = [found.span("password") for found in _IN_URL.finditer(line)]
        for literal in self.literals:
            places += [found.span() for found in re.finditer(re.escape(literal), line)]
        return self._hidden.get(number, []) + places

    def lines(self) -> Iterator[tuple[int, str]]:
        """Every line with its number."""
        last = self._lines.position(len(self._text))[0]
        return ((number, self._lines.line(number)) for number in range(1, last + 1))

    def scan(self, lines: Iterator[int]) -> None:
        """Let lines be looked at when they are first asked for: each is told after what is hidden in it."""
        self._scan = lines

    def hide(self, number: int, start: int = 0, end: int = _TO_THE_END) -> None:
        """Hide a part of a line."""
        self._hidden.setdefault(number, []).append((start, end))

    def hide_span(self, span: Span) -> None:
        """Hide a place that may go over several lines."""
        for number in range(span.line, span.end_line + 1):
            first = span.column - 1 if number == span.line else 0
            last = span.end_column - 1 if number == span.end_line else _TO_THE_END
            if last > first:
                self.hide(number, first, last)

    def hide_named(self, number: int, line: str, start: int = 0) -> str | None:
        """Hide what follows the first word that names a secret; what that was, None without such a word."""
        for found in _WORD.finditer(line, start):
            if is_secret_name(found["name"], guess=found["colon"] is not None):
                value = line[found.end() :].lstrip()
                if value:
                    self.hide(number, len(line) - len(value))
                return value
        return None

    def hide_unknown(self, number: int, line: str) -> None:
        """Hide a line from where on it is not clearly the value of a key that holds no secret."""
        at = 0
        for part in line.split(",") if _FLOW.search(line) else [line]:
            place = 0
            while True:
                found = _KEY.match(part, place)
                if found is None or found["name"] not in _names()[1]:
                    self.hide(number, at + place + len(part[place:]) - len(part[place:].lstrip()))
                    return
                if found["opens"] is None:
                    break
                place = found.start("opens")
            at += len(part) + 1


# -- a file that parses ---------------------------------------------------------------------------


def masks_of_values(file: YamlFile) -> Masks:
    """What is secret in a bot file; other YAML files have only keys it does not know."""
    masks = Masks(file.text)
    for at, value in _secret_values(file.value, _schema_of(file), ""):
        for span, literal in literal_parts(value, file.text, span_at(file.marks, at)):
            masks.hide_span(span)
            if len(literal) >= _SHORTEST:
                masks.literals.add(literal)
    for span, literal in _secret_keys(file):
        masks.hide_span(span)
        masks.literals.add(literal)
    for number, line in masks.lines():
        if comment := _COMMENT.search(line):
            masks.hide_named(number, line, comment.end())
    return masks


def _schema_of(file: YamlFile) -> Schema:
    """What its keys are judged by: a layout and a test file have keys of their own, and nothing secret by design."""
    if file.path.endswith(".test.yaml"):
        return schema.source("test")
    known = schema.source("bot")["properties"].keys()
    guarded = [section for section, secrets in _sections().items() if secrets]
    of_a_bot = any(key in known or suggest(key, guarded) for key in file.value)
    return whole_schema(file.value) if of_a_bot else {}


def _secret_values(value: Any, node: Schema, at: str) -> Iterator[tuple[str, Any]]:
    """Every value that a schema keeps secret, or that stands where a secret may be meant, with its pointer."""
    if node.get("writeOnly") or (not isinstance(value, dict | list) and _holds_secrets(node)):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            inside = f"{at}/{escape(key)}"
            known = schema.member(node, key)
            if known is not None:
                yield from _secret_values(item, known, inside)
            elif _may_be_secret(key, node):
                yield inside, item
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secret_values(item, node.get("items", {}), f"{at}/{index}")


def _secret_keys(file: YamlFile) -> Iterator[tuple[Span, str]]:
    """Keys that a slip made of secrets, and the part of them that is one.

    ``token abc`` lacks its colon, and the comma in ``{token: abc,def}`` begins another key.
    """
    lines, sections = Lines(file.text), _sections()
    for at, span in file.marks.keys.items():
        parts = split_pointer(at)
        if not sections.get(parts[0], True):
            continue
        key = parts[-1]
        sign = _SIGN.search(key)
        bare = not lines.line(span.end_line)[span.end_column - 1 :].lstrip().startswith(":")
        literal = key[sign.end() :] if sign else key if bare else ""
        if len(literal) >= _SHORTEST and literal not in _names()[1]:
            yield span, literal


def _holds_secrets(node: Schema) -> bool:
    return any(inner.get("writeOnly") is True for inner in walk(node))


def _may_be_secret(key: str, node: Schema) -> bool:
    """Whether a key that is unknown here may be meant to hold a secret."""
    near = suggest(key, node.get("properties", {}))
    if near:
        return _holds_secrets(node["properties"][near])
    return is_secret_name(key) or (_holds_secrets(node) and key not in _names()[1])


def literal_parts(value: Any, text: str, span: Span) -> Iterator[tuple[Span, str]]:
    """The places of a value that hold something else than placeholders, and what stands there.

    ``text`` is the file's, ``span`` the value's place in it.
    """
    pieces = parse_placeholders(value) if isinstance(value, str) else []
    found = [piece for piece in pieces if isinstance(piece, Placeholder)]
    if len(found) < len(pieces) or not found:
        yield span, "" if found or isinstance(value, dict | list) else str(value)
        return
    for piece in found:
        if piece.default:
            yield placeholder_span(piece, value, text, span), piece.default


# -- a text that does not parse -------------------------------------------------------------------


def masks_of_text(text: str) -> Masks:
    """What may be secret: what such names hold and what is deeper below them, wherever they stand.

    In a section that has secrets, and before any other, everything that is not clearly something else:
    what is broken may be the name.
    """
    masks = Masks(text)
    masks.scan(_scan(masks))
    return masks


def _scan(masks: Masks) -> Iterator[int]:
    sections = _sections()
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


@cache
def _sections() -> dict[str, bool]:
    """The keys of a bot file that hold others, and whether there are secrets among them."""
    properties = schema.source("bot")["properties"]
    sections = {key: inner for key, inner in properties.items() if inner.get("type") in ("object", "array")}
    return {key: "x-part" in inner or _holds_secrets(inner) for key, inner in sections.items()}


def _left_open(value: str) -> str:
    """The quote that a value opens and its line does not close."""
    return value[0] if value[:1] in ("'", '"') and value.count(value[0]) == 1 else ""


@cache
def is_secret_name(name: str, *, guess: bool = True) -> bool:
    """Whether a key of that name holds a secret, whatever mapping it stands in; ``guess``: if misspelt, too."""
    secret, plain = _names()
    if name in secret or name in plain:
        return name in secret
    return bool(_SECRETISH.search(name)) or (guess and suggest(name, secret | plain) in secret)


@cache
def _names() -> tuple[frozenset[str], frozenset[str]]:
    """The names of all keys there are: those that hold secrets, and the others."""
    secret: set[str] = set()
    plain: set[str] = set()
    parts = [f"{group}/{name}" for group in ("types", "agents") for name in schema.names(group)]
    for part in ("bot", *parts):
        for node in walk(schema.source(part)):
            for key, inner in node.get("properties", {}).items():
                others = inner.get("additionalProperties")
                hides = inner.get("writeOnly") or (isinstance(others, dict) and others.get("writeOnly"))
                (secret if hides else plain).add(key)
    return frozenset(secret), frozenset(plain - secret)
