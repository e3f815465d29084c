"""JSON pointers (``/card/templates/0``), and the places in a file that they lead to."""

from collections.abc import Iterator
from typing import Any

from imbot.errors import START, Marks, Span


def pointer(*parts: str | int) -> str:
    """The pointer of these keys and indexes, from the root; the root's own is empty."""
    return "".join(f"/{escape(str(part))}" for part in parts)


def split_pointer(text: str) -> list[str]:
    """The keys and indexes of a pointer, all as text."""
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def escape(key: str) -> str:
    """A key as it is written in a pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def span_at(marks: Marks, at: str, *, key: bool = False) -> Span:
    """The place of the value (or of the key) at a pointer, or else of its nearest parent that has one.

    The place of a value from an alias or a merge is where that is written.
    """
    if key and at in marks.keys:
        return marks.keys[at]
    while at and at not in marks.values:
        at = at.rpartition("/")[0]
    return marks.values.get(at, START)


def texts_in(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Every text inside a value, keys included, with its pointer."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{at}/{escape(key)}", key
            yield from texts_in(item, f"{at}/{escape(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts_in(item, f"{at}/{index}")
