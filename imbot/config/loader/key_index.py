"""The mappings of a bot file with the keys each may have, to find where a misplaced key belongs."""

from typing import Any

from imbot.config import schema
from imbot.config.loader.schema_choice import kind_of
from imbot.config.schema import Schema
from imbot.text.pointers import split_pointer

MappingPointer = str
"""The JSON pointer of a mapping; empty for the file itself."""

PHASE: MappingPointer = "/card/templates/…"
"""Any phase: its layout has the keys of the card's kind."""


def key_index(whole: Schema, value: dict[str, Any]) -> dict[MappingPointer, frozenset[str]]:
    """Every mapping of a bot file with the keys it may have. ``whole`` is the schema of the file."""
    properties = whole["properties"]
    found = {"": frozenset(properties)} | {f"/{key}": _keys(part) for key, part in properties.items()}
    phases = properties["card"]["properties"]["templates"]["properties"]
    found["/card/templates"] = frozenset(phases)
    kind = kind_of(value)
    if kind in schema.names("cards"):
        found[PHASE] = frozenset(schema.source(f"cards/{kind}").get("properties", ()))
    return {home: keys for home, keys in found.items() if keys}


def _keys(part: Schema) -> frozenset[str]:
    """The keys of a part of the file; those of all types if no type is chosen."""
    group = part.get("x-part")
    parts = [schema.source(f"{group}/{name}") for name in schema.names(group)] if group else [part]
    return frozenset(key for each in parts for key in each.get("properties", ()))


def value_at(value: Any, at: MappingPointer) -> Any:
    """The value at a pointer through mappings; None if there is none."""
    for key in split_pointer(at):
        value = value.get(key) if isinstance(value, dict) else None
    return value
