"""Values of placeholders, which are texts, as the types that the schema asks for. Pure."""

import re
from typing import Any

from imbot.config.schema import Schema


def types_of(schema: Schema) -> list[str]:
    """The types that a schema allows."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def converted(value: str, kind: str) -> bool | int | float | None:
    """The text as a value of that type; None if it is not one."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(value.strip().lower())
    if re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
        return int(value)
    if kind == "number" and re.fullmatch(r"\s*-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?\s*", value):
        return float(value)
    return None


def stand_in(schema: Schema, text: str) -> Any:
    """A harmless value that the schema allows, for one that is not known."""
    plain = "enum" not in schema and "string" in (types_of(schema) or ["string"])
    plain = plain and bool(re.search(schema.get("pattern", ""), text))
    options = [
        schema.get("default"),
        *([text] if plain else ()),
        *schema.get("examples", ()),
        *schema.get("enum", ()),
    ]
    known = [
        option for option in options if option is not None and (option is text or "<<" not in str(option))
    ]
    return known[0] if known else text
