"""The ``python`` agent: a function of the user's own, called in this process.

It is an async generator, a coroutine, a generator or a plain function; the last two run in threads. With the
style ``callback`` it is called as JitAi agents are: the function blocks, and passes its chunks to a callback
meanwhile.

All of its code runs through ``fence``: where it is imported, called, read, and closed.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import aclosing, closing, suppress
from typing import Any

from imbot.agents.chunks import event_of, says_something, text_of
from imbot.agents.fence import fenced, fenced_await, give_up
from imbot.agents.target import find_target
from imbot.errors import AgentError
from imbot.model import AgentEvent, Exchange, Finished, Message, TextDelta
from imbot.spec import AgentSpec, Timeouts

log = logging.getLogger(__name__)

Say = Callable[[Any], None]

UNHEARD = 100  # pieces of an answer that may wait in the queue before the function is blocked

# the arguments, besides the text, that a function gets if it has parameters of these names
_OFFERED = ("history", "sender_id", "sender_nick", "conversation_id", "conversation_kind")


class PythonAgent:
    """Calls ``target``; at most ``concurrency`` calls are in threads at a time."""

    address = None

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:  # noqa: ARG002 - every agent is made this way
        found = find_target(spec)
        self._function = found.function
        self._parameters = found.parameters
        self._shape = found.shape
        self._target = str(spec.settings["target"])
        self._callback = spec.settings["style"] == "callback"
        self._places = asyncio.Semaphore(int(spec.settings["concurrency"]))
        self.wants_history = "history" in self._parameters

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """What the function yields, passes to its callback or returns. Raises AgentError for what it raises."""
        said = False
        async with aclosing(self._chunks(message, history)) as chunks:
            async for event in chunks:
                said = said or says_something(event)
                yield event
        if not said:
            raise AgentError("the function returned no answer", code="empty")
        yield Finished()

    async def close(self) -> None:
        """Nothing to release; threads end when their function does."""

    async def _chunks(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        call = self._bound(message, history)
        if self._shape == "async generator":
            async with aclosing(self._generated(call)) as events:
                async for event in events:
                    yield event
        elif self._shape == "coroutine":
            yield TextDelta(await fenced_await(_result(call)))
        else:
            async with aclosing(self._threaded(self._work(call, message))) as events:
                async for event in events:
                    yield event

    async def _generated(self, call: Callable[[], Any]) -> AsyncGenerator[AgentEvent]:
        chunks = fenced(call)
        step = _first_step(chunks)
        try:
            while (event := await fenced_await(_event(step))) is not None:
                yield event
                step = anext(chunks)
        finally:
            try:
                await fenced_await(_closed(chunks))
            except AgentError as error:
                give_up(chunks)
                log.warning("%s failed when it was stopped: %s", self._target, error)

    def _bound(self, message: Message, history: Sequence[Exchange]) -> Callable[[], Any]:
        """The function, bound to the text and the arguments that it has parameters for."""
        offered = {
            "history": [
                turn
                for past in history
                for turn in (
                    {"role": "user", "content": past.question},
                    {"role": "assistant", "content": past.answer},
                )
            ],
            "sender_id": message.sender.id,
            "sender_nick": message.sender.nick,
            "conversation_id": message.conversation_id,
            "conversation_kind": message.conversation_kind,
        }
        named = {name: offered[name] for name in _OFFERED if name in self._parameters}
        return lambda: self._function(message.text or "", **named)

    def _work(self, call: Callable[[], Any], message: Message) -> Callable[[Say], Any]:
        """The work of the thread: passes chunks to ``say``, and returns the function's result."""
        if self._callback:
            return lambda say: self._called_back(message, say)
        if self._shape == "generator":
            return lambda say: _drained(call(), say)
        return lambda _: call()

    def _called_back(self, message: Message, say: Say) -> Any:
        text, chat = message.text or "", f"{message.conversation_id}:{message.sender.id}"
        if "user_input" in self._parameters:  # the signature of the platform's reference
            return self._function(text, {}, chat, say)
        return self._function(params={"input_data": text}, chatId=chat, stream_callback=say)

    async def _threaded(self, work: Callable[[Say], Any]) -> AsyncGenerator[AgentEvent]:
        talk = _Talk()

        def run() -> None:
            try:
                talk.tell("result", fenced(lambda: TextDelta(text_of(work(talk.say)))))
            except AgentError as error:
                talk.tell("error", error)
            finally:
                talk.call(self._places.release)

        await self._places.acquire()
        try:
            # A daemon: a function that never returns must not keep the process from ending.
            threading.Thread(target=run, name="python agent", daemon=True).start()
        except RuntimeError as error:  # the machine has no more threads
            self._places.release()
            raise AgentError(f"no thread for the function: {error}", code="agent.thread") from error
        try:
            async with aclosing(_heard(talk)) as events:
                async for event in events:
                    yield event
        finally:
            talk.hang_up()


class _HungUpError(BaseException):
    """Raised in the function when the answer was stopped.

    A BaseException, so that ``except Exception`` misses it.
    """


class _Talk:
    """The queue from a thread to the event loop. The thread is blocked while too many pieces wait."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._room = threading.Semaphore(UNHEARD)
        self._over = False

    def say(self, chunk: Any) -> None:
        """Pass on a piece of the answer. Called in the thread; raises what reading the piece raises."""
        event = event_of(chunk)
        self._room.acquire()
        if self._over:
            self._room.release()
            raise _HungUpError
        self.tell("chunk", event)

    def tell(self, kind: str, value: Any) -> None:
        """Pass on a result, an error or a piece. Called in the thread."""
        self.call(self._told.put_nowait, (kind, value))

    def call(self, function: Callable[..., object], *values: Any) -> None:
        """Call a function in the event loop, unless that is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *values)

    async def heard(self) -> tuple[str, Any]:
        """The next kind and value from the thread."""
        kind, value = await self._told.get()
        if kind == "chunk":
            self._room.release()
        return kind, value

    def hang_up(self) -> None:
        """End the function: from now on ``say`` raises, also in calls that are blocked in it."""
        self._over = True
        self._room.release()


async def _heard(talk: _Talk) -> AsyncGenerator[AgentEvent]:
    """The events from the thread. The function's result is used only if no text came before."""
    said = False
    while True:
        kind, value = await talk.heard()
        if kind == "error":
            raise value
        if kind == "result":
            if not said:
                yield value
            return
        said = said or says_something(value)
        yield value


def _drained(chunks: Generator[Any], say: Say) -> None:
    with closing(chunks):
        for chunk in chunks:
            say(chunk)


def _first_step(chunks: AsyncGenerator[Any]) -> Awaitable[Any]:
    """The first step of a generator, which is hidden from the event loop: that would end it outside the fence."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return anext(chunks)
    finally:
        sys.set_asyncgen_hooks(*hooks)


async def _event(step: Awaitable[Any]) -> AgentEvent | None:
    """The event of the next chunk; None after the last one."""
    try:
        chunk = await step
    except StopAsyncIteration:
        return None
    return event_of(chunk)


async def _closed(chunks: AsyncGenerator[Any]) -> None:
    await chunks.aclose()


async def _result(call: Callable[[], Any]) -> str:
    return text_of(await call())
