"""An event loop whose clock jumps to the next timer, so that waiting costs nothing."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple

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
    """One call that is out in a thread, until its result is in, or nobody waits and the thread is done."""

    def __init__(self, out: "set[_Errand]") -> None:
        self._out = out
        self._begun = False
        self._over = False

    def do(self, loop: asyncio.AbstractEventLoop, func: Callable[[], _T]) -> _T:
        """What the thread does."""
        self._begun = True
        try:
            return func()
        finally:
            self._over = True
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(self._check)

    def watch(self, future: asyncio.Future[Any]) -> None:
        """This is what waits for it."""
        self._future = future
        self._out.add(self)
        future.add_done_callback(self._check)

    def _check(self, _: object = None) -> None:
        still_runs = self._begun and not self._over
        if self._future.done() and not (self._future.cancelled() and still_runs):
            self._out.discard(self)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still while anything can run or a call is out in a thread, and jumps otherwise."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made, as far as anybody waited for them."""
        return self._jumping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Args], _T], *args: *Args
    ) -> asyncio.Future[_T]:
        """As any loop's; the clock waits for it."""
        errand = _Errand(self._jumping.out)
        future = super().run_in_executor(executor, errand.do, self, lambda: func(*args))
        errand.watch(future)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ARG002 - see below
        """As any loop's, however long it takes: a bound in virtual time would be over at once."""
        joining = _Errand(self._jumping.out)
        self._jumping.out.add(joining)
        try:
            await super().shutdown_default_executor()
        finally:
            self._jumping.out.discard(joining)


def run_virtual(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in virtual time; returns what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
