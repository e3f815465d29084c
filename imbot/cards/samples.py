"""Sample turns: a card is drawn with them before it becomes active, to find faults that live turns would meet."""

from collections.abc import Iterator
from dataclasses import dataclass

from imbot.model import CardContext, CardPhase, Citation, Sender

NASTY = """She said "it's fine" <<HOME>> {{ 7*7 }} {% raw %} ${x} %s {"a": [1]} \\n\\ 你好 😀👨‍👩‍👧 <b>&amp;</b>\r\n\n# Title\n| a | b |\n- """


@dataclass(frozen=True, slots=True)
class SampleTurn:
    """One sample turn; ``name`` completes the sentence "it fails with ..."."""

    name: str
    context: CardContext


def samples(phase: CardPhase) -> Iterator[SampleTurn]:
    """Sample turns in a phase, the most ordinary first."""
    yield SampleTurn("an ordinary turn", _turn(phase, "您好", chosen=""))
    yield SampleTurn("an empty turn", CardContext(phase))
    yield SampleTurn("quotes, braces, newlines and emoji", _turn(phase, NASTY, chosen="helpful"))
    yield SampleTurn("very long texts", _turn(phase, "长" * 10_000, chosen="helpful"))


def _turn(phase: CardPhase, text: str, chosen: str) -> CardContext:
    return CardContext(
        phase=phase,
        question=text,
        answer=text,
        reasoning=text,
        error=text,
        chosen=chosen,
        suggestions=(text, "还有吗？"),
        citations=(Citation(text, "https://example.com/a?b=c&d=%20", text), Citation(text)),
        sender=Sender("u1", text),
        conversation_kind="group",
        elapsed_s=12.34,
        retry=phase is CardPhase.STOPPED,
    )
