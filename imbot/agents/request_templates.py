"""Templates over who asks, where and when: in the instructions, the body and the headers of a request.

A string is one if it names ``sender``, ``conversation``, ``bot`` or ``now`` in braces. Any other string with braces is
sent as it is written, as some servers have templates of their own; ``check`` warns of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from imbot.agents.settings import setting_error
from imbot.errors import AgentError
from imbot.model import Message, Sender
from imbot.spec import AgentSpec
from imbot.templates.budget import Budget
from imbot.templates.faults import TemplateFault
from imbot.text.sanitize import readable

KEYS = frozenset({"instructions", "body", "headers"})
"""The keys of an agent in which strings may be templates."""

_NAMES = frozenset({"sender", "conversation", "bot", "now"})
_IDS = _NAMES - {"now"}
_TEMPLATE = re.compile(
    r"\{\{-?\s*(?:(?:sender|conversation|bot)\b\s*[.|\[}]|now\b)"
    r"|\{%-?\s*(?:if|elif)\s+(?:not\s+)?(?:sender|conversation|bot|now)\b"
)
_LINE_BREAKS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # with which a value could hold further headers
_LONGEST = 200  # characters of a name that a person chose
_SAMPLE = Message("m", "cid", "group", Sender("user", "小明"), "", 0.0, conversation_title="群")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def is_template(text: str) -> bool:
    """Whether a string is a template, not text with braces."""
    return bool(_TEMPLATE.search(text))


class RequestTemplate:
    """A value of a bot file, drawn anew for each question.

    ``ids``: it may hold nothing that a person chose, and what it holds is percent-encoded, as in a header. Raises
    ConfigError for a template that cannot be drawn.
    """

    def __init__(self, spec: AgentSpec, key: str, value: Any, *, ids: bool = False) -> None:
        self._spec = spec
        self._ids = ids
        self._key = key
        self._draw = self._compiled(value, key)
        for kind in ("group", "single"):
            try:
                self._drawn(replace(_SAMPLE, conversation_kind=kind))
            except TemplateFault as error:
                raise self._problem(error, key) from None

    def draw(self, message: Message) -> Any:
        """The value for a message. Raises AgentError."""
        try:
            return self._drawn(message)
        except TemplateFault as error:
            raise AgentError(f"`{self._key}`: {error}", code="agent.template") from None

    def _drawn(self, message: Message) -> Any:
        with Budget():
            drawn = self._draw(self._variables(message))
        if self._ids:
            return {name: _LINE_BREAKS.sub("", str(value)) for name, value in drawn.items()}
        return drawn

    def _compiled(self, value: Any, key: str) -> Callable[[dict[str, Any]], Any]:
        if isinstance(value, str) and is_template(value):
            from imbot.templates.compile import compile_text

            try:
                template = compile_text(value, (), _IDS if self._ids else _NAMES)
            except TemplateFault as error:
                raise self._problem(error, key) from None
            return template.draw
        if isinstance(value, Mapping):
            parts = {name: self._compiled(item, f"{key}/{name}") for name, item in value.items()}
            return lambda variables: {name: draw(variables) for name, draw in parts.items()}
        if isinstance(value, list):
            items = [self._compiled(item, key) for item in value]
            return lambda variables: [draw(variables) for draw in items]
        return lambda _: value

    def _problem(self, error: TemplateFault, key: str) -> Exception:
        hint = error.fault.hint
        if self._ids:
            hint = "a header may hold `sender.id`, `conversation.id`, `conversation.kind` and `bot.name`"
        return setting_error(self._spec, key, error.fault.message, code="agent.template", hint=hint)

    def _variables(self, message: Message) -> dict[str, Any]:
        sender = {"id": message.sender.id}
        conversation = {"id": message.conversation_id, "kind": message.conversation_kind}
        bot = {"name": self._spec.bot.get("name", "")}
        if self._ids:
            return {
                name: {key: quote(value, safe="") for key, value in values.items()}
                for name, values in (("sender", sender), ("conversation", conversation), ("bot", bot))
            }
        return {
            "sender": sender | {"nick": _name(message.sender.nick)},
            "conversation": conversation | {"title": _name(message.conversation_title)},
            "bot": bot | {"title": self._spec.bot.get("title", "")},
            "now": _now(message.received_at, self._spec.time_zone),
        }


def _name(chosen: str) -> str:
    """A name that a person chose, on one line."""
    return " ".join(readable(chosen[:_LONGEST]).split())


def _now(at: float, time_zone: str) -> str:
    """A moment in words: ``2026-11-29 15:04 Sunday UTC+08:00``."""
    moment = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(time_zone) if time_zone else None)
    offset = moment.isoformat()[-6:]
    return f"{moment:%Y-%m-%d %H:%M} {_DAYS[moment.weekday()]} UTC{offset}"
