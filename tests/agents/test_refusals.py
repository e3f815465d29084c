"""The server's own words reach whoever runs the bot."""

import json

import pytest
from scripted_server import CUT, DONE, answer, data, event

from imbot.agents.causes import AGENT_CAUSES, NO_CREDIT, NOT_KNOWN, explained
from imbot.agents.refusals import excerpt_of
from imbot.errors import AgentError


def refused(body, status=400, content_type="application/json"):
    return answer(
        body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
        status=status,
        content_type=content_type,
    ).error


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (
            422,
            {"detail": [{"loc": ["body", "user"], "msg": "Extra inputs are not permitted"}]},
            "body.user: Extra inputs are not permitted",
        ),
        (400, {"detail": "Model not loaded"}, "Model not loaded"),
        (
            500,
            {"error": "Internal Server Error", "message": "NullPointer in ChatController"},
            "NullPointer in ChatController",
        ),
        (400, {"error": "bad", "detail": "no such field"}, "bad: no such field"),
        (400, {"errors": [{"message": "first"}, {"message": "second"}]}, "first"),
        (400, {"error_code": 17, "error_msg": "daily limit reached"}, "daily limit reached"),
        (400, {"errcode": 40001, "errmsg": "invalid credential"}, "invalid credential"),
        (500, {"Response": {"Error": {"Code": "InternalError", "Message": "try later"}}}, "try later"),
        (403, {"fault": {"faultstring": "blocked by policy"}}, "blocked by policy"),
        (400, {"error": {"msg": "wrong field"}}, "wrong field"),
        (
            400,
            {"title": "Bad Request", "detail": "temperature must be below 2"},
            "temperature must be below 2",
        ),
        (400, {"whatever": ["x is wrong"]}, "x is wrong"),
        (502, "upstream connect error", "upstream connect error"),
        (
            502,
            "<html><head><title>502 Bad Gateway &amp; more</title></head><body>…",
            "502 Bad Gateway & more",
        ),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(status, body, words):
    error = refused(body, status)
    assert words in str(error)
    assert str(error).endswith(f"(HTTP {status})")


@pytest.mark.parametrize(
    "document",
    [
        {"success": False, "code": 40003, "msg": "the words of it"},
        {"code": 500, "message": "the words of it", "data": None},
        {"status": "error", "detail": "the words of it"},
        {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "the words of it"}},
        {"err": "the words of it"},
    ],
)
@pytest.mark.parametrize("form", ["json", "pretty", "event-stream", "text", "frame"])
def test_a_refusal_with_status_200_is_one_in_whatever_it_comes(document, form):
    body = json.dumps(document, indent=2 if form in ("pretty", "text") else None)
    kind = {"event-stream": "text/event-stream", "text": "text/plain", "frame": "text/event-stream"}.get(
        form, "application/json"
    )
    error = refused(event(document) if form == "frame" else body, 200, kind)
    assert "the words of it" in str(error)
    assert error.code not in ("not_an_api", "interrupted", "empty")


def test_an_error_without_the_prefix_of_a_stream_is_read():
    error = refused('{"error":{"message":"model not found"}}\n\n', 200, "text/event-stream")
    assert str(error) == "model not found"
    assert explained(error) == AGENT_CAUSES["http_404"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "text/event-stream", "application/json", "application/octet-stream"]
)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_answer_in_one_document_is_read_whatever_its_type(content_type, indent):
    body = json.dumps({"choices": [{"message": {"content": "yes"}}]}, indent=indent)
    outcome = answer(body, content_type=content_type)
    assert (outcome.text, outcome.error) == ("yes", None)


def test_a_stream_is_read_whatever_its_type():
    for content_type in ("application/json", "text/plain", "application/x-ndjson"):
        assert (
            answer(data(content="y"), data("stop", content="es"), DONE, content_type=content_type).text
            == "yes"
        )
    lines = (data(content="y") + data("stop", content="es")).replace("data: ", "")
    assert answer(lines, content_type="application/x-ndjson").text == "yes"


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        ("Ollama is running", "text/plain", "text/plain"),
        ("Welcome", "text/event-stream", "Welcome"),
        ('{"code": 0, "message": "ok", "data": {}}', "application/json", "`code`, `message`, `data`"),
        ('data: {"event": "message", "answer": "hi"}\n\n', "text/event-stream", '"answer": "hi"'),
        ("<html><title>Sign in</title>", "text/html", "Sign in"),
        ("<!DOCTYPE html><h1>nginx</h1>", "application/octet-stream", "nginx"),
    ],
)
def test_what_came_instead_of_an_answer_is_told(body, content_type, told):
    error = refused(body, 200, content_type)
    assert error.code == "not_an_api"
    assert told in str(error)
    assert content_type in str(error)
    assert "is base_url right?" in str(error)


def test_what_is_told_is_short_on_one_line_and_without_secrets_of_urls():
    body = "no\n\x1b[31m " + "word " * 500 + "https://me:pw@llm.test/?key=s3cret"
    assert len(excerpt_of(body)) <= 200
    assert "\x1b" not in excerpt_of(body)
    assert "\n" not in excerpt_of(body)
    assert excerpt_of("see https://me:pw@llm.test/a?key=s3cret") == "see https://***@llm.test/a?***"


@pytest.mark.parametrize("body", ["", ": ping\n\n", "event: ping\n\n", "dat", 'data: {"choi'])
def test_a_stream_that_ends_before_it_begins_broke_off(body):
    for end in ((), (CUT,)):
        outcome = answer(body, *end)
        assert (outcome.error.code, outcome.error.retryable) == ("interrupted", True)


def test_a_wrong_address_is_told_with_advice_and_the_servers_words():
    error = refused({"detail": "Not Found"}, 404)
    assert (
        str(error)
        == "there is no /v1/chat/completions: does base_url lack its version, such as /v1? (HTTP 404)"
    )
    error = refused({"detail": "no route for it"}, 404)
    assert "/v1?" in str(error)
    assert "no route for it" in str(error)
    error = refused({"error": {"code": "model_not_found", "message": "no such model"}}, 404)
    assert str(error) == "no such model (HTTP 404)"


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        ({"success": False, "code": 40003, "msg": "quota used up"}, NO_CREDIT),
        ({"error": {"code": "1113", "message": "您的账户已欠费，请充值后重试。"}}, NO_CREDIT),
        ({"error": {"message": "Insufficient account balance"}}, NO_CREDIT),
        ({"error": {"message": "You exceeded your current quota, please check your plan"}}, NO_CREDIT),
        ({"error": {"message": "Incorrect API key provided"}}, AGENT_CAUSES["http_401"]),
        ({"error": {"message": "The model `x` does not exist"}}, AGENT_CAUSES["http_404"]),
        ({"errcode": 404, "errmsg": "请求的URI地址不存在"}, AGENT_CAUSES["http_404"]),
        ({"error": {"message": "the moon is full"}}, NOT_KNOWN),
    ],
)
def test_words_without_a_known_code_are_understood(error, meaning):
    failure = refused(error, 200)
    assert explained(failure) == meaning
    assert not failure.retryable


def test_too_many_requests_are_no_missing_credit():
    failure = refused({"error": {"message": "Quota exceeded for requests per minute"}}, 429)
    assert (explained(failure), failure.retryable) == (AGENT_CAUSES["http_429"], True)
    assert not refused({"error": {"message": "quota exhausted"}}, 429).retryable


@pytest.mark.parametrize("code", ["first_event", "queued", "idle", "total", "connect"])
def test_each_time_limit_has_its_own_cure(code):
    cause, cure = explained(AgentError("too slow", code=f"timeout.{code}"))
    assert f"timeouts.{code}" in f"{cause} {cure}" or code == "connect"


def test_a_slow_model_is_told_alike_by_the_doctor():
    assert explained(AgentError("x", code="timeout.doctor")) == explained(
        AgentError("x", code="timeout.first_event")
    )
