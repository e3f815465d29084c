"""Tasks with an owner: whoever starts one hears when it dies, and can wait for its end.

``TaskSet`` holds tasks that come and go; ``chores`` keeps those alive that are never to end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

from imbot.backoff import Backoff

log = logging.getLogger(__name__)

CHORE_RETRY_S = (0.5, 30.0)  # between two starts of a chore that dies, at first and at most

Task = asyncio.Task[None]
Chore = Callable[[], Awaitable[None]]
"""Work in the background that goes on until it is cancelled."""


class TaskSet:
    """Tasks that belong to one owner. One that fails is an error in the log, whoever else waits for it."""

    def __init__(self) -> None:
        self._tasks: set[Task] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(set(self._tasks))

    def start(
        self, work: Coroutine[Any, Any, None], name: str, ended: Callable[[Task], object] = lambda _: None
    ) -> Task:
        """Do the work in a task of that name; ``ended`` hears when it is done, failed or cancelled."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._remove(task, ended))
        return task

    def cancel(self) -> None:
        """Cancel all of them; ``join`` waits for their end."""
        for task in self:
            task.cancel()

    async def join(self, timeout_s: float | None = None) -> set[Task]:
        """Wait until none is left, those included that start meanwhile; those that are left after the time-out."""
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
    """Keep each chore alive while the block lasts; ``failed`` hears the name of one whenever it dies."""
    tasks = TaskSet()
    for name, chore in work.items():
        tasks.start(keep_alive(name, chore, failed), name)
    try:
        yield
    finally:
        await tasks.close()


async def keep_alive(
    name: str,
    chore: Chore,
    failed: Callable[[str], None] = lambda _: None,
    retry_s: tuple[float, float] | None = None,
) -> None:
    """Run a chore until it returns or is cancelled.

    One that dies is logged, reported to ``failed`` and begun again after a while, longer each time.
    """
    first_s, cap_s = retry_s or CHORE_RETRY_S
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
