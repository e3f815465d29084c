"""Merges a bot file with the defaults: its own keys win, mappings merge, lists replace each other. Pure.

``validator`` and everything after it see one file; places in the defaults carry the path of that file.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from imbot.config.schema import Schema, member, source
from imbot.config.yamlfile import YamlFile
from imbot.errors import Marks, Span
from imbot.text.pointers import escape, span_at


def merged(base: YamlFile, own: YamlFile) -> YamlFile:
    """The file ``own`` with what it inherits from ``base``, which must be ``stamped``."""
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
    """The same file, with its path in every place."""
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
    """Whether the value at a pointer of a merged file comes from the defaults.

    For no value, what would hold it.
    """
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
    """Whether two values merge: both are mappings, and neither is a layout in a file of its own."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return False
    return node.get("x-file") != "template" or not ("file" in base or "file" in own)


def _fits(key: str, base: dict[str, Any], own: dict[str, Any], node: Schema) -> bool:
    """Whether a key of the defaults applies to this mapping: the keys it depends on have the same values.

    The schema names those keys in ``x-depends``. Keys of a type's own schema depend on ``type``.
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
