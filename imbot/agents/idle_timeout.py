"""How long an agent may be silent: a time limit for each wait, at the price of one timer for a whole answer.

``guarded`` waits for every event through it. ``asyncio.timeout`` around each event would make and cancel a
timer each time: 19 us an event, where this takes 3 us, and a fast model sends thousands of events. So the
timer is not moved when the limit moves to a later time. When it rings too early, it is set anew for the limit
of that moment.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

INSIST_S = 5.0  # between two cancellations of a wait that goes on after the first one

_T = TypeVar("_T")


class IdleTimeout:
    """Waits for one thing after another, each with a time limit of its own. Belongs to one task."""

    def __init__(self) -> None:
        self._rings = 0  # how often the timer cancelled the task during the last wait
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None  # the task while it waits, None between two waits
        self._until = 0.0  # the limit of the wait, by the loop's clock
        self._timer: asyncio.TimerHandle | None = None  # never later than the limit, often earlier

    @property
    def expired(self) -> bool:
        """Whether the last wait was ended by its limit."""
        return self._rings > 0

    async def wait(self, awaited: Awaitable[_T], until: float) -> _T:
        """The result of ``awaited``. Raises TimeoutError if there is none by ``until``, of the loop's clock.

        The limit cancels the task. If the awaited code goes on all the same, for example in a ``finally``
        that hangs, the task is cancelled again every ``INSIST_S``, so that the wait ends at last.
        """
        self._task = task = asyncio.current_task(self._loop)
        assert task
        self._until, self._rings = until, 0
        if self._timer is None or until < self._timer.when():
            self._set()
        others = task.cancelling()  # requests that were there before, of whoever stops the turn
        try:
            return await awaited
        except asyncio.CancelledError:
            # Somebody may stop the turn in the very moment in which the limit passes. The task counts the
            # requests: only when all new ones are the timer's own is this a timeout. Otherwise the
            # cancellation goes on.
            if self.expired and task.cancelling() == others + self._rings:
                raise TimeoutError from None
            raise
        finally:
            self._task = None
            # Take back our own requests and no others, or outer time-outs would count them as theirs.
            for _ in range(self._rings):
                task.uncancel()

    def close(self) -> None:
        """Cancel the timer; call it after the last wait."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        self.close()
        self._timer = self._loop.call_at(self._until, self._ring, self._until)

    def _ring(self, at: float) -> None:
        """The timer has run to ``at``, the limit it was set for."""
        self._timer = None
        if self._task is None:  # between two waits: the next one sets a timer
            return
        if not self.expired and at < self._until:  # set for an earlier wait, whose event came in time
            self._set()
        else:
            self._rings += 1
            self._task.cancel()
            self._timer = self._loop.call_later(INSIST_S, self._ring, at)
