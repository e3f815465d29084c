"""A scripted agent: says what a test file wrote, in the place of the agent a bot file asks for."""

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

# An event is said, a number of seconds waited, an error raised.
Script = tuple[AgentEvent | float | AgentError, ...]


def script_of(written: Sequence[Any]) -> Script:
    """What a test file means by a list of pieces, each of which says one thing."""
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
    """Answers by the script of each message, else as the agent it stands in for, which it does not own."""

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
        """Nothing is held."""
