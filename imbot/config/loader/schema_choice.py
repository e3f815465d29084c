"""Which schemas a bot file is judged by: those its ``type``, ``agent.type`` and ``card.kind`` choose. Pure."""

from collections.abc import Mapping
from typing import Any

from imbot.config import schema
from imbot.config.schema import Schema, source


def chosen(value: dict[str, Any]) -> dict[str, str]:
    """The schema of each part whose ``type`` or ``kind`` is known, by the part's key."""
    properties = source("bot")["properties"]
    kinds = properties["card"]["properties"]["kind"]
    names = {
        "credentials": ("types", value.get("type", properties["type"]["default"])),
        "agent": ("agents", mapping(value, "agent").get("type")),
        "card": ("cards", mapping(value, "card").get("kind", kinds["default"])),
    }
    return {key: f"{group}/{name}" for key, (group, name) in names.items() if name in schema.names(group)}


def whole_schema(value: dict[str, Any]) -> Schema:
    """The schema of a bot file, with the parts that its ``type`` and ``agent.type`` choose in their places."""
    return with_parts(chosen(value))


def with_parts(parts: Mapping[str, str]) -> Schema:
    """The schema of the whole file, with the chosen parts in their places."""
    bot = source("bot")
    inner = {key: source(part) for key, part in parts.items() if key != "card"}
    return {**bot, "properties": {**bot["properties"], **inner}}


def mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    """What a key holds; nothing where that is no mapping."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}
