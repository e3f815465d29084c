"""Which schemas a bot file is judged by: those its ``type``, ``agent.type`` and ``card.kind`` choose. Pure."""

from collections.abc import Mapping
from typing import Any

from imbot.config import schema
from imbot.config.schema import Schema, source


def chosen(value: dict[str, Any]) -> dict[str, str]:
    """The schema of each part whose ``type`` or ``kind`` is known, by the part's key."""
    names = {
        "credentials": ("types", value.get("type", source("bot")["properties"]["type"]["default"])),
        "agent": ("agents", mapping(value, "agent").get("type")),
        "card": ("cards", kind_of(value)),
    }
    return {key: f"{group}/{name}" for key, (group, name) in names.items() if name in schema.names(group)}


def kinds_of(value: dict[str, Any]) -> tuple[str, ...]:
    """The card kinds that the platform type of a file has, its default first; all there are for an unknown type."""
    name = value.get("type", source("bot")["properties"]["type"]["default"])
    if name not in schema.names("types"):
        return schema.names("cards")
    return tuple(source(f"types/{name}")["x-kinds"])


def kind_of(value: dict[str, Any]) -> Any:
    """What a file names as the kind of its card, or the default of its platform type."""
    return mapping(value, "card").get("kind", kinds_of(value)[0])


def whole_schema(value: dict[str, Any]) -> Schema:
    """The schema of a bot file, with the parts that its ``type`` and ``agent.type`` choose in their places."""
    return with_parts(chosen(value))


def with_parts(parts: Mapping[str, str]) -> Schema:
    """The schema of the whole file, with the chosen parts in their places."""
    bot = source("bot")
    inner = {key: source(part) for key, part in parts.items() if key != "card"}
    if "credentials" in inner:
        inner["card"] = _with_default_kind(bot["properties"]["card"], inner["credentials"]["x-kinds"][0])
    return {**bot, "properties": {**bot["properties"], **inner}}


def _with_default_kind(card: Schema, kind: str) -> Schema:
    properties = card["properties"]
    return {**card, "properties": {**properties, "kind": {**properties["kind"], "default": kind}}}


def mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    """What a key holds; nothing where that is no mapping."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}
