"""From a validated value to a spec: defaults filled in, every value in its final form. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from imbot.config.loader.fingerprint import fingerprint
from imbot.config.loader.resolve import ResolvedValues
from imbot.config.schema import Schema, source
from imbot.config.yamlfile import YamlFile
from imbot.model import CardPhase
from imbot.spec import (
    Access,
    AgentSpec,
    BotSpec,
    CardSpec,
    Commands,
    ConversationSpec,
    FeedbackButton,
    FeedbackSpec,
    HistorySpec,
    Limits,
    QuotaSpec,
    Secret,
    TextFile,
    Throttle,
    Timeouts,
)
from imbot.text.pointers import escape

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def build(
    value: dict[str, Any],
    schema: Schema,
    name: str,
    found: ResolvedValues,
    files: Mapping[str, TextFile],
    file: YamlFile,
) -> BotSpec:
    """The spec of a value that has no error."""
    meant = _meant(value, schema, "", found)
    credentials = schema["properties"]["credentials"]["properties"]
    identity = next(
        (value for key, value in meant["credentials"].items() if credentials[key].get("x-identity")), ""
    )
    agent, conversation, commands, feedback = (
        meant[key] for key in ("agent", "conversation", "commands", "feedback")
    )
    spec = BotSpec(
        name=name,
        title=meant.get("title", name),
        enabled=meant["enabled"],
        type=meant["type"],
        identity=identity,
        credentials=meant["credentials"],
        agent=AgentSpec(
            type=agent["type"],
            settings={key: setting for key, setting in agent.items() if key != "type"},
            path=file.path,
            marks=file.marks,
            bot={"name": name, "title": meant.get("title", name)},
            time_zone=meant.get("time_zone", ""),
        ),
        timeouts=_timeouts(meant["timeouts"]),
        history=HistorySpec(**meant["history"]),
        conversation=ConversationSpec(conversation["group"], conversation["idle"]),
        commands=Commands(**{order: tuple(words) for order, words in commands.items()}),
        texts=meant["texts"],
        card=_card(meant["card"], files, found.meant, file),
        throttle=_throttle(meant["throttle"]),
        quota=QuotaSpec(**meant["quota"]),
        feedback=FeedbackSpec(
            tuple(FeedbackButton(**button) for button in feedback["buttons"]), feedback["thanks"]
        ),
        limits=Limits(**meant["limits"]),
        access=Access(**{who: tuple(ids) for who, ids in meant["access"].items()}),
        path=file.path,
        marks=file.marks,
    )
    return replace(spec, fingerprint=fingerprint(spec))


@cache
def _kind_keys() -> tuple[str, ...]:
    """The keys of ``card`` that only its kind reads, as the schema marks them."""
    card = source("bot")["properties"]["card"]["properties"]
    return tuple(key for key, part in card.items() if "x-kind-own" in part)


def _card(
    card: dict[str, Any], files: Mapping[str, TextFile], near: Mapping[str, str], file: YamlFile
) -> CardSpec:
    return CardSpec(
        kind=card["kind"],
        own={key: card[key] for key in _kind_keys() if key in card},
        vars=card["vars"],
        templates={CardPhase(phase): layout for phase, layout in card["templates"].items()},
        mention_sender=card["mention_sender"],
        actions=tuple(card["actions"]),
        actions_by=card["actions_by"],
        action_labels=card["action_labels"],
        files=files,
        meant=near,
        path=file.path,
        marks=file.marks,
    )


def _timeouts(value: dict[str, Any]) -> Timeouts:
    return Timeouts(
        value["connect"], value["first_event"], value["idle"], value.get("total"), value["queued"]
    )


def _throttle(value: dict[str, Any]) -> Throttle:
    return Throttle(value["pace"], value["max_updates"], value["interval"], value["chunks"])


def _meant(value: Any, schema: Schema, at: str, found: ResolvedValues) -> Any:
    """The value in its final form: defaults filled in, durations in seconds, contents instead of paths."""
    if at in found.contents:
        return found.contents[at]
    if isinstance(value, dict):
        other = schema.get("additionalProperties")
        default = other if isinstance(other, dict) else {}
        known = schema.get("properties", {})
        given = {
            key: _meant(item, known.get(key, default), f"{at}/{escape(key)}", found)
            for key, item in value.items()
        }
        absent = {key: _absent(part) for key, part in known.items() if key not in value}
        return given | {key: meant for key, meant in absent.items() if meant is not None}
    if isinstance(value, list):
        return [_meant(item, schema.get("items", {}), f"{at}/{i}", found) for i, item in enumerate(value)]
    if isinstance(value, str):
        return _meant_text(value, schema, at, found)
    # the schema's integers may be written 20.0, and its numbers 20
    kind = {"integer": int, "number": float}.get(schema.get("type", ""))
    return kind(value) if kind and isinstance(value, int | float) else value


def _absent(schema: Schema) -> Any:
    """The value of an absent key: its default, or a mapping whose keys are all optional; None: there is none."""
    optional = schema.get("type") == "object" and "properties" in schema and not schema.get("required")
    default = schema.get("default", {} if optional else None)
    return None if default is None else _meant(default, schema, "", ResolvedValues())


def _meant_text(value: str, schema: Schema, at: str, found: ResolvedValues) -> Any:
    if schema.get("writeOnly") or at in found.secrets:
        return Secret(value)
    return seconds(value) if schema.get("format") == "duration" else value


def seconds(duration: str) -> float:
    """The seconds of a valid duration (`500ms`, `2s`, `5m`, `1h`)."""
    unit = "ms" if duration.endswith("ms") else duration[-1]
    return float(duration.removesuffix(unit)) * _UNITS[unit]
