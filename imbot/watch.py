"""Watching files: when it is worth looking at a folder, whether it has changed, whether it is at rest.

File events are only hints to look: what counts is the state on disk. ``reload`` makes bots follow what
is found here, ``preview`` a page.
"""

import asyncio
import logging
import os
import stat
from collections.abc import AsyncGenerator, Collection, Iterable
from pathlib import Path

from watchfiles import awatch

log = logging.getLogger(__name__)

RESCAN_S = 2.0  # how long a change may go unnoticed where no event tells of it
SETTLE_S = 0.3  # how long files must be still to be believed
SETTLE_AT_MOST_S = 2.0  # a file that never settles must not hold back the others

Signature = frozenset[tuple[str, int, int, int]]


class Watch:
    """A bots folder with all below it, the ``.env`` beside it, and what its bots use elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: frozenset[str] = frozenset()
        self._seen: Signature = frozenset()

    def use(self, paths: Collection[str]) -> None:
        """Look at these files too from now on, wherever they are, and no longer at those named before."""
        self._used = frozenset(paths)

    async def see(self) -> None:
        """Remember the state as it is now. Done before reading, so that no change is missed."""
        self._seen = await self._signature()

    async def changed(self) -> bool:
        """Whether the state is another than the one remembered."""
        return await self._signature() != self._seen

    async def settled(self) -> None:
        """Return when two looks a moment apart saw the same, or when waiting took too long."""
        before = await self._signature()
        for _ in range(round(SETTLE_AT_MOST_S / SETTLE_S)):
            await asyncio.sleep(SETTLE_S)
            now = await self._signature()
            if now == before:
                return
            before = now

    async def hints(self) -> AsyncGenerator[None]:
        """Moments at which looking is worth while: file events, and every few seconds in any case."""
        while True:
            try:
                async for _ in awatch(
                    self._folder, watch_filter=None, step=50, debounce=200,
                    rust_timeout=round(RESCAN_S * 1000), yield_on_timeout=True,
                ):  # fmt: skip
                    yield
                    if not await asyncio.to_thread(self._folder.is_dir):
                        break
            except Exception as error:  # noqa: BLE001 - no folder, no inotify watches left: looking goes on
                log.debug("watching %s: %s", self._folder, error)
            await asyncio.sleep(RESCAN_S)
            yield

    async def _signature(self) -> Signature:
        return await asyncio.to_thread(_signature, self._folder, self._used)


def _signature(folder: Path, used: Iterable[str]) -> Signature:
    """What would tell that a file changed."""
    found = dict(_stats(folder))
    for path in (str(folder.absolute().parent / ".env"), *used):
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
