"""Reload: makes the running bots follow their files, one reload at a time.

``watch`` tells when files have changed and come to rest; people ask by a signal or over ``admin``. The
supervisor makes the bots equal to the files.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

from imbot.config.loader import FolderMissingError, Loader, LoadResult
from imbot.errors import ConfigError, ImbotError
from imbot.reload.plan import Step
from imbot.reload.report import ReloadReport, ReloadResult, reload_report
from imbot.reload.supervisor import Supervisor
from imbot.reload.watch import SETTLE, FileState, Settle, Watch, WatchState

log = logging.getLogger(__name__)


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
        settle: Settle = SETTLE,
    ) -> None:
        self._watch = Watch(folder, settle)
        self._loader = loader
        self._supervisor = supervisor
        self._announce = announce
        self.last: ReloadReport | None = None
        self.counts: Counter[ReloadResult] = Counter()
        self.succeeded_at: float | None = None
        self._lock = asyncio.Lock()
        self._bound: asyncio.Timeout | None = None  # of the work under way
        self.stopping = False
        self._asked = 0  # how many requests came so far,
        self._served = 0  # and how many of them before the last reload began
        self._prune = False
        self._thorough = True  # whether to trust no look at what has not changed, and read it all

    @property
    def watching(self) -> WatchState:
        """How changes of files are found."""
        return self._watch.state

    async def reload(self, prune: bool = False) -> ReloadReport:
        """Load the folder, once nothing in it moves, and follow it; what came of that.

        Requests that wait while a reload is under way share the next one. A folder that cannot be read
        says nothing about its bots: they go on as they are. Bots whose files vanished with many others do
        so too, unless ``prune`` stops them. Raises StoppingError.
        """
        if not self.stopping:
            await self._watch.at_rest()
        self._prune |= prune
        self._thorough = True
        return await self._reload()

    async def _reload(self) -> ReloadReport:
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

    async def plan(self) -> ReloadReport:
        """What ``reload`` would do now, as far as that can be known without calling the platform."""
        if not self.stopping:
            await self._watch.at_rest()
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
        async with aclosing(self._watch.scans()) as states:
            async for state in states:
                if state.has_changes:
                    await self._reload()

    async def _bounded(self, work: Callable[[], Awaitable[list[Step]]]) -> ReloadReport:
        """Do it, unless or until the process ends."""
        if self.stopping:
            raise StoppingError("the process is ending")
        try:
            async with asyncio.timeout(None) as self._bound:
                return await reload_report(work)
        except TimeoutError:
            if self.stopping:
                raise StoppingError("the process is ending") from None
            raise
        finally:
            self._bound = None

    async def _follow(self) -> list[Step]:
        prune, self._prune = self._prune, False
        thorough, self._thorough = self._thorough, False
        state = await self._watch.scan()
        try:
            result = await _load(self._loader, state, None if thorough else state.moved)
        except ConfigError:  # the same until something changes
            self._watch.mark_read(state)
            raise
        self._watch.set_used_files(result.sources)
        self._announce(result)
        steps = await self._supervisor.apply(result, prune)
        self._watch.mark_read(state)  # not before: what was broken off is still to be followed
        return steps

    async def _foresee(self) -> list[Step]:
        state = await self._watch.scan()
        # Apart: what only a plan has read is still to be followed, and heard of.
        return await self._supervisor.foresee(await _load(self._loader.apart(), state))

    def _count(self, report: ReloadReport) -> None:
        self.counts[report.result] += 1
        if report.result == "ok":
            self.succeeded_at = time.time()
        for problem in report.problems:
            log.error("%s", problem)


async def _load(loader: Loader, state: FileState, moved: frozenset[str] | None = None) -> LoadResult:
    """What is at rest; who uses what moves is as it was."""
    try:
        return await asyncio.to_thread(loader.load, None, state.believed, moved)
    except FolderMissingError:
        return LoadResult((), missing=True)
