"""The ``python`` agent: a function of the user's own, called in this process.

It is an async generator, a coroutine, a generator or a plain function; the last two run in threads. With the
style ``callback`` it is called as JitAi agents are: the function blocks, and passes its chunks to a callback
meanwhile.
"""

import asyncio
import importlib
import inspect
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import aclosing, closing, suppress
from pathlib import Path
from typing import Any

from imbot.agents.chunks import event_of, text_of
from imbot.agents.settings import setting_error
from imbot.errors import AgentError
from imbot.model import AgentEvent, Exchange, Finished, Message, TextDelta
from imbot.spec import AgentSpec, Timeouts

Function = Callable[..., Any]
Say = Callable[[Any], None]

UNHEARD = 100  # pieces of an answer that may wait in the queue before the function is blocked

# the arguments, besides the text, that a function gets if it has parameters of these names
_OFFERED = ("history", "sender_id", "sender_nick", "conversation_id", "conversation_kind")


class PythonAgent:
    """Calls ``target``; at most ``concurrency`` calls are in threads at a time."""

    address = None

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:  # noqa: ARG002 - every agent is made this way
        self._function = _found(spec)
        self._parameters = _parameters(self._function)
        self._callback = spec.settings["style"] == "callback"
        self._places = asyncio.Semaphore(int(spec.settings["concurrency"]))
        self.wants_history = "history" in self._parameters

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """What the function yields, passes to its callback or returns. Its exceptions are not changed."""
        said = False
        async with aclosing(self._chunks(message, history)) as chunks:
            async for event in chunks:
                said = said or isinstance(event, TextDelta)
                yield event
        if not said:
            raise AgentError("the function returned no answer", code="empty")
        yield Finished()

    async def close(self) -> None:
        """Nothing to release; threads end when their function does."""

    async def _chunks(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        call = self._bound(message, history)
        if inspect.isasyncgenfunction(self._function):
            async with aclosing(call()) as chunks:
                async for chunk in chunks:
                    if event := event_of(chunk):
                        yield event
        elif inspect.iscoroutinefunction(self._function):
            if text := text_of(await call()):
                yield TextDelta(text)
        else:
            async with aclosing(self._threaded(self._work(call, message))) as events:
                async for event in events:
                    yield event

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
        if inspect.isgeneratorfunction(self._function):
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
                talk.tell("result", work(talk.say))
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is awaited
                talk.tell("error", error)
            finally:
                talk.call(self._places.release)

        await self._places.acquire()
        # A daemon: a function that never returns must not keep the process from ending.
        threading.Thread(target=run, name="python agent", daemon=True).start()
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
        """Pass on a piece of the answer. Called in the thread."""
        self._room.acquire()
        if self._over:
            self._room.release()
            raise _HungUpError
        self.tell("chunk", chunk)

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
            if not said and (text := text_of(value)):
                yield TextDelta(text)
            return
        if event := event_of(value):
            said = said or isinstance(event, TextDelta)
            yield event


def _drained(chunks: Generator[Any], say: Say) -> None:
    with closing(chunks):
        for chunk in chunks:
            say(chunk)


def _found(spec: AgentSpec) -> Function:
    """The function that ``target`` names.

    Raises ConfigError, with different messages for missing and broken modules.
    """
    module_name, _, name = str(spec.settings["target"]).partition(":")
    beside = str(Path(spec.path).absolute().parent.parent)
    if beside not in sys.path:
        sys.path.append(beside)
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            message, hint = f"there is no module {missing}", f"install it, or put it into {beside}"
        else:
            message = f"the module {module_name} cannot be imported: {type(error).__name__}: {error}"
            hint = f"see: python -c 'import {module_name}'"
        raise setting_error(spec, "target", message, code="agent.target", hint=hint) from error
    function = getattr(module, name, None)
    if not callable(function):
        from difflib import get_close_matches

        near = get_close_matches(name, [each for each in vars(module) if callable(getattr(module, each))], 1)
        hint = f"did you mean {near[0]}?" if near else "define it there"
        message = f"the module {module_name} has no function {name}"
        raise setting_error(spec, "target", message, code="agent.target", hint=hint)
    return function  # type: ignore[no-any-return]  # callable() cannot say of what


def _parameters(function: Function) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some built-in functions have no signature
        return frozenset()
