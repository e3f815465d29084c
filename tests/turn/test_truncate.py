"""What a card holds of a long answer."""

import pytest
from botfolder import bot, spec_of
from dingtalk_cards import prepare_card

from imbot.model import CardContext, CardPhase
from imbot.text.markdown import size
from imbot.turn.truncate import LONG_QUESTION, truncate

ROOM = 2_000
LONG = "\n\n".join(f"第 {n} 段。" + "内容" * 30 for n in range(60))
CODE = "看这里：\n\n```python\n" + "value = compute(1)\n" * 300


def overflow_bytes(view):
    return max(0, max(map(size, view.data.values())) - ROOM)


@pytest.fixture
def fit(tmp_path):
    """Fit an answer onto the card of a bot file with these lines more."""

    def of(answer, phase=CardPhase.FINAL, more="", overflow_bytes=overflow_bytes, **context):
        card = prepare_card(spec_of(tmp_path, bot(more=more)))
        return truncate(card, CardContext(phase, answer=answer, **context), overflow_bytes)

    return of


def content(fit):
    return fit.view.data["msgContent"]


def test_a_short_answer_is_all_on_the_card(fit):
    found = fit("短")
    assert (content(found), found.rest) == ("短", "")


def test_the_card_holds_the_head_and_says_that_it_goes_on(fit):
    found = fit(LONG)
    head, note = content(found).rsplit("\n\n", 1)
    assert f"{head}\n\n{found.rest}" == LONG
    assert "余下部分" in note
    assert ROOM * 0.7 < size(content(found)) <= ROOM


def test_the_head_stays_while_the_answer_grows(fit):
    shorter, longer = (fit(LONG[:length], CardPhase.STREAMING) for length in (2000, 4000))
    assert content(shorter) == content(longer)
    assert "还在继续写" in content(longer)


def test_code_that_is_cut_is_closed_on_the_card_and_opened_again_in_the_rest(fit):
    found = fit(CODE)
    assert content(found).count("```") == 2
    assert content(found).rindex("```") < content(found).rindex("余下部分")
    assert found.rest.startswith("```python\n")


def test_what_a_layout_adds_is_counted_too(fit):
    more = 'card: {templates: {final: {msgContent: "{{ answer }}\\n\\n{{ answer }}\\n\\n电话 12345"}}}\n'
    found = fit(LONG, more=more)
    assert size(content(found)) <= ROOM
    assert content(found).endswith("电话 12345")
    assert found.rest


def test_the_sentence_of_an_error_stands_on_the_card(fit):
    found = fit(LONG, CardPhase.ERROR, error="出错了")
    assert content(found).endswith("出错了")
    assert found.rest


def test_a_long_question_makes_room_for_the_answer(fit):
    more = 'card: {templates: {final: {msgTitle: "{{ question }}", msgContent: "{{ answer }}"}}}\n'
    found = fit("短", more=more, question="问" * 20_000)
    assert found.view.data["msgTitle"] == "问" * LONG_QUESTION + "…"
    assert (content(found), found.rest) == ("短", "")


def test_a_card_that_never_fits_is_drawn_all_the_same(fit):
    found = fit(LONG, overflow_bytes=lambda _: 100)
    assert found.rest
    assert found.view.data["msgContent"]


def test_the_text_that_stands_in_for_a_card_has_no_open_code_either(fit):
    found = fit("```\nx", CardPhase.STOPPED, error="停了")
    assert content(found) == found.view.text == "```\nx\n```\n\n停了"
