"""Reads the chunks of functions: strings, or the objects that JitAi agents pass to their callback.

Chunks are user code: reading one may raise anything. What is returned is of plain types only.
"""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, get_args

from imbot.model import AgentEvent, Alive, NotFound, ReasoningDelta, TextDelta, TextReplace

NOTHING = Alive()
"""The event of a chunk that is not shown."""

_EVENTS = get_args(AgentEvent)
_TEXT = "TEXT_MESSAGE_CONTENT"
_REASONING = "REASONING_CONTENT"
_KEYS = ("content", "text", "answer", "output", "data")


def event_of(chunk: Any) -> AgentEvent:
    """The event of a chunk; ``NOTHING`` for what is not shown, such as tool calls.

    A chunk without a type is text, as old versions send it. Raises TypeError for an event with wrong values.
    """
    if isinstance(chunk, str):
        return TextDelta(text_of(chunk))
    for kind in _EVENTS:
        if isinstance(chunk, kind):
            return kind(*(_plain(kind, each, getattr(chunk, each.name)) for each in fields(kind)))  # type: ignore[no-any-return]  # get_args has lost the types
    if isinstance(chunk, Mapping):
        kind, text = chunk.get("type", _TEXT), text_of(chunk.get("data", chunk))
        if kind == _REASONING and text:
            return ReasoningDelta(text)
        return TextDelta(text) if kind == _TEXT and text else NOTHING
    return NOTHING


def says_something(event: AgentEvent) -> bool:
    """Whether the event makes an answer."""
    return isinstance(event, TextReplace | NotFound) or (isinstance(event, TextDelta) and event.text != "")


def _plain(kind: type, each: Field[Any], value: Any) -> Any:
    """The value of an event's field, without subclasses."""
    if each.name == "questions":
        if isinstance(value, list | tuple):
            return tuple(map(text_of, value))
    elif each.type is bool:
        return value is True
    elif each.type is int:
        if isinstance(value, int):
            return int.__int__(value)
    elif isinstance(value, str):
        return str.__str__(value)
    raise TypeError(f"`{each.name}` of a {kind.__name__} is a {type(value).__name__}")


def text_of(value: Any) -> str:
    """The text of a function's result: a string, the last text of a list, or a text in a mapping.

    Else empty.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple):
        return next(filter(None, map(text_of, reversed(value))), "")
    if isinstance(value, Mapping):
        return next(filter(None, (text_of(value[key]) for key in _KEYS if key in value)), "")
    return ""
