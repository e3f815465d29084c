"""The variables of a template: plain values copied from a turn and its bot, the same in every phase."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from imbot.model import CardContext, Citation
from imbot.spec import FeedbackSpec, Secret
from imbot.templates.budget import to_text
from imbot.text.markdown import closed
from imbot.text.plain import plain_markdown

_NAMES = (
    "question answer reasoning error phase buttons feedback suggestions suggestion_links citations bot sender conversation "
    "elapsed_s vars commands limits texts"
)
TURN_VARIABLES = frozenset(_NAMES.split())

# Texts from outside are cut to what a card can show, except the answer, which is never cut.
_LONGEST = 20_000
_LONGEST_LABEL = 1_000
_MOST = 50

MakeButtons = Callable[[CardContext], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class BotVariables:
    """The part of the variables that is the same in every turn of a bot.

    ``commands`` are the words of each order, ``limits`` the bot file's.
    ``make_buttons`` makes the buttons of a turn as the card's kind wants them; ``say_link`` the address that sends
    a text when its link is pressed, if the platform has such links.
    """

    bot: Mapping[str, str]
    vars: Mapping[str, Any]
    feedback: FeedbackSpec
    make_buttons: MakeButtons
    commands: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    say_link: Callable[[str], str] | None = None

    def of(self, context: CardContext) -> dict[str, Any]:
        """The variables of a turn in one phase, without ``texts``."""
        suggestions = [text[:_LONGEST_LABEL] for text in context.suggestions[:_MOST]]
        return {
            "question": context.question[:_LONGEST],
            "answer": closed(context.answer),
            "reasoning": context.reasoning[-_LONGEST:],
            "error": context.error[:_LONGEST],
            "phase": context.phase.value,
            "buttons": self.make_buttons(context),
            "feedback": {"chosen": context.chosen, "thanks": self.feedback.thanks},
            "suggestions": suggestions,
            "suggestion_links": [self._linked(text) for text in suggestions],
            "citations": [_citation(source) for source in context.citations[:_MOST]],
            "bot": self.bot,
            "sender": {"id": context.sender.id, "nick": context.sender.nick[:_LONGEST_LABEL]},
            "conversation": {"kind": context.conversation_kind},
            "elapsed_s": round(context.elapsed_s, 1),
            "vars": self.vars,
            "commands": self.commands,
            "limits": self.limits,
        }

    def _linked(self, text: str) -> str:
        """A text as Markdown: a link that sends it, where there are such links."""
        return f"[{plain_markdown(text)}]({self.say_link(text)})" if self.say_link else plain_markdown(text)


def carried(context: CardContext) -> int:
    """The characters of the text that is never cut, which raise the budget."""
    return len(context.answer)


def snapshot(value: Any) -> Any:
    """A copy of plain mappings, lists and scalars, in which secrets are ``***``."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {to_text(key): snapshot(item) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [snapshot(item) for item in value]
    if is_dataclass(value):
        return {each.name: snapshot(getattr(value, each.name)) for each in fields(value)}
    return str(value) if isinstance(value, Secret) else value


def _citation(source: Citation) -> dict[str, str]:
    return {
        "title": source.title[:_LONGEST_LABEL],
        "url": source.url,
        "snippet": source.snippet[:_LONGEST],
    }
