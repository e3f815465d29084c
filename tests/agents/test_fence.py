"""Whatever user code raises, wherever it raises it, costs one answer or one file and never the process."""

import asyncio
import logging
import signal
import sys
import traceback
from contextlib import aclosing, suppress

import pytest
from fakes import message
from virtual import run_virtual

from imbot.agents import fence, prepare_agent
from imbot.agents.fence import fenced, fenced_await, user_error
from imbot.agents.guarded import guarded
from imbot.errors import AgentError, ConfigError, UserCodeError
from imbot.model import Citation, Finished, NotFound, Suggestions, TextDelta, TextReplace, Usage
from imbot.spec import Timeouts


class PanicError(BaseException):
    """As panics of Rust extensions are."""


class DumbError(Exception):
    def __str__(self):
        raise SystemExit(4)


class LoudError(Exception):
    def __str__(self):
        return "loud " * 1_000_000


class OddError(Exception):
    def __str__(self):
        return "\x1b[31mred\ud800\nforged line\r\x00"


class HidingError(BaseException):
    @property
    def __cause__(self):
        raise KeyboardInterrupt

    __context__ = __cause__


RAISED = [
    SystemExit(3),
    KeyboardInterrupt(),
    GeneratorExit(),
    asyncio.CancelledError("mine"),
    PanicError("panicked"),
    StopIteration(5),
    StopAsyncIteration(),
    BaseExceptionGroup("several", [SystemExit(1), ValueError("inner")]),
    RecursionError(),
    MemoryError(),
    DumbError(),
    LoudError(),
    OddError(),
    HidingError(),
]
MODULE = """
import asyncio

error = None

async def streams(text):
    raise error
    yield "x"

async def streams_later(text):
    yield "x"
    await asyncio.sleep(0)
    raise error

async def streams_and_ends(text):
    try:
        yield "x"
    finally:
        raise error

async def coroutine(text):
    await asyncio.sleep(0)
    raise error

def plain(text):
    raise error

def generator(text):
    yield "x"
    raise error

def run(params, chatId, stream_callback):
    stream_callback("x")
    raise error

class Factory:
    def __init__(self, text):
        raise error

class Chunk(str):
    def isprintable(self):
        raise error
    __len__ = __eq__ = __str__ = __getitem__ = isprintable
    __hash__ = None

class Falls:
    @property
    def __class__(self):
        raise error

async def yields_odd(text):
    yield Falls()

def generates_odd(text):
    yield Falls()

def returns_odd(text):
    return [Falls()]

def calls_back_odd(params, chatId, stream_callback):
    stream_callback(Falls())
"""
FUNCTIONS = [
    *("streams", "streams_later", "streams_and_ends", "coroutine", "plain", "generator", "Factory"),
    *("yields_odd", "generates_odd", "returns_odd"),
]
TIMEOUTS = Timeouts(connect_s=5.0, first_event_s=10.0, idle_s=10.0, total_s=None, queued_s=600)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    (tmp_path / "fence_shop.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    import fence_shop

    yield fence_shop
    sys.modules.pop("fence_shop")


def answer(spec, take=99):
    """The events of an answer as a turn hears them; stops after some of them."""

    async def main():
        agent = prepare_agent(spec, TIMEOUTS)
        events = []
        async with aclosing(guarded(agent.reply(message("hi"), ()), TIMEOUTS)) as answer:
            async for event in answer:
                events.append(event)
                if len(events) == take:
                    break
        return events

    return asyncio.run(main())  # threads do not wait for a virtual clock


def named(error):
    return type(error).__name__


@pytest.mark.parametrize("error", RAISED, ids=named)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_whatever_a_function_raises_is_an_error_of_its_answer(shop, make_spec, error, function):
    shop.error = error
    with pytest.raises(AgentError) as caught:
        answer(make_spec("python", target=f"fence_shop:{function}"))
    assert len(str(caught.value)) < 600
    assert str(caught.value).isprintable()
    assert caught.value.__context__ is None


@pytest.mark.parametrize("error", RAISED, ids=named)
@pytest.mark.parametrize("function", ["run", "calls_back_odd"])
def test_whatever_a_callback_function_raises_is_an_error_of_its_answer(shop, make_spec, error, function):
    shop.error = error
    with pytest.raises(AgentError):
        answer(make_spec("python", target=f"fence_shop:{function}", style="callback"))


@pytest.mark.parametrize("error", [each for each in RAISED if named(each) != "GeneratorExit"], ids=named)
def test_what_a_function_raises_when_it_is_stopped_is_logged(shop, make_spec, error, caplog):
    shop.error = error
    events = answer(make_spec("python", target="fence_shop:streams_and_ends"), take=1)
    assert events == [TextDelta("x")]
    assert "fence_shop:streams_and_ends failed when it was stopped" in caplog.text


@pytest.mark.parametrize("error", RAISED, ids=named)
def test_whatever_a_module_raises_at_import_rejects_its_file_at_the_target(
    tmp_path, monkeypatch, make_spec, error
):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setattr(fence, "raised", error, raising=False)
    (tmp_path / "fence_import.py").write_text("import imbot.agents.fence as f\nraise f.raised\n")
    with pytest.raises(ConfigError) as caught:
        prepare_agent(make_spec("python", target="fence_import:run"), TIMEOUTS)
    (problem,) = caught.value.problems
    assert (problem.code, problem.pointer, problem.line) == ("agent.target", "/agent/target", 7)
    assert len(problem.message) < 700
    assert problem.message.isprintable()
    assert "fence_import" not in sys.modules


LOOKED_AT = {
    "getattr": "def __getattr__(name): raise SystemExit(3)",
    "signature": """
class F:
    def __call__(self, text): ...
    @property
    def __signature__(self): raise KeyboardInterrupt
run = F()
""",
    "metaclass": """
class M(type):
    def __getattr__(self, name): raise SystemExit(3)
    def __call__(self, text): ...
    __class__ = property(lambda self: self.nothing)
class run(metaclass=M): ...
""",
}


@pytest.mark.parametrize("how", LOOKED_AT)
def test_looking_at_a_module_is_fenced_too(tmp_path, monkeypatch, make_spec, how):
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "fence_look", raising=False)
    (tmp_path / "fence_look.py").write_text(LOOKED_AT[how])
    with pytest.raises(ConfigError) as caught:
        prepare_agent(make_spec("python", target="fence_look:run"), TIMEOUTS)
    assert caught.value.problems[0].pointer == "/agent/target"


def test_the_traceback_leads_to_the_users_code_and_to_what_it_was_raised_from(shop, make_spec):
    try:
        raise OSError("no route") from KeyboardInterrupt("first")
    except OSError as error:
        shop.error = error
    with pytest.raises(UserCodeError) as caught:
        answer(make_spec("python", target="fence_shop:coroutine"))
    text = "".join(traceback.format_exception(caught.value))
    assert 'fence_shop.py", line' in text
    assert "OSError: no route" in text
    assert "KeyboardInterrupt: first" in text


def test_errors_that_a_function_means_keep_their_codes():
    assert user_error(AgentError("no credit", code="quota", retryable=True)).code == "quota"
    assert user_error(TimeoutError("too slow")).retryable
    assert (user_error(PanicError("p")).code, str(user_error(PanicError("p")))) == (
        "agent.bug",
        "PanicError: p",
    )


def test_a_text_that_is_no_plain_text_arrives_as_one(shop, make_spec):
    async def streams(text):
        yield shop.Chunk("a")
        yield b"bytes are not shown"
        yield None
        yield TextReplace(shop.Chunk("b"))
        yield Suggestions([shop.Chunk("c")])
        yield Usage(True, 2)

    shop.streams, shop.error = streams, SystemExit(3)
    events = answer(make_spec("python", target="fence_shop:streams"))
    assert events == [TextDelta("a"), TextReplace("b"), Suggestions(("c",)), Usage(1, 2), Finished()]
    assert type(events[0].text) is type(events[1].text) is type(events[2].questions[0]) is str


@pytest.mark.parametrize(
    "event", [TextDelta(b"x"), TextReplace(None), Suggestions("abc"), Citation("a", 3), Usage("1")]
)
def test_an_event_with_wrong_values_says_which(shop, make_spec, event):
    async def streams(text):
        yield event

    shop.streams = streams
    with pytest.raises(AgentError, match=f"TypeError: `.*` of a {type(event).__name__} is a "):
        answer(make_spec("python", target="fence_shop:streams"))


def test_an_answer_may_consist_of_other_events_than_texts(shop, make_spec):
    async def streams(text):
        yield NotFound()

    shop.streams = streams
    assert answer(make_spec("python", target="fence_shop:streams")) == [NotFound(), Finished()]


@pytest.mark.parametrize("chunk", ["", None, {"type": "TOOL_CALL_START"}, "x"])
def test_a_generator_that_never_ends_and_never_waits_is_ended(shop, make_spec, chunk, monkeypatch):
    monkeypatch.setattr("imbot.agents.sanitizer.MOST_EVENTS", 3_000)
    beats = []

    async def streams(text):
        while True:
            yield chunk

    async def main():
        async def beat():
            while True:
                beats.append(1)
                await asyncio.sleep(0)

        other = asyncio.create_task(beat())
        agent = prepare_agent(make_spec("python", target="fence_shop:streams"), TIMEOUTS)
        async with aclosing(guarded(agent.reply(message("hi"), ()), TIMEOUTS)) as answer:
            async for _ in answer:
                pass
        other.cancel()

    shop.streams = streams
    with pytest.raises(AgentError, match="does not stop"):
        run_virtual(main())
    assert len(beats) > 10  # others had their turn


# -- a cancellation of the turn itself


async def swallows(text):
    yield "x"
    while True:
        with suppress(BaseException):
            await asyncio.sleep(3600)


async def goes_on(text):
    yield "x"
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        yield "as if nothing had happened"
    yield "more"


async def spins(text):
    yield "x"
    while True:
        with suppress(BaseException):
            yield "more"
            await asyncio.sleep(1)


async def says_cancelled(text):
    await asyncio.sleep(1)
    raise asyncio.CancelledError


async def awaits_a_cancelled_task(text):
    other = asyncio.create_task(asyncio.sleep(3600))
    other.cancel()
    await other


async def has_a_timeout(text):
    try:
        async with asyncio.timeout(1):
            await asyncio.sleep(3600)
    except TimeoutError:
        pass
    await asyncio.sleep(1)
    yield "made up for it"


def stopped(shop, make_spec, function, cancels=(5.0, 10.0)):
    """How an answer ends that is cancelled at these times, and when."""

    async def main():
        async def listen():
            agent = prepare_agent(make_spec("python", target="fence_shop:streams"), TIMEOUTS)
            async with aclosing(guarded(agent.reply(message("hi"), ()), TIMEOUTS)) as answer:
                async for event in answer:
                    events.append(event)  # noqa: PERF401 - what came before is kept

        events = []
        task = asyncio.create_task(listen())
        loop = asyncio.get_running_loop()
        for at in cancels:
            loop.call_later(at, task.cancel)
        await asyncio.wait([task])
        return events, task.cancelled() or task.exception(), loop.time()

    shop.streams = function
    return run_virtual(main())


@pytest.mark.parametrize("function", [swallows, goes_on, spins], ids=lambda f: f.__name__)
def test_a_function_cannot_swallow_the_cancellation_of_its_turn(shop, make_spec, function):
    events, ended, at = stopped(shop, make_spec, function)
    assert ended is True
    assert at <= 10.0
    assert TextDelta("as if nothing had happened") not in events


def test_a_function_that_swallows_everything_ends_at_its_limit(shop, make_spec):
    _, ended, at = stopped(shop, make_spec, swallows, cancels=())
    assert (ended.code, at) == ("timeout.idle", 15.0)


@pytest.mark.parametrize("function", [says_cancelled, awaits_a_cancelled_task], ids=lambda f: f.__name__)
def test_a_cancellation_of_the_functions_own_is_its_error(shop, make_spec, function):
    events, ended, _ = stopped(shop, make_spec, function, cancels=())
    assert (events, ended.code) == ([], "agent.bug")


def test_a_time_out_inside_a_function_is_no_cancellation(shop, make_spec):
    events, ended, _ = stopped(shop, make_spec, has_a_timeout, cancels=())
    assert (events, ended) == ([TextDelta("made up for it"), Finished()], None)


def test_a_function_may_clean_up_when_its_turn_is_cancelled(shop, make_spec):
    done = []

    async def cleans_up(text):
        try:
            yield "x"
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(2)
            done.append("closed")

    assert stopped(shop, make_spec, cleans_up)[1:] == (True, 7.0)
    assert done == ["closed"]


def test_a_generator_that_was_given_up_does_not_hold_up_the_end_of_the_loop(shop, make_spec, caplog):
    with caplog.at_level(logging.ERROR):
        stopped(shop, make_spec, swallows)  # run_virtual closes its loop, which ends generators that it knows
    assert "asynchronous generator" not in caplog.text


# -- the fence itself


def test_ctrl_c_is_no_error_of_the_function():
    def pressed():
        signal.raise_signal(signal.SIGINT)

    def swallowed():
        with suppress(BaseException):
            pressed()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for function in (pressed, swallowed):
            with pytest.raises(KeyboardInterrupt):
                fenced(function)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_coroutine_that_is_dropped_is_closed():
    closed = []

    async def waits():
        try:
            await asyncio.sleep(1)
        finally:
            closed.append(True)
            raise SystemExit(3)

    async def main():
        dropped = fenced_await(waits())
        dropped.send(None)
        dropped.close()

    run_virtual(main())
    assert closed == [True]
