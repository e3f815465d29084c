"""A bot file on top of the defaults it shares with others: its own keys win, mappings merge, lists replace.

``judge`` and everything after it see one file; a place that lies in the defaults carries their path. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from imbot.config.schema import Schema, member, source
from imbot.config.yamlfile import YamlFile
from imbot.errors import Marks, Span
from imbot.text.pointers import escape, span_at


def merged(base: YamlFile, own: YamlFile) -> YamlFile:
    """The file ``own`` with what it inherits from ``base``, whose places know their path (see ``stamped``)."""
    inherited: list[str] = []
    value = _merged(base.value, own.value, source("bot"), "", inherited)
    tops = frozenset(inherited)
    marks = Marks(
        {**_taken(base.marks.values, tops), **own.marks.values},
        {**_taken(base.marks.keys, tops), **own.marks.keys},
        {**_taken(base.marks.texts, tops), **own.marks.texts},
    )
    return replace(own, value=value, marks=marks, base=base)


def stamped(file: YamlFile) -> YamlFile:
    """The same file, every place of which tells the file's path."""
    marks = file.marks
    return replace(
        file,
        marks=Marks(
            _with_path(marks.values, file.path),
            _with_path(marks.keys, file.path),
            _with_path(marks.texts, file.path),
        ),
    )


def is_inherited(file: YamlFile, at: str) -> bool:
    """Whether what stands at a pointer of a merged file, or what that would stand in, is from the defaults."""
    return bool(span_at(file.marks, at).path)


def _merged(base: Any, own: Any, node: Schema, at: str, inherited: list[str]) -> Any:
    if not _merges(base, own, node):
        return own
    value = dict(own)
    for key, item in base.items():
        inside = f"{at}/{escape(key)}"
        if not _fits(key, base, own, node):
            continue
        if key in own:
            value[key] = _merged(item, own[key], member(node, key) or {}, inside, inherited)
        else:
            value[key] = item
            inherited.append(inside)
    return value


def _merges(base: Any, own: Any, node: Schema) -> bool:
    """Two mappings do; but a layout in a file of its own is a whole, and so is what it replaces."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return False
    return node.get("x-file") != "template" or not ("file" in base or "file" in own)


def _fits(key: str, base: dict[str, Any], own: dict[str, Any], node: Schema) -> bool:
    """Whether a key of the defaults means anything in this mapping: what decides its meaning is the same here.

    The schema names what that is (``x-depends``); keys it leaves to a type's own schema depend on ``type``.
    """
    known = node.get("properties", {})
    free = ("type",) if "x-part" in node else ()
    deciding = known[key].get("x-depends", ()) if key in known else free
    return all(
        each not in own or own[each] == base.get(each, known[each].get("default")) for each in deciding
    )


def _taken(marks: Mapping[str, Span], tops: frozenset[str]) -> dict[str, Span]:
    return {at: span for at, span in marks.items() if _is_below(at, tops)}


def _is_below(at: str, tops: frozenset[str]) -> bool:
    while at:
        if at in tops:
            return True
        at = at.rpartition("/")[0]
    return False


def _with_path(marks: Mapping[str, Span], path: str) -> dict[str, Span]:
    return {at: replace(span, path=path) for at, span in marks.items()}
