"""Agents that do not behave: what they say is made fit to show, and what never ends is ended.

``guarded`` passes every event through here. What is kept of an answer is ``turn.answer``'s to bound.
"""

import asyncio
from dataclasses import replace

from imbot.errors import AgentError
from imbot.model import AgentEvent, Citation, ReasoningDelta, Suggestions, TextDelta, TextReplace
from imbot.text.sanitize import readable

MOST_CHARS = 250_000  # of one piece: more than any answer may have
MOST_EVENTS = 1_000_000  # events and characters of thinking in one answer
_MANY = 50  # suggestions
_LONGEST = 2_000  # characters of each, and of all that a citation holds
_TOLD = (TextDelta, TextReplace, ReasoningDelta)
_BREATH = 64  # events between which nothing else in the process would move, and ...
_BREATH_CHARS = 100_000  # ... characters


class EventSanitizer:
    """Makes the events of one answer fit to show, and ends what has no end."""

    def __init__(self) -> None:
        self._half = ""  # of a character whose other half comes with the next piece
        self._heard = 0
        self._events = self._chars = 0

    def sanitize(self, event: AgentEvent) -> AgentEvent | None:
        """The event as it may be shown; None: it says nothing. Raises AgentError where there is no end."""
        text = event.text if isinstance(event, _TOLD) else ""
        self._heard += 1 + (len(text) if isinstance(event, ReasoningDelta) else 0)
        self._events += 1
        self._chars += len(text)
        if self._heard > MOST_EVENTS:
            raise AgentError("the agent does not stop sending", code="endless")
        match event:
            case TextDelta(text) if text.isprintable() and 0 < len(text) <= MOST_CHARS and not self._half:
                return event  # most are like that
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
        return event

    @property
    def should_yield(self) -> bool:
        """Whether it is time to ``yield_to_others``: an agent may say thousands of things without a pause."""
        return self._events >= _BREATH or self._chars >= _BREATH_CHARS

    async def yield_to_others(self) -> None:
        """Let others move."""
        self._events = self._chars = 0
        await asyncio.sleep(0)

    def _whole(self, text: str) -> str:
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return readable(text.removesuffix(self._half) if self._half else text)
