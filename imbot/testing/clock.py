"""An event loop whose clock jumps to the next timer, so that waiting costs nothing."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple

from imbot.tasks import LastingLoop

_T = TypeVar("_T")
Args = TypeVarTuple("Args")


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.out: set[_Errand] = set()

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self.out:
            return super().select(timeout)
        self.now += timeout
        return []


class _Errand:
    """One call in a thread. The clock waits for it.

    It ends when its result has arrived, or when its future was cancelled and the thread is done.
    """

    def __init__(self, out: "set[_Errand]") -> None:
        self._out = out
        self._begun = False
        self._over = False

    def do(self, loop: asyncio.AbstractEventLoop, func: Callable[[], _T]) -> _T:
        """Run the call; the thread does this."""
        self._begun = True
        try:
            return func()
        finally:
            self._over = True
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(self._check)

    def watch(self, future: asyncio.Future[Any]) -> None:
        """Wait for the call's future; called once, in the loop."""
        self._future = future
        self._out.add(self)
        future.add_done_callback(self._check)

    def _check(self, _: object = None) -> None:
        still_runs = self._begun and not self._over
        if self._future.done() and not (self._future.cancelled() and still_runs):
            self._out.discard(self)


class VirtualLoop(LastingLoop):
    """Its time stands still while a task can run or a thread works, and else jumps to the next timer."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Args], _T], *args: *Args
    ) -> asyncio.Future[_T]:
        """Like any loop's, but the clock waits for the call."""
        errand = _Errand(self._jumping.out)
        future = super().run_in_executor(executor, errand.do, self, lambda: func(*args))
        errand.watch(future)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002
        """Like any loop's, without ``timeout``: virtual time would jump to it at once."""
        joining = _Errand(self._jumping.out)
        self._jumping.out.add(joining)
        try:
            await super().shutdown_default_executor()
        finally:
            self._jumping.out.discard(joining)


def run_virtual(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in virtual time, and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
