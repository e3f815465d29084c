"""Reload: notices that files changed and makes the running bots follow, one reload at a time.

File events are only hints to look: what counts is the state on disk, looked at on every hint and
every few seconds. A change is believed once nothing has moved for a moment.
"""

import asyncio
import logging
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from watchfiles import awatch

from imbot.errors import ConfigError
from imbot.loader import Loader, LoadResult
from imbot.plan import Step
from imbot.supervisor import Supervisor

log = logging.getLogger(__name__)

RESCAN_S = 2.0  # how long a change may go unnoticed where no event tells of it
SETTLE_S = 0.3  # how long files must be still to be believed
SETTLE_AT_MOST_S = 2.0  # a file that never settles must not hold back the others
RETRY_S = 30.0  # before a change is tried again that only the platform refused

Signature = frozenset[tuple[str, int, int, int]]


class Reloader:
    """The one way from files to running bots. ``announce`` hears of every load before it is applied."""

    def __init__(
        self,
        folder: Path,
        loader: Loader,
        supervisor: Supervisor,
        announce: Callable[[LoadResult], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._loader = loader
        self._supervisor = supervisor
        self._announce = announce
        self._lock = asyncio.Lock()
        self._seen: Signature = frozenset()
        self._used: frozenset[str] = frozenset()
        self._retry_at: float | None = None

    async def reload(self) -> list[Step]:
        """Load the folder as it is now and follow it; the report. Concurrent calls queue.

        A folder that cannot be read says nothing about its bots: they go on as they are.
        """
        async with self._lock:
            self._seen = await asyncio.to_thread(self._signature)
            try:
                result = await asyncio.to_thread(self._loader.load)
            except ConfigError as error:
                log.error("%s", error)
                return []
            self._used = frozenset(source for file in result.files for source in file.sources)
            self._announce(result)
            steps = await self._supervisor.apply(result)
            refused = any(problem.code == "platform.refused" for step in steps for problem in step.problems)
            self._retry_at = asyncio.get_running_loop().time() + RETRY_S if refused else None
            return steps

    async def run(self) -> None:
        """Follow the folder until cancelled."""
        async for _ in _hints(self._folder):
            try:
                if await asyncio.to_thread(self._changed) or self._due():
                    await self._settled()
                    await self.reload()
            except Exception:  # the bots go on with what they have; the next look tries again
                log.exception("reload failed")

    def _due(self) -> bool:
        return self._retry_at is not None and asyncio.get_running_loop().time() >= self._retry_at

    def _changed(self) -> bool:
        return self._signature() != self._seen

    async def _settled(self) -> None:
        """Return when two looks a moment apart saw the same, or when waiting took too long."""
        before = await asyncio.to_thread(self._signature)
        for _ in range(round(SETTLE_AT_MOST_S / SETTLE_S)):
            await asyncio.sleep(SETTLE_S)
            now = await asyncio.to_thread(self._signature)
            if now == before:
                return
            before = now

    def _signature(self) -> Signature:
        """What would tell that a file changed: everything below the folder, and what bots use elsewhere."""
        found = dict(_stats(self._folder))
        for path in (str(self._folder.absolute().parent / ".env"), *self._used):
            if path not in found and (entry := _stat(path)):
                found[path] = entry
        return frozenset((path, *entry) for path, entry in found.items())


def _stats(folder: Path) -> Iterable[tuple[str, tuple[int, int, int]]]:
    entered: set[str] = set()
    for top, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(top)
        if real in entered:  # a link that leads back up
            folders.clear()
            continue
        entered.add(real)
        folders[:] = [name for name in folders if name not in (".git", ".imbot", "__pycache__")]
        for name in files:
            path = os.path.join(top, name)  # noqa: PTH118  a Path for each of thousands of files is slow
            if entry := _stat(path):
                yield path, entry


def _stat(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116  as above
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None


async def _hints(folder: Path) -> AsyncIterator[None]:
    """Moments at which looking is worth while: file events, and every few seconds in any case."""
    while True:
        try:
            async for _ in awatch(
                folder, watch_filter=None, step=50, debounce=200,
                rust_timeout=round(RESCAN_S * 1000), yield_on_timeout=True,
            ):  # fmt: skip
                yield
                if not await asyncio.to_thread(folder.is_dir):
                    break
        except (OSError, RuntimeError) as error:  # no folder, no inotify watches left
            log.debug("watching %s: %s", folder, error)
        await asyncio.sleep(RESCAN_S)
        yield
