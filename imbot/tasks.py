"""Tasks with an owner, who hears when one fails and can wait for their end.

``TaskSet`` holds tasks that come and go; ``chores`` keeps background work alive that must never end. ``run_loop`` runs
all of them in a loop that no task can end but the main one.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from imbot.backoff import Backoff

log = logging.getLogger(__name__)

CHORE_RETRY_S = (0.5, 30.0)  # before a chore that died is restarted, at first and at most

Task = asyncio.Task[None]
_T = TypeVar("_T")

Chore = Callable[[], Awaitable[None]]
"""Background work that runs until it is cancelled."""


class LastingLoop(asyncio.SelectorEventLoop):
    """An event loop that goes on when a task or a callback raises ``SystemExit`` or ``KeyboardInterrupt``.

    Other loops pass these on to whoever runs the loop, so that ``sys.exit()`` in a task that an agent started would
    end the process.
    """

    def run_until_complete(self, future: Generator[Any, None, _T] | Awaitable[_T]) -> _T:
        """The result of the future. What its own task raises is raised here."""
        main: asyncio.Future[_T] = asyncio.ensure_future(future, loop=self)  # type: ignore[arg-type]  # as its own
        while True:
            try:
                return super().run_until_complete(main)
            except (SystemExit, KeyboardInterrupt) as error:
                if main.done() or (
                    isinstance(main, asyncio.Task) and main.cancelling()
                ):  # or a second Ctrl-C
                    raise
                log.error("a task or callback of an agent raised %s", type(error).__name__, exc_info=error)


def run_loop(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in a loop of its own, as ``asyncio.run`` does."""
    with asyncio.Runner(loop_factory=LastingLoop) as runner:
        return runner.run(main)


class TaskSet:
    """Tasks that belong to one owner. The failure of a task is always logged as an error."""

    def __init__(self) -> None:
        self._tasks: set[Task] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(set(self._tasks))

    def start(
        self, work: Coroutine[Any, Any, None], name: str, ended: Callable[[Task], object] = lambda _: None
    ) -> Task:
        """Start a task of that name; ``ended`` is called with it when it is done, failed or cancelled."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._remove(task, ended))
        return task

    def cancel(self) -> None:
        """Cancel all of them; ``join`` waits for their end."""
        for task in self:
            task.cancel()

    async def join(self, timeout_s: float | None = None) -> set[Task]:
        """Wait for all tasks, also those that start meanwhile.

        Returns those that still run after the time-out.
        """
        until = None if timeout_s is None else asyncio.get_running_loop().time() + timeout_s
        while self._tasks:
            left_s = None if until is None else max(0.0, until - asyncio.get_running_loop().time())
            done, _ = await asyncio.wait(self._tasks, timeout=left_s)
            if not done:
                break
        return set(self._tasks)

    async def close(self) -> None:
        """Cancel all of them and wait for their end."""
        self.cancel()
        await self.join()

    def _remove(self, task: Task, ended: Callable[[Task], object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=error)
        ended(task)


@asynccontextmanager
async def chores(failed: Callable[[str], None], **work: Chore) -> AsyncIterator[None]:
    """Keep each chore running while the block lasts; ``failed`` is called with the name of one that dies."""
    tasks = TaskSet()
    for name, chore in work.items():
        tasks.start(keep_alive(name, chore, failed), name)
    try:
        yield
    finally:
        await tasks.close()


async def keep_alive(name: str, chore: Chore, failed: Callable[[str], None] = lambda _: None) -> None:
    """Run a chore until it returns or is cancelled.

    If it dies, that is logged and reported to ``failed``, and it is restarted after a delay that grows each
    time, from the first of ``CHORE_RETRY_S`` to the second.
    """
    first_s, cap_s = CHORE_RETRY_S
    backoff = Backoff(first_s, cap_s)
    now = asyncio.get_running_loop().time
    while True:
        began = now()
        try:
            return await chore()
        except Exception:
            log.exception("%s failed and is restarted", name)
        failed(name)
        if now() - began > cap_s:  # it had recovered: this is a new failure
            backoff.reset()
        await asyncio.sleep(backoff.next())
