r"""Undoes escapes: what a text means whose characters are written as ``%2F``, ``\"`` or ``&quot;``."""

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_PERCENT = re.compile("(?:%[0-9a-fA-F]{2})+")  # a run, as a character may take several
_BACKSLASH = re.compile(r"""(?:\\u[0-9a-fA-F]{4})+|\\x[0-9a-fA-F]{2}|\\["'\\/bfnrt]""")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,6});")

_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Unescaped:
    """A text without its escapes; ``starts`` has the place of each of its characters in the text before, and its end."""

    text: str
    starts: list[int]


def unescaped(text: str) -> Iterator[Unescaped]:
    """The text without its escapes of each kind that it has."""
    for sign, pattern, undo in (
        ("%", _PERCENT, _of_percent),
        ("\\", _BACKSLASH, _of_backslash),
        ("&", _ENTITY, _of_entity),
    ):
        if sign in text and (found := _without(text, pattern, undo)):
            yield found


# A character, and how many characters its escape takes.
_Undo = Callable[[str], Iterator[tuple[str, int]]]


def _without(text: str, pattern: re.Pattern[str], undo: _Undo) -> Unescaped | None:
    """The text without the escapes of one kind; None if it has none."""
    parts: list[str] = []
    starts: list[int] = []
    at = 0
    for found in pattern.finditer(text):
        parts.append(text[at : found.start()])
        starts += range(at, found.start())
        at = found.start()
        for char, length in undo(found[0]):
            parts.append(char)
            starts += [at] * len(char)
            at += length
    if not parts:
        return None
    return Unescaped("".join([*parts, text[at:]]), [*starts, *range(at, len(text) + 1)])


def _of_percent(run: str) -> Iterator[tuple[str, int]]:
    for char in bytes.fromhex(run.replace("%", "")).decode("utf-8", "surrogateescape"):
        yield char, 3 * len(char.encode("utf-8", "surrogateescape"))


def _of_backslash(escape: str) -> Iterator[tuple[str, int]]:
    if escape.startswith("\\u"):
        for char in json.loads(f'"{escape}"'):
            yield char, 12 if char > "\uffff" else 6
    elif escape.startswith("\\x"):
        yield chr(int(f"0{escape[1:]}", 0)), 4
    else:
        yield _NAMED.get(escape[1], escape[1]), 2


def _of_entity(entity: str) -> Iterator[tuple[str, int]]:
    yield html.unescape(entity), len(entity)
