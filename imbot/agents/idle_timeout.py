"""How long an agent may be silent: a limit that moves with every event, for the price of one timer an answer.

``guarded`` waits through it. The timer is not moved with the limit, but looks at it when it rings.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

INSIST_S = 5.0  # between interruptions

_T = TypeVar("_T")


class IdleTimeout:
    """Waits for one thing after another, each until a time of its own."""

    def __init__(self) -> None:
        self._rings = 0  # during the last wait
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None  # who waits
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def expired(self) -> bool:
        """Whether the last wait was ended here."""
        return self._rings > 0

    async def wait(self, awaited: Awaitable[_T], until: float) -> _T:
        """What ``awaited`` brings by that time of the loop's clock. Raises TimeoutError.

        Who goes on after that, cleaning up, is interrupted again and again.
        """
        self._task = task = asyncio.current_task(self._loop)
        assert task
        self._until, self._rings = until, 0
        if self._timer is None or until < self._timer.when():
            self._set()
        others = task.cancelling()
        try:
            return await awaited
        except asyncio.CancelledError:
            if self.expired and task.cancelling() == others + self._rings:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
            for _ in range(self._rings):
                task.uncancel()

    def close(self) -> None:
        """Take the timer back."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        self.close()
        self._timer = self._loop.call_at(self._until, self._ring, self._until)

    def _ring(self, at: float) -> None:
        self._timer = None
        if self._task is None:
            return
        if not self.expired and at < self._until:
            self._set()
        else:
            self._rings += 1
            self._task.cancel()
            self._timer = self._loop.call_later(INSIST_S, self._ring, at)
