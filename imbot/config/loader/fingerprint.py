"""The fingerprint of a spec: equal exactly when two specs mean the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from imbot.spec import BotSpec, Folder, Secret, TextFile

_SCALARS = frozenset({str, int, float, bool, type(None)})


def fingerprint(spec: BotSpec) -> str:
    """16 hex digits over the meaning of a spec: with the contents of files, without paths and places."""
    meaning = json.dumps(_plain(spec), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(meaning.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(value: Any) -> Any:
    kind: Any = type(value)
    if kind in _SCALARS:
        return value
    if isinstance(value, Secret):
        return {"secret": value.reveal()}
    if isinstance(value, TextFile):
        return value.text
    if isinstance(value, Folder):
        top = PurePosixPath(value.path)
        return {str(PurePosixPath(file.path).relative_to(top)): file.text for file in value.files}
    if names := _meaningful(kind):
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def _meaningful(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that belong to its meaning; none for other types."""
    return tuple(each.name for each in fields(kind) if each.compare) if is_dataclass(kind) else ()
