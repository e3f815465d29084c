"""Ends that are believed too early, and streams that are called silent while they live."""

import pytest
from scripted_server import CUT, DONE, TIMEOUTS, answer, data, event

from imbot.model import Finished

COMMENT = ": keep-alive\n\n"
PING = "event: ping\n\n"
TOOL = {"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}


def every_second(piece, times=7):
    return [step for _ in range(times) for step in (1, piece)]


# -- an end that is none


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            [
                data(content="Checking. "),
                data("tool_calls"),
                2.9,
                data(content="It is 42."),
                data("stop"),
                DONE,
            ],
            "Checking. It is 42.",
        ),
        (
            [data("stop", content="First part, "), 2.9, data("stop", content="second part."), DONE],
            "First part, second part.",
        ),
        (
            [
                data("stop", content="a"),
                *(step for _ in range(5) for step in (2.9, data("stop", content="b"))),
            ],
            "abbbbb",
        ),
        (
            [data(content="a"), data("tool_calls"), *every_second(COMMENT), data("stop", content="b"), DONE],
            "ab",
        ),
        ([data("function_call", content="a"), 2.9, data(**TOOL), 2.9, data("stop", content="b")], "ab"),
        (
            [data("stop", content="a"), 2.9, data(reasoning_content="hm"), 2.9, data("stop", content="b")],
            "ab",
        ),
    ],
)
def test_text_that_follows_an_end_belongs_to_the_answer(script, text):
    outcome = answer(*script)
    assert (outcome.text, outcome.error, outcome.events[-1]) == (text, None, Finished())


@pytest.mark.parametrize("more", [{"content": "b"}, {"reasoning_content": "hm"}, TOOL])
@pytest.mark.parametrize("end", [(), (CUT,)])
def test_an_end_that_was_revoked_is_no_end(more, end):
    outcome = answer(data("stop", content="a"), data(**more), *end)
    assert outcome.error.code == "interrupted"


@pytest.mark.parametrize(
    "last", [{}, {"role": "assistant", "content": ""}, {"content": "\n"}, {"tool_calls": []}]
)
def test_a_piece_without_content_revokes_nothing(last):
    outcome = answer(data("stop", content="a"), data(**last))
    assert (outcome.text.strip(), outcome.error) == ("a", None)


@pytest.mark.parametrize("reason", ["stop", "tool_calls"])
def test_a_server_that_stays_silent_after_an_end_is_waited_for_as_long_as_for_any_word(reason):
    outcome = answer(data(reason, content="a"), 10_000)
    assert (outcome.text, outcome.error, outcome.took_s) == ("a", None, TIMEOUTS.idle_s)


def test_comments_alone_do_not_keep_an_ended_answer_open_for_ever():
    outcome = answer(data("stop", content="a"), *every_second(COMMENT, 500))
    assert (outcome.text, outcome.error) == ("a", None)
    assert outcome.took_s <= TIMEOUTS.queued_s + TIMEOUTS.idle_s


def test_after_the_end_mark_nothing_is_waited_for():
    assert answer(data("stop", content="a"), DONE, 10_000).took_s < 1


def test_an_end_that_is_a_failure_is_not_waited_for():
    outcome = answer(data("network_error", content="a"), 10_000)
    assert (outcome.error.code, outcome.took_s < 1) == ("interrupted", True)


# -- a silence that is none


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ([*every_second(COMMENT), data("stop", content="Answer")], "Answer"),
        ([*every_second(PING, 20), data("stop", content="Answer")], "Answer"),
        ([*every_second(":"), "\n\n", data("stop", content="Answer")], "Answer"),
        (
            [*every_second('event: queue\ndata: {"position": 3}\n\n'), data("stop", content="Answer")],
            "Answer",
        ),
        (
            [data(content="Looking it up. "), *every_second(data(**TOOL)), data("stop", content="Found it.")],
            "Looking it up. Found it.",
        ),
        (
            [data(role="assistant"), *every_second(data(content=""), 70), data("stop", content="Answer")],
            "Answer",
        ),
        ([data(content="a"), *every_second("da"[:1]), "\n\n", data("stop", content="b")], "ab"),
        ([*every_second(event({"choices": []}), 70), data("stop", content="Answer")], "Answer"),
    ],
)
def test_bytes_are_a_sign_of_life(script, text):
    outcome = answer(*script)
    assert (outcome.text, outcome.error) == (text, None)


def test_an_answer_that_comes_whole_may_be_announced_by_white_space():
    whole = '{"choices": [{"message": {"content": "Answer"}}]}'
    outcome = answer(*every_second("\n", 20), whole, content_type="application/json")
    assert (outcome.text, outcome.error) == ("Answer", None)


@pytest.mark.parametrize("sign", [COMMENT, PING, "\n"])
def test_signs_of_life_alone_have_a_limit_of_their_own(sign):
    outcome = answer(*every_second(sign, 500))
    assert (outcome.error.code, outcome.took_s) == ("timeout.queued", TIMEOUTS.queued_s)
    assert "60 s" in str(outcome.error)


def test_an_answer_that_only_lives_ends_with_the_time_for_all_of_it():
    outcome = answer(data(content="a"), *every_second(data(**TOOL), 1000))
    assert (outcome.error.code, outcome.took_s) == ("timeout.total", TIMEOUTS.total_s)


@pytest.mark.parametrize(
    ("script", "code", "took_s"),
    [
        ([10_000], "first_event", 4),
        ([COMMENT, 10_000], "first_event", 4),
        ([data(content="a"), COMMENT, 10_000], "idle", 3),
    ],
)
def test_a_silent_server_is_left(script, code, took_s):
    outcome = answer(*script)
    assert (outcome.error.code, outcome.took_s) == (f"timeout.{code}", took_s)


# -- success


@pytest.mark.parametrize("status", [201, 202, 203, 206])
def test_every_status_of_success_is_one(status):
    outcome = answer(data("stop", content="yes"), DONE, status=status)
    assert (outcome.text, outcome.error) == ("yes", None)


@pytest.mark.parametrize("status", [204, 205])
def test_success_without_a_body_is_no_answer(status):
    outcome = answer(status=status, content_type="application/octet-stream")
    assert (outcome.error.code, outcome.error.status) == ("not_an_api", status)
