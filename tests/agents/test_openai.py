import asyncio
import json
import logging
import subprocess
import sys
from contextlib import aclosing

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from imbot.agents import endpoint, openai, prepare_agent
from imbot.agents.guarded import guarded
from imbot.agents.openai import opaque_id
from imbot.errors import AgentError, ConfigError
from imbot.model import Exchange, Finished, Message, ReasoningDelta, Sender, Started, TextDelta, Usage
from imbot.spec import Secret, TextFile, Timeouts

KEY = "sk-very-secret"
HISTORY = [Exchange(f"question {number}", f"answer {number}") for number in range(4)]


def chunk(finish_reason=None, **delta):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return b"data: " + json.dumps({"id": "c1", "choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def stream(*parts, headers=None):
    """A reply in parts; a number is a pause, an event is waited for, an exception cuts the connection."""

    async def reply(request):
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", **(headers or {})}
        )
        await response.prepare(request)
        for part in parts:
            if isinstance(part, asyncio.Event):
                await part.wait()
            elif isinstance(part, Exception):
                request.transport.abort()
                return response
            else:
                await response.write(part)
                await asyncio.sleep(0)
        return response

    return reply


def refuse(status, error=None, **headers):
    async def reply(request):
        return web.json_response({"error": error or {"message": "no"}}, status=status, headers=headers)

    return reply


def text(body, content_type, status=200, **headers):
    async def reply(request):
        return web.Response(text=body, status=status, content_type=content_type, headers=headers)

    return reply


HELLO = stream(chunk(content="你"), chunk(content="好"), chunk("stop"), b"data: [DONE]\n\n")


class Upstream:
    """A server that gives its replies in order, the last one again and again, and keeps what it was asked."""

    def __init__(self):
        self.replies = [HELLO]
        self.requests = []
        self.bodies = []
        self.peers = set()
        self.gone = asyncio.Event()

    async def handle(self, request):
        self.requests.append(request)
        self.bodies.append(await request.json())
        self.peers.add(request.transport.get_extra_info("peername"))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        try:
            return await reply(request)
        except (asyncio.CancelledError, ConnectionResetError):
            self.gone.set()
            raise

    @property
    def questions(self):
        """The last request's messages, system text left out."""
        return [message["content"] for message in self.bodies[-1]["messages"] if message["role"] != "system"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(openai, "BACKOFF_S", (0.01, 0.01))


@pytest.fixture
async def upstream():
    upstream = Upstream()
    app = web.Application()
    app.router.add_post("/v3/chat/completions", upstream.handle)
    async with TestServer(app, handler_cancellation=True) as server:
        upstream.url = str(server.make_url("/v3"))
        yield upstream


@pytest.fixture
async def open_agent(upstream, make_spec, timeouts):
    opened = []

    def open_agent(timeouts=timeouts, **settings):
        settings = {"base_url": upstream.url, "model": "qwen-plus", "api_key": Secret(KEY), **settings}
        opened.append(prepare_agent(make_spec("openai", **settings), timeouts))
        return opened[-1]

    yield open_agent
    for agent in opened:
        await agent.close()


def said(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def fail(ask, agent, *args, **kwargs):
    with pytest.raises(AgentError) as caught:
        await ask(agent, *args, **kwargs)
    return caught.value


# -- what is asked -------------------------------------------------------------------------------


async def test_an_answer_is_streamed(open_agent, ask):
    assert await ask(open_agent(), "在吗") == [
        Started(message_id="c1"),
        TextDelta("你"),
        TextDelta("好"),
        Finished(),
    ]


async def test_what_is_sent(upstream, open_agent, ask):
    agent = open_agent(
        instructions="Be kind.",
        instructions_file=TextFile("prompts/a.md", "You help.\n"),
        temperature=0.5,
        max_tokens=100,
        body={"enable_thinking": False, "temperature": 0.7},
    )
    await ask(agent, "and now?", HISTORY[:1])
    assert upstream.bodies == [
        {
            "model": "qwen-plus",
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.7,
            "max_tokens": 100,
            "enable_thinking": False,
            "user": opaque_id("manager4220"),
            "messages": [
                {"role": "system", "content": "You help.\n\nBe kind."},
                {"role": "user", "content": "question 0"},
                {"role": "assistant", "content": "answer 0"},
                {"role": "user", "content": "and now?"},
            ],
        }
    ]
    headers = upstream.requests[0].headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Accept"] == "text/event-stream"
    assert headers["Accept-Encoding"] == "identity"


async def test_who_asks_is_in_instructions_headers_and_body(upstream, open_agent, ask):
    agent = open_agent(
        instructions="Hi {{ sender.nick }}",
        instructions_file=TextFile("prompts/a.md", "{{ sender.nick }} stays"),
        headers={"X-User": Secret("{{ sender.id }}"), "X-Key": Secret("{{ x }}")},
        body={"metadata": {"who": "{{ sender.id }}"}, "user": "{{ sender.id }}"},
    )
    await ask(agent, "a", sender="u 1")
    (body,) = upstream.bodies
    assert body["messages"][0]["content"] == "{{ sender.nick }} stays\n\nHi 小明"
    assert (body["metadata"], body["user"]) == ({"who": "u 1"}, "u 1")
    headers = upstream.requests[0].headers
    assert (headers["X-User"], headers["X-Key"]) == ("u%201", "{{ x }}")


async def test_in_a_shared_conversation_each_turn_names_its_speaker(upstream, open_agent):
    message = Message("m1", "c1", "group", Sender("u2", "小 红\n"), "我是谁", 1.7e9, shared=True)
    past = [Exchange("我叫小明", "你好", "小明"), Exchange("在吗", "在")]
    async for _ in open_agent().reply(message, past):
        pass
    assert upstream.questions == ["小明：我叫小明", "你好", "在吗", "在", "小 红：我是谁"]


async def test_nothing_is_sent_that_nobody_set(upstream, open_agent, ask, make_spec, timeouts):
    agent = open_agent(include_usage=False, body={"user": None}, api_key=Secret(""))
    await ask(agent, "a")
    assert upstream.bodies == [
        {"model": "qwen-plus", "stream": True, "messages": [{"role": "user", "content": "a"}]}
    ]
    assert "Authorization" not in upstream.requests[0].headers


async def test_own_headers_win(upstream, open_agent, ask):
    await ask(open_agent(headers={"authorization": Secret("Basic abcd"), "api-key": Secret("azure")}), "a")
    headers = upstream.requests[0].headers
    assert headers.getall("Authorization") == ["Basic abcd"]
    assert headers["api-key"] == "azure"


@pytest.mark.parametrize(
    "ending", ["", "/", "/chat/completions", "?api-version=2024-10-21", "/?api-version=2024-10-21"]
)
async def test_the_base_url_is_taken_as_it_is(upstream, open_agent, ask, ending):
    await ask(open_agent(base_url=upstream.url + ending), "a")
    assert upstream.requests[0].path == "/v3/chat/completions"
    assert upstream.requests[0].query_string == ending.partition("?")[2]


async def test_people_are_named_by_an_opaque_stable_id(upstream, open_agent, ask):
    agent = open_agent()
    for sender in ("manager4220", "manager4220", "user1"):
        await ask(agent, "a", sender=sender)
    first, again, other = (body["user"] for body in upstream.bodies)
    assert first == again != other
    assert "manager" not in first
    assert opaque_id("manager4220") == first == "48cd9843ca72d560bb13b6917b6c5bbe"


async def test_one_connection_serves_many_questions(upstream, open_agent, ask):
    agent = open_agent()
    for _ in range(5):
        await ask(agent, "a")
    assert len(upstream.peers) == 1


# -- how the answer may come ---------------------------------------------------------------------


async def test_characters_may_be_cut_anywhere(upstream, open_agent, ask):
    whole = b": hi\r\n" + (chunk(content="你好😀") + chunk("stop")).replace(b"data: ", b"data:").replace(
        b"\n", b"\r\n"
    )
    upstream.replies = [stream(*(whole[at : at + 1] for at in range(len(whole))))]
    assert said(await ask(open_agent(), "a")) == "你好😀"


async def test_the_last_event_may_lack_its_end(upstream, open_agent, ask):
    upstream.replies = [stream(chunk("stop", content="a").rstrip())]
    assert await ask(open_agent(), "a") == [Started(message_id="c1"), TextDelta("a"), Finished()]


async def test_reasoning_and_usage_are_told_apart(upstream, open_agent, ask):
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}\n\n'
    upstream.replies = [
        stream(chunk(reasoning_content="hm"), chunk(content="<think>so</think>yes"), chunk("length"), usage)
    ]
    assert (await ask(open_agent(), "a"))[1:] == [
        ReasoningDelta("hm"),
        ReasoningDelta("so"),
        TextDelta("yes"),
        Usage(9, 3),
        Finished("length"),
    ]


async def test_an_answer_may_come_whole(upstream, open_agent, ask):
    document = {"id": "c2", "choices": [{"message": {"content": "yes"}}]}
    upstream.replies = [text(json.dumps(document), "application/json")]
    assert await ask(open_agent(), "a") == [Started(message_id="c2"), TextDelta("yes"), Finished()]


async def test_a_server_that_never_hangs_up_is_not_waited_for(upstream, open_agent, ask, monkeypatch):
    monkeypatch.setattr(endpoint, "CLOSE_WAIT_S", 0.01)
    never = asyncio.Event()
    agent = open_agent(Timeouts(5, 10, 0.1, None, 600))
    for end in ([chunk("stop")], [b"data: [DONE]\n\n"], [chunk("stop"), b"data: [DONE]\n\n"]):
        upstream.replies = [stream(chunk(content="a"), *end, never)]
        assert (await ask(agent, "a"))[-1] == Finished()
    upstream.replies = [stream(chunk(content="a"), chunk("stop"), ConnectionError())]
    assert (await ask(agent, "a"))[-1] == Finished()


@pytest.mark.parametrize("end", [(), (ConnectionError(),), (b'data: {"choices": [{"del',)])
async def test_an_answer_that_breaks_off_is_an_error_and_not_asked_again(upstream, open_agent, ask, end):
    upstream.replies = [stream(chunk(content="a"), *end)]
    error = await fail(ask, open_agent(), "a")
    assert error.code == "interrupted"
    assert said(error.events) == "a"
    assert len(upstream.requests) == 1


async def test_an_error_in_the_stream_ends_it(upstream, open_agent, ask):
    upstream.replies = [
        stream(chunk(content="a"), b'data: {"error":{"message":"overloaded","code":503}}\n\n')
    ]
    error = await fail(ask, open_agent(), "a")
    assert (str(error), said(error.events), len(upstream.requests)) == ("overloaded", "a", 1)


async def test_an_endless_line_is_refused(upstream, open_agent, ask):
    endless = [b"x" * (1 << 20)] * 5
    upstream.replies = [stream(chunk(content="a"), *endless, asyncio.Event())]
    assert (await fail(ask, open_agent(), "a")).code == "too_long"
    await asyncio.wait_for(upstream.gone.wait(), 10)


async def test_a_web_page_is_not_an_answer(upstream, open_agent, ask):
    upstream.replies = [text("<html>Sign in</html>", "text/html")]
    error = await fail(ask, open_agent(), "a")
    assert error.code == "not_an_api"
    assert "base_url" in str(error)


async def test_a_json_error_with_status_200_is_an_error(upstream, open_agent, ask):
    upstream.replies = [text('{"code":"Arrearage","message":"pay first"}', "application/json")]
    error = await fail(ask, open_agent(), "a")
    assert (error.code, str(error)) == ("Arrearage", "pay first")


# -- failures ------------------------------------------------------------------------------------


async def test_a_wrong_path_names_the_likely_cause(upstream, open_agent, ask):
    error = await fail(ask, open_agent(base_url=upstream.url.removesuffix("/v3")), "a")
    assert error.code == "http_404"
    assert "/v1" in str(error)


async def test_a_redirect_is_not_followed_with_the_key(upstream, open_agent, ask):
    upstream.replies = [text("", "text/plain", status=307, Location="http://elsewhere.invalid/")]
    error = await fail(ask, open_agent(), "a")
    assert len(upstream.requests) == 1
    assert str(error) == "base_url is redirected to http://elsewhere.invalid/ (HTTP 307)"


@pytest.mark.parametrize(
    "failure",
    [refuse(429), refuse(500), refuse(503, **{"Retry-After": "0.01"}), stream(), stream(ConnectionError())],
)
async def test_a_passing_failure_is_tried_again(upstream, open_agent, ask, failure):
    upstream.replies = [failure, failure, HELLO]
    assert said(await ask(open_agent(), "a")) == "你好"
    assert len(upstream.requests) == 3


async def test_what_is_no_answer_is_tried_once_more(upstream, open_agent, ask):
    odd = text("<html>Please wait</html>", "text/html")
    upstream.replies = [odd, HELLO]
    assert said(await ask(open_agent(), "a")) == "你好"
    upstream.replies = [odd]
    assert (await fail(ask, open_agent(retries=5), "a")).code == "not_an_api"
    assert len(upstream.requests) == 4
    await fail(ask, open_agent(retries=0), "a")
    assert len(upstream.requests) == 5


async def test_a_name_that_does_not_resolve_is_told(open_agent, ask):
    error = await fail(ask, open_agent(base_url="http://no-such-host.invalid/v1", retries=0), "a")
    assert (error.code, error.retryable) == ("connection.name", True)
    assert "no-such-host.invalid" in str(error)


async def test_an_excerpt_repeats_no_key(upstream, open_agent, ask):
    upstream.replies = [text(f"your key {KEY} is odd", "text/plain")]
    error = await fail(ask, open_agent(retries=0), "a")
    assert "your key *** is odd" in str(error)


async def test_tries_are_counted(upstream, open_agent, ask):
    upstream.replies = [refuse(500)]
    assert (await fail(ask, open_agent(retries=2), "a")).status == 500
    assert len(upstream.requests) == 3
    await fail(ask, open_agent(retries=0), "a")
    assert len(upstream.requests) == 4


async def test_reasoning_that_was_shown_is_not_shown_twice(upstream, open_agent, ask):
    upstream.replies = [stream(chunk(reasoning="hm"))]
    assert (await fail(ask, open_agent(), "a")).code == "interrupted"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(401, "invalid_api_key"), (404, "model_not_found"), (429, "insufficient_quota")]
)
async def test_a_lasting_failure_is_not_tried_again(upstream, open_agent, ask, status, code):
    upstream.replies = [refuse(status, {"message": "no", "code": code})]
    error = await fail(ask, open_agent(), "a")
    assert (error.code, error.status, len(upstream.requests)) == (code, status, 1)


async def test_the_servers_wish_to_wait_is_kept(upstream, open_agent, ask, monkeypatch):
    waits = []

    async def sleep(delay_s):
        waits.append(delay_s)

    upstream.replies = [refuse(429, **{"Retry-After": "7"}), HELLO]
    agent = open_agent()
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        await ask(agent, "a")
    assert next(wait for wait in waits if wait) == pytest.approx(7, abs=0.1)


async def test_nobody_waits_longer_than_for_a_first_word(upstream, open_agent, ask):
    upstream.replies = [refuse(429, {"message": "later"}, **{"Retry-After": "3600"})]
    assert "later" in str(await fail(ask, open_agent(), "a"))
    assert len(upstream.requests) == 1


async def test_a_history_too_long_is_halved_once(upstream, open_agent, ask):
    too_long = refuse(400, {"message": "no", "code": "context_length_exceeded"})
    upstream.replies = [too_long, HELLO]
    assert said(await ask(open_agent(retries=0), "now", HISTORY)) == "你好"
    assert upstream.questions == ["question 2", "answer 2", "question 3", "answer 3", "now"]
    upstream.replies = [too_long]
    assert (await fail(ask, open_agent(), "now", HISTORY[:1])).code == "context_length_exceeded"
    assert upstream.questions == ["now"]
    assert len(upstream.requests) == 4


async def test_no_server_is_an_error_with_its_name(open_agent, ask):
    port = unused_port()
    error = await fail(ask, open_agent(base_url=f"http://127.0.0.1:{port}/v1?key=k1", retries=1), "a")
    assert error.code == "connection"
    assert f"127.0.0.1:{port}" in str(error)
    assert "k1" not in str(error)


async def test_connecting_has_its_own_timeout(open_agent, ask, monkeypatch):
    import aiohttp

    async def stall(*args, **kwargs):
        await asyncio.sleep(60)

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", stall)
    error = await fail(ask, open_agent(Timeouts(0.05, 10, 10, None, 600), retries=0), "a")
    assert (error.code, error.retryable) == ("timeout.connect", True)


@pytest.mark.parametrize(
    ("excluded", "reached"), [("", False), ("127.0.0.1", True), ("10.0.0.0/8,127.0.0.0/8", True)]
)
async def test_a_proxy_in_the_environment_is_used_unless_excluded(
    open_agent, ask, monkeypatch, unused_tcp_port, excluded, reached
):
    monkeypatch.setenv("http_proxy", f"http://me:hunter2@127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("no_proxy", excluded)
    if reached:
        assert said(await ask(open_agent(), "a")) == "你好"
    else:
        error = await fail(ask, open_agent(retries=0), "a")
        assert error.code == "connection"
        assert "hunter2" not in str(error)


async def test_a_proxy_that_cannot_be_used_is_named(open_agent, ask, monkeypatch):
    monkeypatch.setenv("http_proxy", "socks5://me:hunter2@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    error = await fail(ask, open_agent(), "a")
    assert (error.code, error.retryable) == ("proxy", False)
    assert "SOCKS" in str(error)
    assert "hunter2" not in str(error)
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    assert said(await ask(open_agent(), "a")) == "你好"


def test_where_it_connects_to_is_known_but_not_behind_a_proxy(open_agent, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    agent = open_agent(base_url="https://llm.test/v1")
    direct = agent.address
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")

    assert (direct, agent.address) == (("llm.test", 443), None)


async def test_a_key_the_server_repeats_is_not_passed_on(upstream, open_agent, ask, caplog):
    caplog.set_level(logging.DEBUG)
    upstream.replies = [refuse(401, {"message": f"Incorrect API key: {KEY}, header h-secret"})]
    agent = open_agent(headers={"x-token": Secret("h-secret")})
    error = await fail(ask, agent, "a")
    assert str(error) == "Incorrect API key: ***, header *** (HTTP 401)"
    assert error.__cause__ is None
    for text in (caplog.text, repr(agent), repr(vars(error))):
        assert KEY not in text


# -- stopping ------------------------------------------------------------------------------------


async def first_word(agent):
    answer = agent.reply(Message("m", "c", "single", Sender("u"), "a", 0.0), [])
    async for event in answer:
        if isinstance(event, TextDelta):
            return answer
    raise AssertionError("no word came")


async def test_closing_the_answer_closes_the_connection(upstream, open_agent):
    upstream.replies = [stream(chunk(content="a"), asyncio.Event())]
    answer = await first_word(open_agent())
    assert not upstream.gone.is_set()
    await answer.aclose()
    await asyncio.wait_for(upstream.gone.wait(), 10)


async def test_an_answer_that_is_closed_leaves_nothing_open(upstream, open_agent, abandoned):
    upstream.replies = [stream(chunk(content="a"), asyncio.Event())]
    answer = await first_word(open_agent())
    await answer.aclose()

    assert abandoned == []


async def test_cancelling_closes_the_connection(upstream, open_agent):
    upstream.replies = [stream(chunk(content="a"), asyncio.Event())]
    agent = open_agent()
    said_it = asyncio.Event()

    async def read():
        message = Message("m", "c", "single", Sender("u"), "a", 0.0)
        async with aclosing(agent.reply(message, [])) as answer:
            async for _ in answer:
                said_it.set()

    task = asyncio.create_task(read())
    await asyncio.wait_for(said_it.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(upstream.gone.wait(), 10)


async def test_a_silent_server_is_left(upstream, open_agent, ask):
    upstream.replies = [stream(chunk(content="a"), b": still here\n\n", asyncio.Event())]
    agent = open_agent()

    class Watched:
        def reply(self, message, history):
            return guarded(agent.reply(message, history), Timeouts(5, 5, 0.05, None, 600))

    assert (await fail(ask, Watched(), "a")).code == "timeout.idle"
    await asyncio.wait_for(upstream.gone.wait(), 10)


async def test_an_agent_that_was_never_asked_closes(open_agent):
    await open_agent().close()


# -- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [
        ({"base_url": "http://127.0.0.1:99999/v1"}, "/agent/base_url"),
        ({"base_url": "http://[::1/v1"}, "/agent/base_url"),
        ({"base_url": "http://me:pw@127.0.0.1/v1"}, "/agent/base_url"),
        ({"body": {"stream": False}}, "/agent/body/stream"),
        ({"body": {"messages": []}}, "/agent/body/messages"),
    ],
)
def test_settings_that_cannot_work_are_problems(make_agent, settings, pointer):
    with pytest.raises(ConfigError) as caught:
        make_agent("openai", **{"base_url": "http://127.0.0.1/v1", "model": "m", **settings})
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("module", ["echo", "faq", "openai"])
def test_importing_an_agent_stays_light(module):
    code = f"import sys, imbot.agents.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"aiohttp", "requests", "jinja2", "jsonschema", "yaml"}.intersection(loaded)
