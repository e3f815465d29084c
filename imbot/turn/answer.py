"""The answer while it grows: what the agent has said so far, and the card view that shows it."""

import asyncio
from dataclasses import replace
from typing import Any

from imbot.cards import Card
from imbot.model import (
    AgentEvent,
    CardContext,
    CardPhase,
    CardView,
    Citation,
    Finished,
    FinishReason,
    NotFound,
    ReasoningDelta,
    Suggestions,
    TextDelta,
    TextReplace,
    TurnRecord,
    Usage,
)
from imbot.turn.embedded import Embedded
from imbot.turn.truncate import OverflowBytes, Truncated, truncate

# Only the end of a longer reasoning is kept. Layouts show even less of it.
_REASONING_CHARS = 20_000
_MOST = 50  # citations, suggestions
# The text of the bot file that is shown below an answer which the agent did not complete.
_NOTES: dict[FinishReason, str] = {"length": "truncated", "content_filter": "filtered"}

# A process numbers its changes of a card from 1. Before the first change it journals that no number will be larger
# than this, so that a process which takes the card over begins above it.
SEQUENCE_BLOCK = 10_000


class Answer:
    """One growing answer of at most ``most_chars`` characters.

    Only ``run.run_turn`` adds to it and ends it. The card writer draws views of it.
    """

    def __init__(self, turn: TurnRecord, card: Card, most_chars: int, *, unread: bool = False) -> None:
        self.turn = turn
        self.full = False  # the agent has said more than an answer may hold
        self.phase = CardPhase.THINKING
        self.error = ""
        self.not_found = False  # the agent knows no answer
        self.usage: Usage | None = None  # as the agent reported it
        self.sequence = (
            0  # the largest number that a change of the card may have; 0: changes are not numbered
        )
        self.made_of: list[Any] = []  # the result of ``made_of`` for the view that the card was created with
        self._card = card
        self._unread = unread  # the message holds more than the agent got
        self._most_chars = most_chars
        self._pieces: list[str] = []
        self._embedded = Embedded()
        self._chars = 0
        self._reasoning = ""
        self._suggestions: tuple[str, ...] = ()
        self._citations: list[Citation] = []
        self._reason: FinishReason = "stop"
        self._note = ""  # stands below the answer, and is no part of it
        self._began = asyncio.get_running_loop().time()

    @property
    def text(self) -> str:
        """The answer so far."""
        return _joined(self._pieces)

    @property
    def open_phase(self) -> CardPhase:
        """The phase to journal until the end is shown: never a terminal one."""
        return CardPhase.STREAMING if self.phase.terminal else self.phase

    @property
    def elapsed_s(self) -> float:
        """Seconds since the turn began to run. Its time in the queue does not count."""
        return asyncio.get_running_loop().time() - self._began

    def add(self, event: AgentEvent) -> bool:
        """Add an event of the agent. True if the card may look different now."""
        match event:
            case TextDelta(text):
                self._add(text)
            case TextReplace(text):
                self._replace(text)
            case ReasoningDelta(text):
                self._reasoning = (self._reasoning + text)[-_REASONING_CHARS:]
            case Citation():
                self._citations = [*self._citations, event][:_MOST]
            case Suggestions(questions):
                self._suggestions = questions[:_MOST]
            case NotFound():
                self.not_found = True
                self._replace(self._card.text("not_found", self.context()))
            case Usage():
                self.usage = event
                return False
            case Finished(reason):
                self._reason = reason
                return False
            case _:
                return False
        self.phase = CardPhase.STREAMING
        return True

    def _replace(self, text: str) -> None:
        self._pieces, self._chars, self._embedded = [], 0, Embedded()
        self._add(text)

    def _add(self, text: str) -> None:
        back, text = self._embedded.without(text, lambda: self._card.text("left_out", self.context()))
        if back:
            self._pieces = [self.text[:-back]]
            self._chars -= back
        room = self._most_chars - self._chars
        self.full = len(text) > room
        self._pieces.append(text[:room])
        self._chars += min(len(text), room)

    def end(self, phase: CardPhase, text: str = "") -> None:
        """Enter a terminal phase. Every phase but ``final`` gets a text from the bot file as ``error``.

        ``text`` is its name, by default that of the phase. An answer that was cut because it was too long ends as
        ``stopped``, with the text ``cut``. One that the agent itself did not complete has a note below it.
        """
        name = text or str(phase)
        if self.full and phase is CardPhase.FINAL:
            phase, name = CardPhase.STOPPED, "cut"
        self.phase = phase
        if phase is not CardPhase.FINAL:
            self.error = self._card.text(name, self.context())
        else:
            names = [*(["unread"] if self._unread else []), *filter(None, [_NOTES.get(self._reason)])]
            self._note = "\n\n".join(self._card.text(name, self.context()) for name in names)

    def context(self) -> CardContext:
        """The values that templates may use now."""
        return CardContext(
            phase=self.phase,
            question=self.turn.question,
            answer=_with_note(self.text, self._note),
            reasoning=self._reasoning,
            error=self.error,
            suggestions=self._suggestions,
            citations=tuple(self._citations),
            sender=self.turn.sender,
            conversation_kind=self.turn.conversation_kind,
            elapsed_s=self.elapsed_s,
        )

    def view(self) -> CardView:
        """The card as it should look now."""
        return self._card.render(self.context())

    def truncated(self, overflow_bytes: OverflowBytes) -> Truncated:
        """The card as it should look now, with as much of the answer as one card takes, and the rest."""
        return truncate(self._card, self.context(), overflow_bytes)

    def card_extras(self) -> dict[str, object]:
        """The part of ``TurnRecord.extras`` that another process needs to go on with the card; JSON values."""
        return {"made_of": self.made_of} | ({"sequence": self.sequence} if self.sequence else {})

    def extras(self) -> dict[str, object]:
        """The ``TurnRecord.extras``: what drawing the card again needs besides the record's fields; JSON values."""
        return {
            "ending": str(self.phase),
            **self.card_extras(),
            **({"note": self._note} if self._note else {}),
            "elapsed_s": round(self.elapsed_s, 3),
            "suggestions": list(self._suggestions),
            "citations": [[c.title, c.url, c.snippet] for c in self._citations],
        }


def made_of(view: CardView) -> list[Any]:
    """What never changes in a card that exists, even if its bot file does: ``[kind, native]``, JSON values."""
    return [view.kind, dict(view.native)]


def card_context(turn: TurnRecord, chosen: str = "") -> CardContext:
    """The values to draw the card of a finished turn again, for a viewer whose rating is ``chosen``.

    If the answer was sent as a message, ``extras["instead"]`` is the text that the card shows in its place.
    """
    extras = turn.extras
    if instead := extras.get("instead"):
        return CardContext(
            phase=CardPhase.FINAL,
            question=turn.question,
            answer=instead,
            chosen=chosen,
            replaced=turn.replaced,
            sender=turn.sender,
            conversation_kind=turn.conversation_kind,
            elapsed_s=extras.get("elapsed_s", 0.0),
        )
    return CardContext(
        phase=turn.phase,
        question=turn.question,
        answer=_with_note(turn.answer, extras.get("note", "")),
        error=turn.error,
        chosen=chosen,
        retry=extras.get("retry", False),
        replaced=turn.replaced,
        suggestions=tuple(extras.get("suggestions", ())),
        citations=tuple(Citation(*fields) for fields in extras.get("citations", ())),
        sender=turn.sender,
        conversation_kind=turn.conversation_kind,
        elapsed_s=extras.get("elapsed_s", 0.0),
    )


def as_seen(turn: TurnRecord) -> TurnRecord:
    """The turn with the end that is journalled but not confirmed, if there is one: its card may show it already."""
    if turn.phase.terminal or "ending" not in turn.extras:
        return turn
    return replace(turn, phase=CardPhase(turn.extras["ending"]))


def _with_note(answer: str, note: str) -> str:
    return f"{answer}\n\n{note}" if note else answer


def _joined(parts: list[str]) -> str:
    """The whole text; joins in place, so that reading often stays cheap."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""
