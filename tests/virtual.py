"""An event loop whose clock jumps to the next timer, so that waiting costs nothing."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.out_in_threads = 0

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self.out_in_threads:
            return super().select(timeout)
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still while anything can run or a call is out in a thread, and jumps otherwise."""

    def __init__(self):
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self):
        return self._jumping.now

    def run_in_executor(self, executor, func, *args):
        future = super().run_in_executor(executor, func, *args)
        self._jumping.out_in_threads += 1
        future.add_done_callback(self._back)
        return future

    def _back(self, _):
        self._jumping.out_in_threads -= 1


def run_virtual(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end in virtual time; returns what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
