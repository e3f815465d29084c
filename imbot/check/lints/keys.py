"""Lints of keys and their values, by the schema's annotations ``writeOnly`` and ``deprecated``."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from imbot.config.loader.literals import is_secret_name, literal_parts
from imbot.config.placeholders import near_misses
from imbot.config.schema import Schema, member
from imbot.config.yamlfile import YamlFile, span_at
from imbot.errors import Problem
from imbot.spec import BotSpec, Secret
from imbot.text.masking import SCHEME, is_dummy, is_weak
from imbot.text.pointers import escape, split_pointer


def literal_secrets(file: YamlFile, schema: Schema) -> Iterator[Problem]:
    """Secrets written in the file in plain text, also as the default of a placeholder."""
    for at, value, node in _values(file.value, schema, ""):
        if not node.get("writeOnly") or not isinstance(value, str) or near_misses(value):
            continue  # what is nearly a placeholder is told as that
        key = split_pointer(at)[-1]
        for span, literal in literal_parts(value, file.text, span_at(file.marks, at)):
            if _is_secret(key, literal):
                message = f"the secret `{key}` is written into the file in plain text"
                hint = f"put it into the environment or `.env`, and write <<{_variable(key)}>> here"
                yield Problem.at(
                    file.path, span, "secret.literal", message, hint, pointer=at, severity="warning"
                )


def weak_secrets(spec: BotSpec, told: Collection[str]) -> Iterator[Problem]:
    """Secrets that come from elsewhere and are so short or common that they cannot be hidden in texts.

    ``told`` are pointers of secrets that have a warning already.
    """
    for at, value in _secrets({"credentials": spec.credentials, "agent": spec.agent.settings}, ""):
        key = split_pointer(at)[-1]
        if at in told or not is_weak(value) or not _is_secret(key, value):
            continue
        message = f"the secret `{key}` is a short or common word, so logs and outputs cannot hide it"
        hint = "take one of at least 8 letters and digits; a new one can be made where this one comes from"
        yield Problem.at(
            spec.path, span_at(spec.marks, at), "secret.weak", message, hint, pointer=at, severity="warning"
        )


def _secrets(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Every secret with its pointer."""
    if isinstance(value, Secret):
        yield at, value.reveal()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets(item, f"{at}/{escape(key)}")


def deprecated_keys(file: YamlFile, schema: Schema) -> Iterator[Problem]:
    """Keys that still work but have been replaced."""
    for at, _, node in _values(file.value, schema, ""):
        if node.get("deprecated"):
            span = span_at(file.marks, at, key=True)
            message = f"`{split_pointer(at)[-1]}` is deprecated"
            hint = f"use `{node['x-replaced-by']}` instead"
            yield Problem.at(
                file.path, span, "schema.deprecated", message, hint, pointer=at, severity="warning"
            )


def _values(value: Any, schema: Schema, at: str) -> Iterator[tuple[str, Any, Schema]]:
    """Every value of a known key, with its pointer and schema."""
    if isinstance(value, dict):
        for key, item in value.items():
            node = member(schema, key)
            if node is not None:
                yield f"{at}/{escape(key)}", item, node
                yield from _values(item, node, f"{at}/{escape(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, schema.get("items", {}), f"{at}/{index}")


def _is_secret(key: str, literal: str) -> bool:
    """Whether a text under a key that may hold secrets is one: not every header is."""
    return bool(is_secret_name(key, guess=False) or SCHEME.match(literal)) and not is_dummy(literal)


def _variable(key: str) -> str:
    return re.sub(r"\W", "_", key).upper()
