"""What an agent answers, as events: text, reasoning, sources, its end. ``Agent.reply`` yields them."""

from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class Started:
    """The agent accepted the question. The ids are the agent's own, for its stop and feedback calls."""

    conversation_id: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class TextReplace:
    """The whole answer so far, which replaces what came before."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the agent's reasoning, which is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of the answer."""

    title: str
    url: str = ""
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life that shows nothing, such as a tool call. ``begun``: the answer has begun; if not, it is queued."""

    begun: bool = True


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the person might ask next, best first."""

    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """The agent knows no answer; the bot file's ``texts.not_found`` is shown instead of an answer."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens this answer took, as the agent counts them; of several in one answer the last one counts."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The end, exactly once and last. A failure is an ``AgentError``, raised instead."""

    reason: FinishReason = "stop"


AgentEvent = (
    Started
    | TextDelta
    | TextReplace
    | ReasoningDelta
    | Citation
    | Alive
    | Suggestions
    | NotFound
    | Usage
    | Finished
)
