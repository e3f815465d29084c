"""The answer while it grows: what the agent has said so far, and the card view that shows it."""

import asyncio

from imbot.cards import Card
from imbot.model import (
    AgentEvent,
    CardContext,
    CardPhase,
    CardView,
    Citation,
    NotFound,
    ReasoningDelta,
    Suggestions,
    TextDelta,
    TextReplace,
    TurnRecord,
)


class Draft:
    """One growing answer. Only ``turn.run_turn`` writes it; the flusher reads views of it."""

    def __init__(self, turn: TurnRecord, card: Card) -> None:
        self.turn = turn
        self.phase = CardPhase.THINKING
        self.error = ""
        self._card = card
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self._suggestions: tuple[str, ...] = ()
        self._citations: list[Citation] = []
        self._began = asyncio.get_running_loop().time()

    @property
    def answer(self) -> str:
        """The answer so far."""
        return _joined(self._answer)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the turn took its conversation."""
        return asyncio.get_running_loop().time() - self._began

    def take(self, event: AgentEvent) -> bool:
        """Add what the agent said; whether there is more to show than before."""
        match event:
            case TextDelta(text):
                self._answer.append(text)
            case TextReplace(text):
                self._answer = [text]
            case ReasoningDelta(text):
                self._reasoning.append(text)
            case Citation():
                self._citations.append(event)
            case Suggestions(questions):
                self._suggestions = questions
            case NotFound():
                self._answer = [self._card.text("not_found", self.context())]
            case _:
                return False
        self.phase = CardPhase.STREAMING
        return True

    def end(self, phase: CardPhase) -> None:
        """Enter a terminal phase; ``error`` and ``stopped`` get their kind sentence."""
        self.phase = phase
        if phase is not CardPhase.FINAL:
            self.error = self._card.text(str(phase), self.context())

    def context(self) -> CardContext:
        """What templates may use now."""
        return CardContext(
            phase=self.phase,
            question=self.turn.question,
            answer=self.answer,
            reasoning=_joined(self._reasoning),
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

    def extras(self) -> dict[str, object]:
        """What drawing this card again will need beyond the record's own fields; JSON values."""
        return {
            "elapsed_s": round(self.elapsed_s, 3),
            "suggestions": list(self._suggestions),
            "citations": [[c.title, c.url, c.snippet] for c in self._citations],
        }


def context_of(turn: TurnRecord, chosen: str = "") -> CardContext:
    """What templates may use to draw the card of a finished turn again, for somebody who chose a rating."""
    extras = turn.extras
    return CardContext(
        phase=turn.phase,
        question=turn.question,
        answer=turn.answer,
        error=turn.error,
        chosen=chosen,
        suggestions=tuple(extras.get("suggestions", ())),
        citations=tuple(Citation(*fields) for fields in extras.get("citations", ())),
        sender=turn.sender,
        conversation_kind=turn.conversation_kind,
        elapsed_s=extras.get("elapsed_s", 0.0),
    )


def ending(turn: TurnRecord) -> bool:
    """Whether the complete answer is recorded and may be seen, though its card's end is not confirmed yet."""
    return not turn.phase.terminal and bool(turn.layout) and not turn.error


def _joined(parts: list[str]) -> str:
    """The whole text; joins in place, so that reading often stays cheap."""
    if len(parts) > 1:
        parts[:] = ["".join(parts)]
    return parts[0] if parts else ""
