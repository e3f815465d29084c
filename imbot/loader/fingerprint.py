"""The fingerprint of a spec: equal exactly when two bot files mean the same."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePosixPath
from typing import Any

from imbot.spec import BotSpec, Folder, Secret, TextFile


def fingerprint(spec: BotSpec) -> str:
    """16 hex digits over all that a spec means: contents of files, but no paths and positions."""
    meaning = json.dumps(_plain(spec), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(meaning.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return {"secret": value.reveal()}
    if isinstance(value, TextFile):
        return value.text
    if isinstance(value, Folder):
        top = PurePosixPath(value.path)
        return {str(PurePosixPath(file.path).relative_to(top)): file.text for file in value.files}
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value) if each.compare}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
