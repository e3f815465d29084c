"""Reads the chunks of functions: strings, or the objects that JitAi agents pass to their callback."""

from collections.abc import Mapping
from typing import Any, get_args

from imbot.model import AgentEvent, ReasoningDelta, TextDelta

_EVENTS = get_args(AgentEvent)
_TEXT = "TEXT_MESSAGE_CONTENT"
_REASONING = "REASONING_CONTENT"
_KEYS = ("content", "text", "answer", "output", "data")


def event_of(chunk: Any) -> AgentEvent | None:
    """The event of a chunk; None for what is not shown, such as tool calls.

    A chunk without a type is text, as old versions send it.
    """
    if isinstance(chunk, _EVENTS):
        return chunk  # type: ignore[no-any-return]  # get_args has lost the types
    if isinstance(chunk, Mapping):
        kind = chunk.get("type", _TEXT)
        text = text_of(chunk.get("data", chunk))
        if kind == _REASONING and text:
            return ReasoningDelta(text)
        return TextDelta(text) if kind == _TEXT and text else None
    return TextDelta(chunk) if isinstance(chunk, str) and chunk else None


def text_of(value: Any) -> str:
    """The text of a function's result: a string, the last text of a list, or a text in a mapping.

    Else empty.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return next(filter(None, map(text_of, reversed(value))), "")
    if isinstance(value, Mapping):
        return next(filter(None, (text_of(value[key]) for key in _KEYS if key in value)), "")
    return ""
