"""The auditor finds what is planted, and nothing else."""

import pytest
from auditor import Auditor, Kind, mark

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.simulator.values import AI_MARKDOWN, Call, Card, Message

APP = "app-a"


class Planted:
    """A chat in which a test answers as it likes."""

    def __init__(self):
        self.sim = Simulator()
        self.sim.add_app(APP, "s")
        self.auditor = Auditor(self.sim)

    async def ask(self, **where):
        asked = await self.auditor.ask(APP, "u-lilei", "polite", **where)
        asked.messages[0].acked = True
        return asked

    def card(self, asked, text, flow="3", name="card1", **more):
        where = asked.messages[0].conversation
        data = {"flowStatus": flow, "msgContent": text}
        self.sim.world.cards[name] = Card(name, AI_MARKDOWN, APP, data, **{"conversation": where, **more})

    def text(self, asked, text):
        message = asked.messages[0]
        self.sim.world.show(Message(message.conversation, message.app, None, "markdown", text=text))

    def kinds(self, doubtful=()) -> list[Kind]:
        return [finding.kind for finding in self.auditor.findings(doubtful)]


@pytest.fixture
async def planted():
    return Planted()


def said(text):
    """The mark as it is drawn, for the first question."""
    return text.replace("{{ question[:5] }}", "q0001")


FINAL = said(mark("final", "g1"))
ALL = "q0001.0@g1; q0001.1@g1; q0001.end@g1;"


async def test_a_card_with_the_whole_answer_is_fine(planted):
    asked = await planted.ask()
    planted.card(asked, f"{FINAL}{ALL}")
    assert planted.kinds() == []
    assert planted.auditor.waiting() == []


@pytest.mark.parametrize("phase", ["error", "stopped"])
async def test_an_end_with_a_part_of_the_answer_is_fine(planted, phase):
    planted.card(await planted.ask(), f"{said(mark(phase))} q0001.0@g1; q0001.1@g1;", "5")
    assert planted.kinds() == []


async def test_a_card_without_marks_is_known_by_its_words_and_state(planted):
    asked = await planted.ask()
    planted.card(asked, ALL)
    assert planted.kinds() == []
    planted.card(asked, "q0001.0@g1;")
    assert planted.kinds() == ["torn"]


async def test_a_rest_that_follows_as_text_is_no_second_answer(planted):
    asked = await planted.ask()
    planted.card(asked, f"{FINAL} q0001.0@g1;")
    planted.text(asked, "q0001.1@g1;")
    planted.text(asked, "q0001.end@g1;")
    assert planted.kinds() == []


async def test_a_card_that_says_see_below_is_no_answer(planted):
    asked = await planted.ask()
    planted.card(asked, f"{FINAL} {said(mark('below'))}")
    assert planted.kinds() == ["lost"]
    planted.text(asked, FINAL + ALL)
    assert planted.kinds() == []


async def test_lost_is_what_was_taken_over_and_not_answered(planted):
    asked = await planted.ask()
    assert planted.kinds() == ["lost"]
    assert planted.auditor.waiting() == [asked]
    assert planted.kinds([asked.label]) == []
    asked.messages[0].acked = False
    assert planted.kinds() == []
    assert planted.auditor.unacked() == [asked]


@pytest.mark.parametrize("second", [FINAL + ALL, said(mark("error")), "q0001.0@g1;"])
async def test_doubled_is_a_second_answer_of_any_sort(planted, second):
    asked = await planted.ask()
    planted.card(asked, FINAL + ALL)
    planted.text(asked, second)
    assert "doubled" in planted.kinds()


async def test_doubled_is_a_second_card_and_a_rest_that_came_twice(planted):
    asked = await planted.ask()
    planted.card(asked, FINAL + ALL)
    planted.text(asked, "q0001.1@g1; q0001.end@g1;")
    assert planted.kinds() == ["doubled"]
    planted.card(asked, said(mark("stopped")), name="card2")
    assert planted.kinds() == ["doubled", "doubled"]


async def test_a_question_that_was_asked_again_by_a_button_has_another_answer(planted):
    asked = await planted.ask()
    asked.again = 1
    planted.card(asked, said(mark("stopped", "g1")) + "q0001.0@g1;")
    assert planted.kinds() == []
    planted.card(asked, (FINAL + ALL).replace("g1", "g2"), name="card2")
    assert planted.kinds() == []
    planted.card(asked, FINAL + ALL, name="card3")
    assert set(planted.kinds()) == {"doubled"}


@pytest.mark.parametrize("flow", ["", "1", "2", "4"])
async def test_open_is_a_card_that_still_seems_to_be_working(planted, flow):
    planted.card(await planted.ask(), FINAL + ALL, flow)
    assert planted.kinds() == ["open"]
    assert [asked.label for asked in planted.auditor.waiting()] == ["q0001"]


async def test_open_is_a_card_whose_words_are_of_an_earlier_phase(planted):
    asked = await planted.ask()
    planted.card(asked, said(mark("streaming")) + "q0001.0@g1;")
    assert planted.kinds() == ["open"]


@pytest.mark.parametrize(
    "text", ["", "thinking", said(mark("final")).replace("q0001", "q0077"), ALL + "q0002.3@g1;"]
)
async def test_stray_is_what_belongs_to_no_question_or_to_several(planted, text):
    asked = await planted.ask()
    await planted.ask()
    planted.card(asked, text)
    assert planted.kinds() == ["stray", "lost", "lost"]


async def test_stray_is_an_answer_in_another_conversation(planted):
    await planted.ask()
    other = await planted.ask(group=True)
    planted.card(other, FINAL + ALL)
    assert planted.kinds() == ["stray", "lost", "lost"]


@pytest.mark.parametrize(
    "text",
    [
        FINAL + "q0001.0@g1; q0001.2@g1; q0001.end@g1;",
        FINAL + "q0001.1@g1; q0001.0@g1; q0001.end@g1;",
        FINAL + "q0001.0@g1; q0001.1@g1;",
        said(mark("stopped")) + "q0001.0@g1; q0001.2@g1;",
    ],
)
async def test_torn_is_an_answer_with_words_missing_or_out_of_order(planted, text):
    planted.card(await planted.ask(), text)
    assert planted.kinds() == ["torn"]


@pytest.mark.parametrize(
    "text",
    [
        said(mark("final", "g2")) + ALL,
        FINAL + "q0001.0@g1; q0001.end@g2;",
        said(mark("final", "g1", "t1")) + said(mark("final", "g1", "t2")) + ALL,
    ],
)
async def test_half_old_is_a_card_of_two_generations_of_one_file(planted, text):
    planted.card(await planted.ask(), text)
    assert set(planted.kinds()) == {"half old"}


async def test_half_old_is_a_rest_of_another_generation(planted):
    asked = await planted.ask()
    planted.card(asked, said(mark("final", "g1", "t7")) + "q0001.0@g1;")
    planted.text(asked, "q0001.end@g2;")
    assert planted.kinds() == ["half old"]


async def test_too_fast_is_a_call_that_the_platform_refused_not_one_that_a_test_let_fail(planted):
    def call(status, code):
        return Call(1, 0, APP, "PUT", "/v1.0/card/streaming", status, code, 0, 0.0, None, "")

    planted.sim.world.record(call(429, ""))
    planted.sim.world.record(call(200, ""))
    assert planted.kinds() == []
    planted.sim.world.record(call(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"))
    assert planted.kinds() == ["too fast"]


async def test_an_order_is_answered_as_often_as_it_was_given(planted):
    stop = said(mark("stopped")).replace("q0001", "/stop")
    for _ in range(2):
        asked = await planted.auditor.order(APP, "u-lilei", "/stop")
        asked.messages[-1].acked = True
    planted.text(asked, stop)
    assert planted.kinds() == ["lost"]
    planted.text(asked, stop)
    assert planted.kinds() == []
    planted.text(asked, stop)
    assert planted.kinds() == ["doubled"]


async def test_nothing_is_sure_when_the_simulator_has_forgotten_some(planted):
    planted.sim.world.cards.limit = 1
    planted.card(await planted.ask(), FINAL + ALL)
    assert planted.kinds() == ["forgotten"]


async def test_the_question_of_a_card_is_known(planted):
    asked = await planted.ask()
    planted.card(asked, FINAL + ALL)
    assert planted.auditor.of_card(planted.sim.cards["card1"]) is asked
    assert "1 messages" in planted.auditor.summary()
