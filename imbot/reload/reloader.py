"""The reloader: applies the files to the running bots, one reload at a time.

``watch`` says when files have changed and are at rest; people ask by a signal or through ``ops.admin``. The
supervisor then makes the bots equal to the files.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from imbot.config.loader import FolderMissingError, Loader, LoadResult
from imbot.config.loader.skipped import skipped_files
from imbot.errors import ConfigError, ImbotError, Problem
from imbot.reload.plan import Step
from imbot.reload.report import ReloadReport, ReloadResult, reload_report
from imbot.reload.supervisor import Supervisor
from imbot.reload.watch import SETTLE, FileState, Settle, Watch, WatchState

log = logging.getLogger(__name__)


class StoppingError(ImbotError):
    """The process is ending, so nothing is reloaded any more."""


class Reloader:
    """Loads files and applies them.

    ``announce`` is called with every load before it is applied, ``reported`` with the report afterwards.
    """

    def __init__(
        self,
        folder: Path,
        loader: Loader,
        supervisor: Supervisor,
        announce: Callable[[LoadResult], None] = lambda _: None,
        settle: Settle = SETTLE,
        reported: Callable[[ReloadReport], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._watch = Watch(folder, settle)
        self._loader = loader
        self._supervisor = supervisor
        self._announce = announce
        self._reported = reported
        self.last: ReloadReport | None = None
        self.counts: Counter[ReloadResult] = Counter()
        self.succeeded_at: float | None = None
        self._lock = asyncio.Lock()
        # the time limit of the running reload, by which ``stop`` can break it off
        self._bound: asyncio.Timeout | None = None
        self.stopping = False
        self._asked = 0  # how many requests have come
        self._served = 0  # how many of them had come when the last reload began: its report answers those
        self._prune = False
        # whether to read all files again, not only those that a scan found changed
        self._thorough = True
        self._skipped: tuple[Problem, ...] = ()

    @property
    def watching(self) -> WatchState:
        """How changes of files are found at present."""
        return self._watch.state

    async def reload(self, prune: bool = False) -> ReloadReport:
        """Load the folder when no file in it is being written, apply it, and return the report.

        Requests that come during a reload share the next one, so a report is always of a reload that began
        after the request. If the folder cannot be read, all bots keep running. Bots whose files vanished with
        many others do so, too, unless ``prune`` stops them. Raises StoppingError.
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
                self._reported(self.last)
            return self.last

    async def plan(self) -> ReloadReport:
        """The report that ``reload`` would give now, without what only the platform knows.

        Raises StoppingError.
        """
        if not self.stopping:
            await self._watch.at_rest()
        async with self._lock:
            return await self._bounded(self._foresee)

    async def stop(self) -> None:
        """Break off a reload under way and refuse later ones; returns when none is under way."""
        self.stopping = True
        if self._bound is not None:
            self._bound.reschedule(0)
        async with self._lock:
            pass

    async def run(self) -> None:
        """Reload whenever files have changed, until cancelled."""
        async with aclosing(self._watch.scans()) as states:
            async for state in states:
                if state.has_changes:
                    await self._reload()

    async def _bounded(self, work: Callable[[], Awaitable[list[Step]]]) -> ReloadReport:
        """The report of ``work``. Raises StoppingError if the process is ending, or ends meanwhile."""
        if self.stopping:
            raise StoppingError("the process is ending")
        try:
            async with asyncio.timeout(None) as self._bound:
                report = await reload_report(work)
            return replace(report, notes=self._skipped)
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
        except ConfigError:  # the result stays the same until something changes, so do not try again before
            self._watch.mark_read(state)
            raise
        self._watch.set_used_files(result.sources)
        self._announce(result)
        if thorough or any(path not in result.sources for path in state.moved):
            await self._note_skipped(result)
        steps = await self._supervisor.apply(result, prune)
        self._watch.mark_read(state)  # only now: a reload that is broken off has to be repeated
        return steps

    async def _foresee(self) -> list[Step]:
        state = await self._watch.scan()
        # With a copy of the loader: what a plan has read must still count as new for the next reload.
        result = await _load(self._loader.apart(), state)
        await self._note_skipped(result)
        return await self._supervisor.foresee(result)

    async def _note_skipped(self, result: LoadResult) -> None:
        """Look for files that are probably meant as bots, and log those that are new."""
        found = await asyncio.to_thread(skipped_files, self._folder, result.sources)
        for note in found:
            if note not in self._skipped:
                log.warning("%s", note)
        self._skipped = tuple(found)

    def _count(self, report: ReloadReport) -> None:
        self.counts[report.result] += 1
        if report.result == "ok":
            self.succeeded_at = time.time()
        for problem in report.problems:
            log.error("%s", problem)


async def _load(loader: Loader, state: FileState, moved: frozenset[str] | None = None) -> LoadResult:
    """Load what is at rest. A bot that uses a moving file stays as it was loaded last."""
    try:
        return await asyncio.to_thread(loader.load, None, state.believed, moved)
    except FolderMissingError:
        return LoadResult((), missing=True)
