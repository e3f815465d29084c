"""The schemas of a bot file, as chosen by its ``type``, ``agent.type`` and ``card.kind``. Pure."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from imbot.config import schema
from imbot.config.schema import Schema, source


def chosen(value: dict[str, Any]) -> dict[str, str]:
    """The schema's name of each part whose ``type`` or ``kind`` is known, by the part's key."""
    names = {
        "credentials": ("types", value.get("type", source("bot")["properties"]["type"]["default"])),
        "agent": ("agents", mapping(value, "agent").get("type")),
        "card": ("cards", kind_of(value)),
    }
    return {key: f"{group}/{name}" for key, (group, name) in names.items() if name in schema.names(group)}


def kinds_of(value: dict[str, Any]) -> tuple[str, ...]:
    """The card kinds of a file's platform type, its default first; all kinds for an unknown type."""
    name = value.get("type", source("bot")["properties"]["type"]["default"])
    if name not in schema.names("types"):
        return schema.names("cards")
    return tuple(source(f"types/{name}")["x-kinds"])


def kind_of(value: dict[str, Any]) -> Any:
    """The card kind of a file, or the default of its platform type."""
    return mapping(value, "card").get("kind", kinds_of(value)[0])


def whole_schema(value: dict[str, Any]) -> Schema:
    """The schema of a bot file, with the schemas of the parts that its ``type`` and ``agent.type`` choose."""
    return with_parts(chosen(value))


def with_parts(parts: Mapping[str, str]) -> Schema:
    """The schema of a bot file with these parts, by their keys."""
    return _with(parts.get("credentials"), parts.get("agent"))


@cache
def _with(credentials: str | None, agent: str | None) -> Schema:
    bot = source("bot")
    inner = {} if agent is None else {"agent": source(agent)}
    if credentials is not None:
        inner["credentials"] = source(credentials)
        inner["card"] = _with_default_kind(bot["properties"]["card"], source(credentials)["x-kinds"][0])
    return {**bot, "properties": {**bot["properties"], **inner}}


def _with_default_kind(card: Schema, kind: str) -> Schema:
    properties = card["properties"]
    return {**card, "properties": {**properties, "kind": {**properties["kind"], "default": kind}}}


def mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    """The mapping at a key; empty if there is none."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}
