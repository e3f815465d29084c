"""Reload: makes the running bots follow their files, one reload at a time.

``watch`` tells when files have changed and come to rest; people ask by a signal or over ``admin``. The
supervisor makes the bots equal to the files.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from imbot.errors import ImbotError
from imbot.loader import Loader, LoadResult
from imbot.outcome import Outcome, Word, outcome_of
from imbot.plan import Step
from imbot.supervisor import Supervisor, forecast
from imbot.watch import Watch

log = logging.getLogger(__name__)

RETRY_S = 30.0  # before a change is tried again that only the platform refused


class StoppingError(ImbotError):
    """The process ends: nothing is reloaded any more."""


class Reloader:
    """The one way from files to running bots. ``announce`` hears of every load before it is applied."""

    def __init__(
        self,
        folder: Path,
        loader: Loader,
        supervisor: Supervisor,
        announce: Callable[[LoadResult], None] = lambda _: None,
    ) -> None:
        self._watch = Watch(folder)
        self._loader = loader
        self._supervisor = supervisor
        self._announce = announce
        self.last: Outcome | None = None
        self.counts: Counter[Word] = Counter()
        self.succeeded_at: float | None = None
        self._lock = asyncio.Lock()
        self._bound: asyncio.Timeout | None = None  # of the work under way
        self.stopping = False
        self._asked = 0  # how many requests came so far,
        self._served = 0  # and how many of them before the last reload began
        self._retry_at: float | None = None

    async def reload(self) -> Outcome:
        """Load the folder as it is now and follow it; what came of that.

        Requests that wait while a reload is under way share the next one. A folder that cannot be read
        says nothing about its bots: they go on as they are. Raises StoppingError.
        """
        self._asked += 1
        ticket = self._asked
        async with self._lock:
            if self.last is None or self._served < ticket:
                served = self._asked
                try:
                    self.last = await self._bounded(self._follow)
                except Exception:
                    self.counts["failed"] += 1
                    raise
                self._served = served
                self._count(self.last)
            return self.last

    async def plan(self) -> Outcome:
        """What ``reload`` would do now, as far as that can be known without calling the platform."""
        async with self._lock:
            return await self._bounded(self._foresee)

    async def stop(self) -> None:
        """Break off what is under way and refuse what comes later; returns when nothing is under way."""
        self.stopping = True
        if self._bound is not None:
            self._bound.reschedule(0)
        async with self._lock:
            pass

    async def run(self) -> None:
        """Follow the folder until cancelled."""
        async for _ in self._watch.hints():
            try:
                if await self._watch.changed() or self._due():
                    await self._watch.settled()
                    await self.reload()
            except Exception:  # the bots go on with what they have; the next look tries again
                log.exception("reload failed")

    async def _bounded(self, work: Callable[[], Awaitable[list[Step]]]) -> Outcome:
        """Do it, unless or until the process ends."""
        if self.stopping:
            raise StoppingError("the process is ending")
        try:
            async with asyncio.timeout(None) as self._bound:
                return await outcome_of(work)
        except TimeoutError:
            if self.stopping:
                raise StoppingError("the process is ending") from None
            raise
        finally:
            self._bound = None

    async def _follow(self) -> list[Step]:
        await self._watch.see()
        result = await asyncio.to_thread(self._loader.load)
        self._watch.use({source for file in result.files for source in file.sources})
        self._announce(result)
        steps = await self._supervisor.apply(result)
        refused = any(problem.code == "platform.refused" for step in steps for problem in step.problems)
        self._retry_at = asyncio.get_running_loop().time() + RETRY_S if refused else None
        return steps

    async def _foresee(self) -> list[Step]:
        result = await asyncio.to_thread(self._loader.load)
        return await forecast(self._supervisor.specs(), result.files)

    def _count(self, outcome: Outcome) -> None:
        self.counts[outcome.word] += 1
        if outcome.word == "ok":
            self.succeeded_at = time.time()
        for problem in outcome.problems:
            log.error("%s", problem)

    def _due(self) -> bool:
        return self._retry_at is not None and asyncio.get_running_loop().time() >= self._retry_at
