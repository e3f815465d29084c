"""A scripted agent: answers what a test file says, in the place of the bot's own agent."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from math import inf
from typing import Any

from imbot.agents import Agent
from imbot.config.loader.build import seconds
from imbot.errors import AgentError
from imbot.model import (
    AgentEvent,
    Citation,
    Exchange,
    Finished,
    Message,
    NotFound,
    ReasoningDelta,
    Suggestions,
    TextDelta,
)

PIECES = ("text", "reasoning", "suggestions", "citation", "not_found", "wait", "error", "silence")

# an event to yield, a number of seconds to wait, or an error to raise
Script = tuple[AgentEvent | float | AgentError, ...]


def script_of(written: Sequence[Any]) -> Script:
    """The script for the ``agent:`` list of a test file."""
    return tuple(said for piece in written for said in _said(piece))


def _said(piece: str | Mapping[str, Any]) -> Script:
    match piece:
        case str():
            return (TextDelta(piece),)
        case {"text": text}:
            gap_s = seconds(piece.get("every", "0ms"))
            repeated: list[AgentEvent | float] = [TextDelta(text), gap_s] * piece.get("repeat", 1)
            return tuple(repeated[:-1])
        case {"reasoning": text}:
            return (ReasoningDelta(text),)
        case {"suggestions": questions}:
            return (Suggestions(tuple(questions)),)
        case {"citation": fields}:
            return (Citation(**fields),)
        case {"not_found": _}:
            return (NotFound(),)
        case {"wait": duration}:
            return (seconds(duration),)
        case {"error": reason}:
            return (AgentError(reason, code="script"),)
        case _:
            return (inf,)


class ScriptedAgent:
    """Answers each message by its script; without one, asks ``instead_of``, which it does not close."""

    wants_history = True
    address = None

    def __init__(self, instead_of: Agent | None) -> None:
        self.scripts: dict[str, Script] = {}  # by message id
        self._instead_of = instead_of

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """Play the message's script to its end."""
        script = self.scripts.get(message.id)
        if script is None:
            if self._instead_of is None:
                raise AgentError("no script says what to answer here", code="script")
            async with aclosing(self._instead_of.reply(message, history)) as events:
                async for event in events:
                    yield event
            return
        for said in script:
            if isinstance(said, AgentError):
                raise said
            if isinstance(said, float):
                await asyncio.sleep(said)
            else:
                yield said
        yield Finished()

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
