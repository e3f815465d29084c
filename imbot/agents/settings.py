"""Helpers for agents that read their settings: problems with their places, values in the clear."""

from collections.abc import Mapping
from typing import Any

from imbot.errors import START, ConfigError, Problem
from imbot.spec import AgentSpec, Secret


def setting_error(spec: AgentSpec, key: str, message: str, *, code: str, hint: str = "") -> ConfigError:
    """A problem at ``/agent/<key>`` of the bot file, or at ``/agent`` if that key is absent."""
    pointer = f"/agent/{key}"
    span = spec.marks.values.get(pointer) or spec.marks.values.get("/agent") or START
    return ConfigError([Problem.at(spec.path, span, code, message, hint, pointer=pointer)])


def reveal(value: Any) -> Any:
    """The value with every secret in it in the clear, for the agent's own requests."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [reveal(item) for item in value]
    return value
