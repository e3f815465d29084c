"""The schema files: where they are, what they contain, and how a value breaks them, in imbot's messages.

``loader`` validates bot files with them, ``cards`` validates what a layout renders, and editors get all of
them as one file from ``bundle``. The libraries' own messages are never shown: they print the value, which
may be a secret. imbot's messages never print one.
"""

import json
from collections.abc import Iterator
from functools import cache, reduce
from itertools import islice
from operator import getitem
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imbot.config.schema import editor
from imbot.config.schema.editor import Schema
from imbot.config.schema.violation import MOST_VIOLATIONS, SchemaFault, Violation, describe, meant
from imbot.text.pointers import pointer

if TYPE_CHECKING:  # the slowest imports of all, done when the first value is validated or explained
    import jsonschema_rs
    from jsonschema import Draft202012Validator, ValidationError

__all__ = [
    "Schema",
    "Violation",
    "bundle",
    "bundle_defaults",
    "bundle_inheriting",
    "folder",
    "member",
    "names",
    "own_keys",
    "source",
    "violations",
]


@cache
def folder() -> Path:
    """The folder of the schema files: inside an installed package, else at the top of the repository."""
    package = Path(__file__).parents[2]
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


@cache
def names(group: str) -> tuple[str, ...]:
    """The parts of a group (``agents``, ``cards``, ``types``) there are, sorted."""
    return tuple(
        sorted(file.name.removesuffix(".schema.json") for file in folder().glob(f"{group}/*.schema.json"))
    )


@cache
def source(part: str) -> Schema:
    """The schema of a part (``bot``, ``agents/openai``), for reading only.

    A property that holds the name of a part (``x-names``) lists the parts there are.
    """
    schema: Schema = json.loads((folder() / f"{part}.schema.json").read_bytes())
    for node in editor.walk(schema):
        if "x-names" in node:
            node["enum"] = list(names(node["x-names"]))
    return schema


def member(node: Schema, key: str) -> Schema | None:
    """The schema of a key's values; None if the schema does not know the key."""
    other = node.get("additionalProperties")
    known: Schema | None = node.get("properties", {}).get(key)
    return known if known is not None else other if isinstance(other, dict) else None


@cache
def own_keys() -> tuple[str, ...]:
    """The keys that each bot has for itself, so that bots cannot share them."""
    return tuple(key for key, inner in source("bot")["properties"].items() if "x-own" in inner)


def bundle() -> Schema:
    """All schemas as the one that editors use: self-contained, placeholders and templates accepted."""
    return editor.editor_schema(source("bot"), _parts("types", "agents", "cards"), "imbot bot file")


def bundle_inheriting() -> Schema:
    """The bundle for bot files on top of a defaults file: only keys that bots cannot share are required."""
    bot = editor.partial(source("bot"))
    required = [key for key in source("bot")["required"] if key in own_keys()]
    parts = _parts("types") | editor.partial_parts(_parts("agents", "cards"))
    return editor.editor_schema({**bot, "required": required}, parts, "imbot bot file that inherits")


def bundle_defaults() -> Schema:
    """The bundle for defaults files: nothing is required, and keys that bots cannot share are refused."""
    bot = editor.partial(source("bot"))
    shared = {key: inner for key, inner in bot["properties"].items() if key not in own_keys()}
    shared["agent"] = {**shared["agent"], "required": source("bot")["properties"]["agent"]["required"]}
    parts = editor.partial_parts(_parts("agents", "cards"))
    return editor.editor_schema({**bot, "properties": shared}, parts, "imbot defaults file")


def _parts(*groups: str) -> dict[str, dict[str, Schema]]:
    return {group: {name: source(f"{group}/{name}") for name in names(group)} for group in groups}


def violations(part: str, value: Any, *, layout: bool = False, partial: bool = False) -> list[Violation]:
    """How a value breaks the schema of a part: one violation for each mistake.

    ``layout``: the value is an unrendered card layout, where a template is accepted for any value.
    ``partial``: keys may be missing, because they may come from another file.
    """
    return [] if _is_valid(part, value, layout, partial) else _explained(part, value, layout, partial)


def _is_valid(part: str, value: Any, layout: bool, partial: bool) -> bool:
    """Whether the fast library calls a value valid; also False if it cannot take the value.

    It raises for subclasses of ``str`` and of numbers, for lone surrogates and for keys that are not texts.
    """
    try:
        return _fast_validator(part, layout, partial).is_valid(value)
    except ValueError:
        return False


def _explained(part: str, value: Any, layout: bool, partial: bool) -> list[Violation]:
    """The violations that the thorough library finds; none if only the fast one cannot take the value."""
    found: dict[tuple[str, bool], Violation] = {}
    validator = _validator(part, layout, partial)
    errors = islice(validator.iter_errors(value), MOST_VIOLATIONS)
    faults = [_fault(error, validator.schema) for error in errors]
    misspelt = {pointer(*fault.path, key) for fault in faults for key in meant(fault)}
    for fault in sorted(faults, key=lambda fault: fault.keyword != "type"):
        for violation in describe(fault):
            if violation.code != "schema.missing" or violation.pointer not in misspelt:
                found.setdefault((violation.pointer, violation.at_key), violation)
    return list(found.values())[:MOST_VIOLATIONS]


@cache
def _judged(part: str, layout: bool, partial: bool) -> Schema:
    schema = editor.partial(source(part)) if partial else source(part)
    return editor.as_written(schema, editor.JUDGED_LAYOUT) if layout else schema


@cache
def _fast_validator(part: str, layout: bool, partial: bool) -> "jsonschema_rs.Draft202012Validator":
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(_judged(part, layout, partial))


@cache
def _validator(part: str, layout: bool, partial: bool) -> "Draft202012Validator":
    validator: Draft202012Validator = _validators()(_judged(part, layout, partial))
    return validator


@cache
def _validators() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    return extend(Draft202012Validator, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]


def _unique_items(_: Any, wanted: bool, value: Any, __: Any) -> "Iterator[ValidationError]":
    """In the place of the library's own check, which compares every item with every other."""
    from jsonschema import ValidationError

    if not wanted or not isinstance(value, list):
        return
    if len({json.dumps(item, sort_keys=True) for item in value}) < len(value):
        yield ValidationError("the same item twice")


def _fault(error: "ValidationError", whole: Any) -> SchemaFault:
    way = list(error.absolute_schema_path)
    keyword = "propertyNames" if "propertyNames" in way else str(error.validator)
    schema = error.schema if isinstance(error.schema, dict) else {}
    if "properties" not in schema and len(way) > 1 and way[-2] in ("then", "else"):
        schema = reduce(getitem, way[:-2], whole)  # the description is in the schema around the condition
    path = tuple(str(part) for part in error.absolute_path)
    return SchemaFault(keyword, error.validator_value, error.instance, schema, path)
