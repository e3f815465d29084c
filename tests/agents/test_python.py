import asyncio
import contextlib
import sys
import threading

import pytest
from fakes import message

from imbot.agents.chunks import NOTHING, event_of, text_of
from imbot.agents.python import UNHEARD
from imbot.errors import AgentError, ConfigError, UserCodeError
from imbot.model import Exchange, Finished, ReasoningDelta, TextDelta, Usage

MODULE = """
import asyncio, threading, time

async def streams(text):
    for word in text.split():
        yield word + " "

async def coroutine(text, history, sender_id):
    return f"{sender_id} said {text} after {history}"

def plain(text):
    return ["first", {"content": "in " + threading.current_thread().name}]

def generator(text):
    yield "a"
    yield {"type": "REASONING_CONTENT", "data": {"content": "hm"}}
    yield "b"

def run(params, chatId, stream_callback):
    stream_callback({"type": "REASONING_CONTENT", "data": {"content": "thinking"}})
    stream_callback({"type": "TOOL_CALL_START", "data": {"eventType": "x"}})
    for piece in ("to ", params["input_data"], " in ", chatId):
        stream_callback({"type": "TEXT_MESSAGE_CONTENT", "data": {"content": piece}})
    return [{"role": "assistant", "content": "the whole"}]

def reference(user_input, variables, chatId, stream_callback):
    return {"output": "answer to " + user_input}

def silent(text):
    return None

def broken(text):
    raise ZeroDivisionError("my own bug")

def counts(text):
    global running, most
    running += 1
    most = max(most, running)
    time.sleep(0.02)
    running -= 1
    return "done"

running = most = 0
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "shop_bot.py").write_text(MODULE)
    (tmp_path / "shop_broken.py").write_text("import no_such_library\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield
    for name in ("shop_bot", "shop_broken"):
        sys.modules.pop(name, None)


@pytest.fixture
def said(module, make_agent, ask):
    async def said(function, text="hi there", history=(), **settings):
        agent = make_agent("python", target=f"shop_bot:{function}", **settings)
        events = await ask(agent, text, history)
        assert isinstance(events[-1], Finished)
        return events[:-1]

    return said


async def test_an_async_generator_streams(said):
    assert await said("streams") == [TextDelta("hi "), TextDelta("there ")]


async def test_a_coroutine_gets_what_it_asks_for_by_name(said):
    (event,) = await said("coroutine", history=[Exchange("q", "a")])
    assert event.text.startswith("manager4220 said hi there after [{'role': 'user', 'content': 'q'}")


async def test_a_plain_function_runs_in_a_thread_and_the_last_text_of_a_list_counts(said):
    assert await said("plain") == [TextDelta("in python agent")]


async def test_a_generator_streams_from_a_thread(said):
    assert await said("generator") == [TextDelta("a"), ReasoningDelta("hm"), TextDelta("b")]


async def test_callback_chunks_are_told_apart_and_the_result_is_not_said_again(said):
    events = await said("run", style="callback")
    assert events[0] == ReasoningDelta("thinking")
    assert "".join(e.text for e in events[1:]) == "to hi there in c1:manager4220"


async def test_the_other_callback_signature_is_recognised(said):
    assert await said("reference", style="callback") == [TextDelta("answer to hi there")]


async def test_a_function_without_a_word_is_an_error(said):
    with pytest.raises(AgentError, match="returned no answer"):
        await said("silent")


async def test_a_bug_is_named_with_its_text(said):
    with pytest.raises(UserCodeError, match="ZeroDivisionError: my own bug"):
        await said("broken")


async def test_concurrency_bounds_the_threads(module, make_agent, ask):
    import asyncio

    agent = make_agent("python", target="shop_bot:counts", concurrency=3)
    await asyncio.gather(*(ask(agent, "x") for _ in range(10)))
    assert sys.modules["shop_bot"].most == 3
    assert not [t for t in threading.enumerate() if t.name == "python agent" and not t.daemon]


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("no_such_shop:run", "there is no module no_such_shop", "install it"),
        ("shop_bot.deeper:run", "there is no module shop_bot.deeper", "install it"),
        (
            "shop_broken:run",
            "cannot be imported: ModuleNotFoundError: No module named 'no_such_library'",
            "python -c",
        ),
        ("shop_bot:stream", "has no function stream", "did you mean streams?"),
        ("shop_bot:running", "has no function running", ""),
    ],
)
def test_a_target_that_cannot_be_found_says_why(module, make_agent, target, message, hint):
    with pytest.raises(ConfigError) as caught:
        make_agent("python", target=target)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert hint in problem.hint
    assert (problem.code, problem.pointer, problem.line) == ("agent.target", "/agent/target", 7)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (["a", {"type": "result"}, {"data": {"content": "b"}}, 3], "b"),
        ({"answer": "c"}, "c"),
        (None, ""),
        ([], ""),
    ],
)
def test_the_text_of_a_result(value, text):
    assert text_of(value) == text


def test_chunks_without_a_type_are_text_and_own_events_pass():
    assert event_of({"data": {"content": "x"}}) == TextDelta("x")
    assert event_of({"type": "SOMETHING", "data": {"content": "x"}}) == NOTHING
    assert event_of(Usage(1, 2)) == Usage(1, 2)


async def test_a_function_that_talks_faster_than_it_is_heard_waits(module, make_agent):
    said = []

    def talks(text):
        for number in range(10_000):
            said.append(number)
            yield "x"

    agent = make_agent("python", target="shop_bot:generator")
    agent._function = talks
    answer = agent.reply(message("go"), ())
    await anext(answer)
    await asyncio.sleep(0.05)
    assert len(said) <= UNHEARD + 2
    await answer.aclose()


@pytest.mark.parametrize("style", ["call", "callback"])
async def test_a_function_nobody_listens_to_any_more_is_ended(module, make_agent, style):
    ended = threading.Event()

    def for_ever(user_input, variables=None, chatId=None, stream_callback=None):
        try:
            while True:
                with contextlib.suppress(Exception):
                    stream_callback("x")
        finally:
            ended.set()

    def generates(text):
        try:
            while True:
                yield "x"
        finally:
            ended.set()

    agent = make_agent("python", target="shop_bot:generator", style=style)
    agent._function = for_ever if style == "callback" else generates
    agent._parameters = frozenset({"user_input"}) if style == "callback" else frozenset()
    answer = agent.reply(message("go"), ())
    await anext(answer)
    await answer.aclose()
    assert await asyncio.to_thread(ended.wait, 5)


@pytest.mark.parametrize("function", ["streams", "generator"])
async def test_an_answer_that_is_closed_leaves_nothing_open(module, make_agent, abandoned, function):
    answer = make_agent("python", target=f"shop_bot:{function}").reply(message("one two"), ())
    await anext(answer)
    await answer.aclose()

    assert abandoned == []
