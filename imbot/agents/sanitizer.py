"""Cleans the events of agents so that they can be shown, and ends answers that never stop.

``guarded`` passes every event through here. The length of the answer itself is limited by ``turn.answer``.
"""

import asyncio
from dataclasses import replace

from imbot.agents.tokens import token_count
from imbot.errors import AgentError
from imbot.model import AgentEvent, Citation, ReasoningDelta, Suggestions, TextDelta, TextReplace, Usage
from imbot.text.sanitize import readable

MOST_CHARS = 250_000  # of one piece, more than any answer may have
MOST_EVENTS = 1_000_000  # events plus characters of reasoning, in one answer
_MANY = 50  # suggestions
_LONGEST = 2_000  # characters of each, and of all that a citation holds
_TOLD = (TextDelta, TextReplace, ReasoningDelta)
_BREATH = 64  # events after which other tasks get a turn, or ...
_BREATH_CHARS = 100_000  # ... characters


class EventSanitizer:
    """Cleans the events of one answer, and limits their number."""

    def __init__(self) -> None:
        self._half = ""  # a surrogate whose other half comes with the next piece
        self._heard = 0
        self._events = self._chars = 0

    def sanitize(self, event: AgentEvent) -> AgentEvent | None:
        """The event as it may be shown; None if it is empty. Raises AgentError if there are too many."""
        text = event.text if isinstance(event, _TOLD) else ""
        self._heard += 1 + (len(text) if isinstance(event, ReasoningDelta) else 0)
        self._events += 1
        self._chars += len(text)
        if self._heard > MOST_EVENTS:
            raise AgentError("the agent does not stop sending", code="endless")
        match event:
            case TextDelta(text) if text.isprintable() and 0 < len(text) <= MOST_CHARS and not self._half:
                return event  # the usual case
            case TextDelta(text):
                text = self._whole(text[:MOST_CHARS])
                return TextDelta(text) if text else None
            case TextReplace(text):
                self._half = ""
                return TextReplace(readable(text[:MOST_CHARS]))
            case ReasoningDelta(text):
                return ReasoningDelta(readable(text[:MOST_CHARS])) if text else None
            case Citation(title, url, snippet):
                return Citation(*(readable(part[:_LONGEST]) for part in (title, url, snippet)))
            case Suggestions(questions):
                return replace(
                    event, questions=tuple(readable(text[:_LONGEST]) for text in questions[:_MANY])
                )
            case Usage(prompt, completion):
                return Usage(token_count(prompt), token_count(completion))
        return event

    @property
    def should_yield(self) -> bool:
        """Whether to call ``yield_to_others`` now: an agent may send thousands of events without a pause."""
        return self._events >= _BREATH or self._chars >= _BREATH_CHARS

    async def yield_to_others(self) -> None:
        """Let other tasks run."""
        self._events = self._chars = 0
        await asyncio.sleep(0)

    def _whole(self, text: str) -> str:
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return readable(text.removesuffix(self._half) if self._half else text)
