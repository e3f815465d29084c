"""What a template may use: plain values copied from a turn and its bot, the same names in every phase."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from imbot.cards.budget import shown
from imbot.model import CardContext, CardPhase, Citation
from imbot.spec import FeedbackButton, FeedbackSpec, Secret

_NAMES = (
    "question answer reasoning error phase buttons feedback suggestions citations bot sender conversation "
    "elapsed_s vars texts"
)
NAMES = frozenset(_NAMES.split())

# What comes from outside is cut to what a card can show, but for the answer: that is never cut.
_LONGEST = 20_000
_LONGEST_LABEL = 1_000
_MOST = 50

MakeButtons = Callable[[tuple[FeedbackButton, ...], str], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class BotVariables:
    """The part of the variables that is the same in every turn of a bot.

    ``make_buttons`` makes the rating buttons as the card's kind wants them, the chosen one marked.
    """

    bot: Mapping[str, str]
    vars: Mapping[str, Any]
    feedback: FeedbackSpec
    make_buttons: MakeButtons

    def of(self, context: CardContext) -> dict[str, Any]:
        """The variables of one phase of one turn (without ``texts``)."""
        return {
            "question": context.question[:_LONGEST],
            "answer": context.answer,
            "reasoning": context.reasoning[-_LONGEST:],
            "error": context.error[:_LONGEST],
            "phase": context.phase.value,
            "buttons": self._buttons(context),
            "feedback": {"chosen": context.chosen, "thanks": self.feedback.thanks},
            "suggestions": [text[:_LONGEST_LABEL] for text in context.suggestions[:_MOST]],
            "citations": [_citation(source) for source in context.citations[:_MOST]],
            "bot": self.bot,
            "sender": {"id": context.sender.id, "nick": context.sender.nick[:_LONGEST_LABEL]},
            "conversation": {"kind": context.conversation_kind},
            "elapsed_s": round(context.elapsed_s, 1),
            "vars": self.vars,
        }

    def _buttons(self, context: CardContext) -> list[dict[str, Any]]:
        """People rate complete answers only."""
        if context.phase is not CardPhase.FINAL:
            return []
        return self.make_buttons(self.feedback.buttons, context.chosen)


def carried(context: CardContext) -> int:
    """How much a card must be able to carry, in characters: all else is cut."""
    return len(context.answer)


def snapshot(value: Any) -> Any:
    """A copy made of plain mappings, lists and scalars; a secret stays hidden in it."""
    if isinstance(value, Mapping):
        return {shown(key): snapshot(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [snapshot(item) for item in value]
    return str(value) if isinstance(value, Secret) else value


def _citation(source: Citation) -> dict[str, str]:
    return {
        "title": source.title[:_LONGEST_LABEL],
        "url": source.url,
        "snippet": source.snippet[:_LONGEST],
    }
