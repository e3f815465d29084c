"""What servers say twice, and which of several answers is read."""

import json

import pytest
from scripted_server import DONE, answer, data, event, shown

from imbot.agents.completion import Completion


def message(content, finish_reason="stop", **more):
    said = {"role": "assistant", "content": content, **more}
    return event({"id": "c", "choices": [{"index": 0, "message": said, "finish_reason": finish_reason}]})


HELLO = [data(content="Hello "), data(content="world.")]


@pytest.mark.parametrize(
    "again",
    [
        [message("Hello world.")],
        [message("Hello world.", None), data("stop")],
        [message("")],
        [message("<think>hm</think>Hello world.")],
        [event({"object": "chat.completion", "choices": [{"message": {"content": "Hello world."}}]}), DONE],
        [
            event(
                {"choices": [{"delta": {}, "message": {"content": "Hello world."}, "finish_reason": "stop"}]}
            )
        ],
        [event({"choices": [{"delta": {"content": ""}, "message": {"content": "Hello world."}}]}), DONE],
        [data("stop", content="Hello world.")],
        [data(content="Hello world."), data("stop")],
        [data(content="Hello world.\n"), DONE],
        [data("stop"), data(content="Hello world.")],
        [data("stop"), data(content="Hello world."), data(content="\n"), DONE],
        [data(content="Hello world."), message("Hello world.")],
    ],
)
def test_an_answer_that_is_repeated_at_its_end_is_shown_once(again):
    outcome = answer(*HELLO, *again)
    assert (outcome.text, outcome.error) == ("Hello world.", None)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ([data(content="Hello world."), data("stop", content="Hello world.")], "Hello world."),
        ([data(content="Hello "), data(content="wor"), data("stop", content="Hello world.")], "Hello world."),
        (
            [
                data(content="<think>hm</think>Yes, "),
                data(content="I do."),
                data("stop", content="Yes, I do."),
            ],
            "Yes, I do.",
        ),
        (
            [data(reasoning_content="hm"), *HELLO, message("Hello world.", reasoning_content="hm")],
            "Hello world.",
        ),
        ([data("stop", content="I can't.", refusal="I can't.")], "I can't."),
        ([*HELLO, message("This was moderated.")], "This was moderated."),
        (
            [message("Hello ", None), message("Hello world.", None), message("Hello world. Bye.")],
            "Hello world. Bye.",
        ),
        ([message("Hello ", None), message("world.")], "Hello world."),
    ],
)
def test_what_is_repeated_may_come_in_other_forms(script, text):
    outcome = answer(*script)
    assert (outcome.text, outcome.error) == (text, None)


def test_reasoning_that_a_message_repeats_is_shown_once():
    outcome = answer(
        data(reasoning_content="hm"), *HELLO, message("<think>hm</think>Hello world.", reasoning_content="hm")
    )
    assert [each.text for each in outcome.events if type(each).__name__ == "ReasoningDelta"] == ["hm"]


@pytest.mark.parametrize(
    "pieces",
    [
        ["ha", "ha"],
        ["好", "好", "。"],
        ["Row, ", "row. ", "Row, row. ", "Gently."],
        ["a", "ab", "abc"],
        ["Hello ", "world.", "Hello world.", "Hello world.", " Again."],
        ["\n", "\n", "a"],
    ],
)
def test_what_a_model_says_twice_within_its_answer_stays(pieces):
    outcome = answer(*(data(content=piece) for piece in pieces), data("stop"))
    assert outcome.text == "".join(pieces).lstrip()


# -- which answer


@pytest.mark.parametrize("index", [1, 7, -1, None, "0", True])
def test_the_only_answer_is_read_whatever_its_number(index):
    first = {"index": index, "delta": {"content": "Only choice"}}
    last = {"index": index, "delta": {}, "finish_reason": "stop"}
    assert answer(event({"choices": [first]}), event({"choices": [last]})).text == "Only choice"


def test_of_several_answers_one_is_read_to_its_end():
    script = [
        event({"choices": [{"index": index, "delta": {"content": text}, "finish_reason": end}]})
        for index, text, end in [
            (1, "a", None),
            (0, "x", None),
            (1, "b", None),
            (0, "y", "length"),
            (1, "c", "stop"),
        ]
    ]
    outcome = answer(*script, DONE)
    assert (outcome.text, outcome.events[-1].reason) == ("abc", "stop")


def test_a_piece_without_a_number_belongs_to_the_answer_that_is_read():
    first = {"index": 2, "delta": {"content": "a"}}
    assert (
        answer(event({"choices": [first]}), event({"choices": [{"delta": {"content": "b"}}]}), DONE).text
        == "ab"
    )


def test_equal_pieces_stay():
    completion = Completion()
    pieces = [json.dumps({"choices": [{"delta": {"content": "x" * 50}}]})] * 20_000
    events = [each for piece in pieces for each in completion.read(piece)]
    assert len(shown(events)) == 1_000_000
