"""The fence around a user's own code: whatever it raises is an error of that code, and never more.

User code may raise anything: ``SystemExit``, a panic of an extension module, exceptions that cannot even be printed.
An event loop and ``except Exception`` let those pass, and the process would end. So user code runs only through
``fenced`` and ``fenced_await``, and its exceptions leave as an ``AgentError`` with a short, plain text. What ends a
process without an exception, such as ``os._exit``, cannot be fenced.
"""

import asyncio
import signal
import threading
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from functools import cache, partial
from queue import SimpleQueue
from types import FrameType
from typing import Any, Self, TypeVar

from imbot.errors import AgentError, UserCodeError
from imbot.text.sanitize import readable

_LONGEST = 500  # characters of an exception's text that are kept
_CHAIN = 5  # exceptions that led to an exception and are kept with it

_T = TypeVar("_T")


def fenced(function: Callable[..., _T], *values: Any) -> _T:
    """The result of a function of the user's. Raises AgentError for whatever it raises, but for a real Ctrl-C."""
    failure: AgentError | None = None
    result: Any = None
    with _CtrlC() as ctrl_c:
        try:
            result = function(*values)
        except BaseException as error:  # noqa: BLE001 - this is the fence
            failure = user_error(error)
    if ctrl_c.pressed:
        raise KeyboardInterrupt
    if failure:  # raised here, so that it does not carry the user's exception as its context
        raise failure
    return result  # type: ignore[no-any-return]  # the type is that of the function


@types.coroutine
def fenced_await(work: Coroutine[Any, Any, _T]) -> Generator[Any, Any, _T]:
    """Await a coroutine of the user's. Raises AgentError for whatever it raises.

    If the task is cancelled, the coroutine hears of it and may clean up; it cannot keep the task from ending. After a
    second cancellation it is given up.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    resume = partial(work.send, None)
    while True:
        failure: BaseException | None = None
        try:
            awaited = resume()
        except StopIteration as end:
            if task.cancelling() > before:  # it took the cancellation for its own
                failure = asyncio.CancelledError()
            result = end.value
        except BaseException as error:  # noqa: BLE001 - this is the fence
            real = issubclass(type(error), asyncio.CancelledError) and task.cancelling() > before
            failure = asyncio.CancelledError() if real else user_error(error)
        else:
            if task.cancelling() - before < 2:
                try:
                    resume = partial(work.send, (yield awaited))
                except GeneratorExit:
                    with suppress(BaseException):  # also this is user code
                        work.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - such as a cancellation: the code hears of it
                    resume = partial(work.throw, error)
                continue
            give_up(work)
            failure = asyncio.CancelledError()
        if failure:
            raise failure
        return result  # type: ignore[no-any-return]  # the type is that of the coroutine


def give_up(work: object) -> None:
    """Never touch a coroutine or generator again that does not end.

    Python ends one that nobody refers to any more, at the latest when the process ends. That would run its code once
    more, and never return where the code catches everything. Only what a daemon thread refers to is left alone.
    """
    _keeper().put(work)


@cache
def _keeper() -> "SimpleQueue[object]":
    given: SimpleQueue[object] = SimpleQueue()

    def keep() -> None:
        kept: list[object] = []
        while True:
            kept.append(given.get())

    threading.Thread(target=keep, name="what agents left running", daemon=True).start()
    return given


def user_error(error: BaseException) -> AgentError:
    """What user code raised, as an error of plain values; its traceback leads to the user's code."""
    return _told(error, _CHAIN)


def _told(error: BaseException, chain: int) -> AgentError:
    made = _as_agent_error(error)
    with suppress(BaseException):  # attributes of exceptions can be user code, too
        made.__traceback__ = error.__traceback__
        led = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if led is None and isinstance(error, BaseExceptionGroup):
            led = error.exceptions[0]
        if led is not None and chain:
            made.__cause__ = _told(led, chain - 1)
    return made


def _as_agent_error(error: BaseException) -> AgentError:
    text = "an exception that cannot be shown"
    with suppress(BaseException):
        name = type(error).__name__
        text = f"{name}, which cannot be shown"
        said = " ".join(readable(str.__str__(str(error))[:_LONGEST]).split())
        if type(error) is AgentError:
            code = str.__str__(error.code)[:_LONGEST]
            return AgentError(said, code=code, retryable=error.retryable is True)
        if issubclass(type(error), TimeoutError):
            return AgentError(f"the agent gave up: {said or name}", code="agent.timeout", retryable=True)
        text = f"{name}: {said}" if said else name
    return UserCodeError(text, code="agent.bug")


class _CtrlC:
    """Notices Ctrl-C: to code it looks the same as if that had raised ``KeyboardInterrupt`` itself."""

    def __init__(self) -> None:
        self.pressed = False
        self._watching = False

    def __enter__(self) -> Self:
        main = threading.current_thread() is threading.main_thread()
        self._watching = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._watching:
            signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(self, *_: object) -> None:
        if self._watching and signal.getsignal(signal.SIGINT) == self._press:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _press(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        signal.default_int_handler(number, frame)
