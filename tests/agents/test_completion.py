import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from imbot.agents.completion import Completion
from imbot.agents.refusals import RefusedError, parse_retry_after, refusal_in, refusal_of
from imbot.errors import AgentError
from imbot.model import Finished, ReasoningDelta, Started, TextDelta, TextReplace, Usage


def chunk(finish_reason=None, usage=None, **delta):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return json.dumps({"id": "c1", "choices": [choice], "usage": usage}, ensure_ascii=False)


def read(*pieces):
    completion = Completion()
    events = [event for piece in pieces for event in completion.read(piece)]
    return [*events, *completion.end()]


def test_an_answer_from_first_to_last():
    usage = '{"id":"c1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}'
    pieces = [
        chunk(role="assistant", content=""),
        chunk(content="Hel"),
        chunk(content="lo"),
        chunk("stop"),
        usage,
    ]
    assert read(*pieces, "[DONE]") == [
        Started(message_id="c1"),
        TextDelta("Hel"),
        TextDelta("lo"),
        Usage(9, 3),
        Finished("stop"),
    ]


def test_what_says_nothing_is_met_calmly():
    odd = [
        '{"choices":[]}',
        '{"choices":null,"prompt_filter_results":[{}]}',
        '{"choices":[{"delta":null}]}',
        '{"choices":[{"index":0,"delta":{"content":null},"finish_reason":""}],"error":null,"usage":null}',
        '{"choices":["?"],"id":7,"usage":"?"}',
        "[]",
        "7",
        "ping",
        "[" * 100_000,
    ]
    assert read(*odd, chunk("stop", content="a")) == [Started(message_id="c1"), TextDelta("a"), Finished()]


@pytest.mark.parametrize("spelling", ["reasoning_content", "reasoning"])
def test_reasoning_is_no_answer_in_either_spelling(spelling):
    events = read(
        chunk(**{spelling: "hm", "content": None}), chunk("stop", **{spelling: "", "content": "yes"})
    )
    assert events[1:] == [ReasoningDelta("hm"), TextDelta("yes"), Finished()]


def test_reasoning_in_both_spellings_is_read_once():
    assert read(chunk("stop", reasoning_content="hm", reasoning="hm", content="a"))[1:3] == [
        ReasoningDelta("hm"),
        TextDelta("a"),
    ]


def test_inline_reasoning_is_taken_out():
    events = read(chunk(content="<thi"), chunk(content="nk>hm</th"), chunk("stop", content="ink>yes <"))
    assert events[1:] == [ReasoningDelta("hm"), TextDelta("yes "), TextDelta("<"), Finished()]
    events = read(chunk(content="hm"), chunk("stop", content="</think>yes"))
    assert events[1:] == [
        TextDelta("hm"),
        ReasoningDelta("hm"),
        TextReplace(""),
        TextDelta("yes"),
        Finished(),
    ]


def test_a_refusal_in_words_is_the_answer():
    assert read(chunk(refusal="I can't."), chunk("stop"))[1] == TextDelta("I can't.")


def test_content_may_come_in_parts():
    parts = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
    ]
    assert read(chunk("stop", content=parts))[1] == TextDelta("ab")


def test_an_answer_that_came_whole():
    message = {"role": "assistant", "content": "yes", "reasoning_content": "hm"}
    whole = {"choices": [{"message": message, "finish_reason": "length"}], "usage": {"prompt_tokens": 1}}
    assert read(json.dumps(whole)) == [
        ReasoningDelta("hm"),
        TextDelta("yes"),
        Usage(1, 0),
        Finished("length"),
    ]


def test_of_several_answers_the_first_is_read():
    choices = [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]
    assert read(json.dumps({"choices": choices}), '"[DONE]"') == [TextDelta("a"), Finished()]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("eos", "stop"),
        ("tool_calls", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("content-filter", "content_filter"),
    ],
)
def test_reasons_to_end(theirs, ours):
    assert read(chunk(theirs, content="a"))[-1] == Finished(ours)


def test_one_mark_of_the_end_is_enough():
    assert read(chunk(content="a"), " [DONE] ", chunk(content="ignored"))[1:] == [TextDelta("a"), Finished()]
    assert read(chunk("stop", content="a"))[1:] == [TextDelta("a"), Finished()]


@pytest.mark.parametrize(
    "pieces", [(), (chunk(content="a"),), (chunk("insufficient_system_resource", content="a"),)]
)
def test_without_any_it_broke_off(pieces):
    with pytest.raises(AgentError) as caught:
        read(*pieces)
    assert (caught.value.code, caught.value.retryable) == ("interrupted", True)


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls"])
def test_an_end_without_a_word_is_an_error(reason):
    with pytest.raises(AgentError, match=reason) as caught:
        read(chunk(reasoning="hm, hm"), chunk(content=" \n"), chunk(reason))
    assert (caught.value.code, caught.value.retryable) == ("empty", False)


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ({"error": {"message": "no", "type": "invalid_request_error", "code": "bad"}}, "bad", "no"),
        ({"error": {"message": "no", "type": "server_error", "code": None}}, "server_error", "no"),
        ({"error": {"message": "no", "type": "throttling", "code": "429"}}, "throttling", "no"),
        ({"error": "no"}, "error", "no"),
        ({"error": {"code": 502}}, "502", "502"),
        ({"code": "Arrearage", "message": "no"}, "Arrearage", "no"),
        ({"object": "error", "code": 40001, "message": "no"}, "40001", "no"),
        ([{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}], "400", "no"),
    ],
)
def test_errors_are_read_in_every_shape(document, code, message):
    refusal = refusal_in(document)
    assert (refusal.code, str(refusal)) == (code, message)
    with pytest.raises(RefusedError, match=message):
        read(json.dumps(document))


@pytest.mark.parametrize(
    "document", [{}, {"error": None}, {"error": {}}, [], None, "no", {"choices": [], "message": ""}]
)
def test_what_is_no_error_is_none(document):
    assert refusal_in(document) is None


@pytest.mark.parametrize(
    ("status", "error", "retryable"),
    [
        (400, {"code": "invalid"}, False),
        (401, {"code": "invalid_api_key"}, False),
        (404, {"code": "model_not_found"}, False),
        (429, {"code": "rate_limit_exceeded"}, True),
        (429, {"code": "insufficient_quota"}, False),
        (429, {"type": "insufficient_quota", "code": 429}, False),
        (500, {}, True),
        (503, {}, True),
        (0, {"type": "overloaded_error"}, True),
        (0, {"code": 502}, True),
        (0, {"code": "invalid"}, False),
    ],
)
def test_what_may_be_asked_again(status, error, retryable):
    assert refusal_in({"error": {"message": "no", **error}}, status).retryable is retryable


def test_an_error_page_is_told_by_its_status():
    refusal = refusal_of(502, "Bad Gateway", "<html>…", None)
    assert (str(refusal), refusal.code, refusal.status, refusal.retryable) == (
        "Bad Gateway (HTTP 502)",
        "http_502",
        502,
        True,
    )


def test_a_long_error_is_cut():
    told = str(refusal_in({"error": "x" * 10_000}))
    assert len(told) <= 500
    assert told.endswith("x…")


def test_a_long_error_is_not_cut_within_a_key_that_it_repeats():
    told = refusal_in({"error": f"{'no ' * 164}key sk-12345678901234567890"})
    assert str(told).endswith("no key …")


@pytest.mark.parametrize(
    ("error", "status", "too_long"),
    [
        ({"code": "context_length_exceeded", "message": "no"}, 400, True),
        ({"message": "This model's maximum context length is 8192 tokens"}, 400, True),
        ({"message": "ContextWindowExceededError: no"}, 400, True),
        ({"message": "Range of input length should be [1, 30720]"}, 400, True),
        ({"message": "no such model"}, 400, False),
        ({"code": "context_length_exceeded", "message": "no"}, 500, False),
    ],
)
def test_a_history_too_long_is_recognised(error, status, too_long):
    assert refusal_in({"error": error}, status).too_long is too_long


def test_retry_after_counts_or_names_a_date():
    assert parse_retry_after("1.5") == 1.5
    assert parse_retry_after("-3") == 0
    assert parse_retry_after(
        format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    ) == pytest.approx(60, abs=5)
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after(None) is None
    assert parse_retry_after("soon") is None


def test_what_is_skipped_is_counted_and_not_logged(caplog):
    read("my secret text", chunk("stop", content="a"))
    assert "14 characters" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("usage", "read_as"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, [Usage(9, 3)]),
        ({"completion_tokens": 3}, [Usage(0, 3)]),
        ({"input_tokens": 9, "output_tokens": 3}, [Usage(9, 3)]),
        ({"prompt_tokens": -1, "completion_tokens": 3}, [Usage(0, 3)]),
        ({"prompt_tokens": "9", "completion_tokens": 3.5}, []),
        ({"prompt_tokens": True, "completion_tokens": None}, []),
        ({"prompt_tokens": 10**30, "completion_tokens": [1]}, []),
        ({}, []),
        ([1, 2], []),
        (None, []),
    ],
)
def test_usage_is_read_as_far_as_it_is_made_of_numbers_of_tokens(usage, read_as):
    last = json.dumps({"choices": [], "usage": usage})
    assert read(chunk("stop", content="a"), last, "[DONE]")[2:] == [*read_as, Finished()]


def test_of_usage_that_grows_with_every_piece_the_last_one_counts():
    pieces = [
        json.loads(chunk(content=text)) | {"usage": {"prompt_tokens": 9, "completion_tokens": n}}
        for n, text in ((1, "a"), (2, "b"))
    ]
    assert Usage(9, 2) in read(*map(json.dumps, pieces), chunk("stop"))
