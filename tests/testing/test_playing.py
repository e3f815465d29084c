import logging
from dataclasses import replace

import pytest
from fakes import FakeAgent
from stagehands import ECHO, case, played, read, told

from imbot.testing.company import Company
from imbot.testing.playing import play
from imbot.testing.snapshots import Snapshots

SLOW = "agent: [慢, {wait: 5s}, 快]\n"


def test_a_case_that_is_as_expected_has_nothing_to_tell(tmp_path):
    result = played(tmp_path, "- {say: hi, expect: {phase: final, text: hi, answer: hi}}")
    assert result.misses == ()
    assert result.log == ()


def test_a_case_ends_with_the_first_step_that_is_not_as_expected(tmp_path):
    result = played(tmp_path, "- {say: a, expect: {text: x, phase: error}}\n- {say: b, expect: {text: y}}")
    assert told(result) == [
        ("0/expect/text", "the text is not as expected"),
        ("0/expect/phase", "the phase is not as expected"),
    ]


def test_time_is_virtual_and_begins_anew_in_each_case(tmp_path):
    result = played(tmp_path, "- {say: hi, expect: {total: {at_least: 5s, at_most: 5s}}}\n- wait: 1h", SLOW)
    assert result.misses == ()
    assert result.lasted_s == pytest.approx(3605)


def test_calls_take_the_latency(tmp_path):
    expect = "{first_card: {at_least: 200ms, at_most: 200ms}, total: {at_least: 5200ms, at_most: 5400ms}}"
    assert told(played(tmp_path, f"- {{say: hi, expect: {expect}}}", SLOW + "latency: 200ms\n")) == []


def test_what_goes_on_is_judged_when_it_has_ended(tmp_path):
    steps = """\
- {say: hi, go_on: true, expect: {phase: final, text: 慢快}}
- {wait: 2s, expect: {phase: streaming, text: 慢, answer: ''}}
"""
    assert told(played(tmp_path, steps, SLOW)) == []
    assert told(played(tmp_path, steps.replace("慢快", "慢"), SLOW)) == [
        ("0/expect/text", "the text is not as expected")
    ]


def test_a_turn_can_be_stopped(tmp_path):
    steps = """\
- {say: hi, go_on: true, expect: {phase: stopped, text: {contains: 慢, not_contains: 快}}}
- wait: 2s
- say: /stop
"""
    assert told(played(tmp_path, steps, SLOW)) == []


def test_a_conversation_keeps_its_order_and_others_do_not_wait(tmp_path):
    steps = """\
- {say: hi, user: a, go_on: true, expect: {first_card: {at_most: 0s}}}
- {say: hi, user: a, go_on: true, expect: {first_card: {at_least: 5s}}}
- {say: hi, user: b, go_on: true, expect: {first_card: {at_most: 0s}}}
"""
    assert told(played(tmp_path, steps, SLOW)) == []


def test_the_past_is_told_and_forgotten_in_virtual_time(tmp_path):
    steps = "- say: one\n- wait: 50m\n- say: two\n- wait: 50m\n- say: three\n- wait: 61m\n- say: four"
    file = read(tmp_path, case(steps))
    agent = FakeAgent("ok")
    player = replace(Company().player(file), agent=agent)

    play(file.cases[0], player, Snapshots(tmp_path, "a", update=False))

    heard = [(text, [exchange.question for exchange in history]) for text, history in agent.asked]
    assert heard == [("one", []), ("two", ["one"]), ("three", ["one", "two"]), ("four", [])]


def test_a_click_is_kept_and_changes_the_card(tmp_path):
    steps = """\
- {say: hi, expect: {feedback: none}}
- {click: 👎, expect: {feedback: bad, text: {contains: 谢谢}, card: {/msgButtons/1/color: blue}}}
- {click: good, expect: {feedback: good, card: {/msgButtons/1/color: gray}}}
"""
    assert told(played(tmp_path, steps)) == []


def test_in_a_group_only_the_clicker_sees_the_change(tmp_path):
    steps = """\
- {say: hi, user: a, group: g}
- {click: good, user: b, group: g, expect: {feedback: good, text: {contains: 谢谢}}}
- {wait: 0s, user: a, expect: {feedback: none, text: hi}}
"""
    assert told(played(tmp_path, steps)) == []


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("- say: hi\n- click: superb", ("1/click", "there is no such button")),
        ("- click: good", ("0/click", "there is no answer yet for this step")),
        ("- say: /help\n- click: good", ("1/click", "there is no answer yet for this step")),
        (
            "- say: hi\n- {click: good, user: b}",
            ("1/click", "there is no answer yet for this step"),
        ),
        ("- {wait: 1s, expect: {text: a}}", ("0/wait", "there is no answer yet for this step")),
    ],
)
def test_what_nobody_could_do_is_not_as_expected(tmp_path, steps, found):
    assert told(played(tmp_path, steps)) == [found]


def test_a_card_that_grows_has_no_buttons_yet(tmp_path):
    (miss,) = played(tmp_path, "- {say: hi, go_on: true}\n- wait: 2s\n- click: good", SLOW).misses
    assert (miss.expected, miss.got) == ("good", "no button")


ACTIONS = ECHO + "card: {actions: [stop, regenerate], action_labels: {stop: 停}}\n"


def test_stop_ends_the_answer_before_the_next_step(tmp_path):
    steps = """
- {say: hi, go_on: true, expect: {phase: stopped}}
- {wait: 3s, expect: {phase: streaming, card: {/msgButtons/0/text: 停}}}
- {click: stop, expect: {phase: stopped, answer: first}}
"""
    head = "agent: [first, {wait: 10s}, second]\n"
    assert told(played(tmp_path, steps, head, bot=ACTIONS)) == []


def test_regenerate_is_judged_by_the_new_answer(tmp_path):
    steps = """
- {say: hi, user: a, group: g}
- {click: regenerate, user: b, group: g}
- {click: regenerate, user: a, group: g, expect: {phase: final, answer: hi, card: {/msgButtons/2/id: regenerate}}}
- {click: regenerate, user: a, group: g, expect: {phase: final}}
"""
    assert told(played(tmp_path, steps, bot=ACTIONS)) == []


def test_what_is_asked_again_is_answered_by_the_same_script(tmp_path):
    steps = """
- {say: hi, agent: [{error: broken}], expect: {phase: error}}
- {click: regenerate, expect: {phase: error, total: {at_most: 1s}}}
"""
    assert told(played(tmp_path, steps, "agent: [fine]\n", bot=ACTIONS)) == []


def test_buttons_that_cannot_call_back_cannot_be_clicked(tmp_path):
    bot = ECHO + "card: {kind: standard}\n"
    assert told(played(tmp_path, "- say: hi\n- click: good", bot=bot)) == [
        ("1/click", "there is no such button")
    ]


def test_buttons_of_ones_own_template_may_stand_in_the_template_alone(tmp_path):
    bot = ECHO + "card: {template_id: mine.schema, content_key: body}\n"
    steps = "- {say: hi, expect: {text: hi, card: {/body: hi, /flowStatus: '3'}}}\n- {click: good, expect: {feedback: good}}"
    assert told(played(tmp_path, steps, bot=bot)) == []


@pytest.mark.parametrize(
    ("card", "calls", "updates"),
    [
        ("{kind: ai}", 2, 1),  # created, ended
        (
            "{template_id: mine.schema, content_key: body}",
            3,
            2,
        ),  # its state and its streaming are ended apart
        ("{kind: standard}", 2, 1),
        ("{kind: markdown}", 1, 0),
    ],
)
def test_calls_are_counted_as_the_platform_would(tmp_path, card, calls, updates):
    bot = ECHO + f"card: {card}\nthrottle: {{pace: final_only}}\n"
    steps = f"- {{say: hi, expect: {{phase: final, text: hi, calls: {calls}, updates: {updates}}}}}"
    assert told(played(tmp_path, steps, SLOW.replace("慢", "h").replace("快", "i"), bot=bot)) == []


def test_messages_that_are_no_text_are_answered_at_once(tmp_path):
    result = played(
        tmp_path,
        "- {send: picture, expect: {phase: final, calls: 1, updates: 0, card: {/a: {absent: true}}}}",
    )
    assert told(result) == []


def test_orders_need_no_agent(tmp_path):
    bot = "credentials: {client_id: a, client_secret: <<S>>}\nagent: {type: openai, base_url: <<U>>, model: m}\n"
    assert told(played(tmp_path, "- {say: /help, expect: {phase: final}}", bot=bot)) == []


def test_an_agents_error_ends_the_card_and_is_told_with_a_failure(tmp_path, capfd):
    result = played(tmp_path, "- {say: hi, expect: {phase: final}}", "agent: [a, {error: broken}]\n")
    assert told(result) == [("0/expect/phase", "the phase is not as expected")]
    assert result.misses[0].got == "error"
    assert "broken" in result.log[0]
    assert "broken" not in capfd.readouterr().err
    assert logging.getLogger("imbot").propagate


def test_what_never_ends_is_cut(tmp_path):
    steps = "- wait: 999999h"
    assert told(played(tmp_path, steps))[0][1] == "this does not end within 30 days"
