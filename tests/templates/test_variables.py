import pytest

from imbot.model import CardContext, CardPhase, Citation, Sender
from imbot.spec import FeedbackButton, FeedbackSpec, Secret
from imbot.templates.variables import TURN_VARIABLES, BotVariables, carried, snapshot


@pytest.fixture
def variables():
    feedback = FeedbackSpec((FeedbackButton("👍", "good"),), "谢谢")
    return BotVariables(
        {"name": "a", "title": "A"}, {"x": 1}, feedback, lambda context: [context.phase, context.chosen]
    )


@pytest.mark.parametrize("phase", list(CardPhase))
def test_every_name_is_there_in_every_phase(variables, phase):
    assert variables.of(CardContext(phase)).keys() == TURN_VARIABLES - {"texts"}


def test_the_turn_is_copied_into_plain_values(variables):
    context = CardContext(
        CardPhase.FINAL,
        question="q",
        chosen="good",
        suggestions=("s",),
        citations=(Citation("t", "u", "n"),),
        sender=Sender("id", "nick"),
        conversation_kind="group",
        elapsed_s=1.26,
    )
    given = variables.of(context)
    assert given["suggestions"] == ["s"]
    assert given["citations"] == [{"title": "t", "url": "u", "snippet": "n"}]
    assert given["sender"] == {"id": "id", "nick": "nick"}
    assert given["conversation"] == {"kind": "group"}
    assert (given["phase"], given["elapsed_s"]) == ("final", 1.3)
    assert given["feedback"] == {"chosen": "good", "thanks": "谢谢"}


def test_buttons_are_made_for_the_turn(variables):
    assert variables.of(CardContext(CardPhase.FINAL, chosen="good"))["buttons"] == ["final", "good"]


def test_only_the_answer_is_never_cut(variables):
    long = "x" * 100_000
    context = CardContext(
        CardPhase.FINAL,
        question=long,
        answer=long,
        reasoning=long,
        suggestions=(long,) * 100,
        sender=Sender("u", long),
    )
    given = variables.of(context)
    assert given["answer"] == long
    assert len(str(given)) < 400_000
    assert carried(context) == len(long)


def test_a_snapshot_is_plain_and_hides_secrets():
    value = {"a": (1, Secret("k")), "b": {"c": Secret("k")}, "d": None}
    assert snapshot(value) == {"a": [1, "***"], "b": {"c": "***"}, "d": None}


def test_the_answer_never_ends_inside_a_code_block(variables):
    given = variables.of(CardContext(CardPhase.STREAMING, answer="so:\n\n```python\nx = 1"))

    assert given["answer"].splitlines()[-1] == "```"
