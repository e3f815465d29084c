"""Watching files: when to scan a folder, which files have changed, and which of those are at rest.

File events are only hints to scan. They are lost when a queue overflows, do not come at all from network
mounts, behind links or from outside of the folder, and say nothing about whether a file is complete. What
counts is what scans find on disk. ``reload`` makes bots follow it, ``preview`` a page.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Collection, Iterator
from collections.abc import Set as AbstractSet
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from watchfiles import awatch

from imbot.config.file_names import names_bot
from imbot.descriptors import why_no_watch
from imbot.reload.scan import FileEntry, entry_at, folder_id, is_below, scan

log = logging.getLogger(__name__)

RESCAN_S = 2.0  # between scans when no event comes: how long a change without an event may go unnoticed
_LISTEN_MS = 200  # how long the library waits for events before it returns without any

Method = Literal["events", "scanning"]


@dataclass(frozen=True, slots=True)
class Settle:
    """When a changed file counts: ``still_s`` after its last change, ``at_most_s`` after its first one."""

    still_s: float = 0.3
    at_most_s: float = 10.0


SETTLE = Settle()


@dataclass(frozen=True, slots=True)
class WatchState:
    """How changes are found, and since when (epoch seconds).

    ``events``: by file notifications. ``scanning``: only by a scan every few seconds, because no
    notifications come; ``trouble`` says why, if that is known.
    """

    method: Method
    since: float
    trouble: str = ""


@dataclass(slots=True)
class _Moving:
    """A file that differs from what was last read. Times are of the loop's clock."""

    entry: FileEntry | None  # as the last scan found it; None: it is gone
    since: float  # when a scan first found it different
    still_since: float  # when it became as it is now


@dataclass(slots=True)
class FileState:
    """One scan of all files.

    ``seen`` are the files by path; those that are named for the first time while the files are read are
    added. ``moved`` are the paths that differ from what was last read, ``moving`` those of them that are not
    at rest yet; both with all folders above them. ``has_changes``: a file that matters has changed and is at
    rest. ``wait_s``: in how many seconds the next file that matters may be at rest; None if none is moving.
    """

    folder: str
    seen: dict[str, FileEntry]
    moved: frozenset[str]
    moving: frozenset[str]
    has_changes: bool
    wait_s: float | None

    def believed(self, path: str) -> bool:
        """Whether the file at this path is at rest and still as the scan found it. Blocks.

        Asked before and after each read: a file that is written in between has changed by the second time, so
        nothing half-written is used.
        """
        if path in self.moving:
            return False
        entry = entry_at(path)
        if path not in self.seen and entry and not is_below(self.folder, path):
            # outside of the folder and named for the first time, so no scan has looked at it
            self.seen[path] = entry
        return entry == self.seen.get(path)


class Watch:
    """A bots folder with everything below it, the ``.env`` beside it, and files elsewhere that its bots use.

    Every file settles on its own: one that keeps changing delays only the bots that use it.
    """

    def __init__(self, folder: Path, settle: Settle = SETTLE) -> None:
        self._folder = folder
        self._settle = settle
        self._env = str(folder.absolute().parent / ".env")
        self._used: frozenset[str] = frozenset()
        self._known: dict[str, FileEntry] | None = None  # every file as it was when it was last read
        self._moving: dict[str, _Moving] = {}  # by path, all files that differ from that
        self._listed: AbstractSet[str] = frozenset()  # the paths that the last scan found
        self._listed_at = 0.0  # when a path that matters last appeared or vanished
        # watching, a reload and a plan may scan at the same time, but changes need an order
        self._looking = asyncio.Lock()
        self._event = False  # whether the last hint was an event
        self._unheard = False  # whether a scan found a change below the folder without an event before it
        self._silent = 0  # how often in a row that was so
        self.state = WatchState("scanning", time.time())

    def set_used_files(self, paths: Collection[str]) -> None:
        """Set the files and folders that bots use, wherever they are."""
        self._used = frozenset(paths)

    async def scan(self) -> FileState:
        """Look at all files once. The first scan counts everything as read."""
        async with self._looking:
            seen = await asyncio.to_thread(scan, self._folder, (self._env, *self._used))
            now = asyncio.get_running_loop().time()
            self._note(seen, now)
            return self._file_state(seen, now)

    def mark_read(self, state: FileState) -> None:
        """Count as read what was at rest in this state.

        Files that were moving are still as they were read before.
        """
        known = self._known or {}
        kept = {path: known[path] for path in state.moving if path in known}
        self._known = {path: e for path, e in state.seen.items() if path not in state.moving} | kept
        self._moving = {  # a file that has changed again since the scan keeps the times at which it did
            path: moving
            for path, moving in self._moving.items()
            if path in state.moving or moving.entry != state.seen.get(path)
        }

    async def scans(self) -> AsyncGenerator[FileState]:
        """A state at each hint.

        While a file that matters is moving, another one each time it may be at rest.
        """
        async with aclosing(self.hints()) as hints:
            async for _ in hints:
                while (state := await self.scan()).wait_s is not None:
                    yield state
                    await asyncio.sleep(state.wait_s)
                yield state

    async def at_rest(self) -> None:
        """Return when no file that matters is moving, or after ``Settle.at_most_s``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settle.at_most_s):
                state = await self.scan()
                while state.wait_s is not None:
                    await asyncio.sleep(state.wait_s)
                    state = await self.scan()

    async def hints(self) -> AsyncGenerator[None]:
        """The moments at which to scan: at file events, and every ``RESCAN_S`` in any case."""
        while True:
            watched = await asyncio.to_thread(folder_id, self._folder)
            try:
                if watched is None:  # `reload` decides what that means, and reports it
                    self._turn("scanning", f"there is no folder {self._folder}", logging.DEBUG)
                    await asyncio.sleep(RESCAN_S)
                else:
                    async with aclosing(self._heard_of(watched)) as moments:
                        async for _ in moments:
                            yield
            except Exception as error:  # noqa: BLE001 - such as no inotify watches left: scanning goes on
                self._turn("scanning", why_no_watch(error))
                await asyncio.sleep(RESCAN_S)
            yield

    async def _heard_of(self, watched: tuple[int, int]) -> AsyncGenerator[None]:
        """The same while the folder stays the same one.

        Notifications belong to the inode: of a folder that was removed and made again, or mounted over, no
        event would come. So the folder is compared at each hint, and the caller listens anew.
        """
        now = asyncio.get_running_loop().time
        # The first return without events is a hint, too: files may have changed after the last scan and
        # before this call listens, and no event will tell of them.
        due = now()
        async for events in awatch(
            self._folder, watch_filter=None, step=50, debounce=200,
            rust_timeout=_LISTEN_MS, yield_on_timeout=True,
        ):  # fmt: skip
            if not events and now() < due:
                continue
            due = now() + RESCAN_S
            self._heard(bool(events))
            yield
            if await asyncio.to_thread(folder_id, self._folder) != watched:
                return

    # -- what has changed

    def _note(self, seen: dict[str, FileEntry], now: float) -> None:
        """Update the times of all files that differ from what was last read."""
        if self._known is None:
            self._known = seen
        if any(map(self._matters, seen.keys() ^ self._listed)):  # a path has appeared or vanished
            self._listed_at = now
        self._listed = seen.keys()
        moved = {path for path, _ in seen.items() ^ self._known.items()}
        for path in self._moving.keys() - moved:
            del self._moving[path]
        for path in moved:
            entry = seen.get(path)
            moving = self._moving.get(path)
            if moving is None:
                self._moving[path] = _Moving(entry, now, now)
                self._unheard |= not self._event and is_below(str(self._folder), path)
            elif moving.entry != entry:
                moving.entry, moving.still_since = entry, now

    def _file_state(self, seen: dict[str, FileEntry], now: float) -> FileState:
        rests = {path: at - now for path, at in self._rest_at().items()}
        moving = [path for path, rest in rests.items() if rest > 0]
        matter = [rest for path, rest in rests.items() if self._matters(path)]
        ahead = [rest for rest in matter if rest > 0]
        return FileState(
            str(self._folder), dict(seen), _with_folders(rests), _with_folders(moving),
            len(ahead) < len(matter), min(ahead, default=None),
        )  # fmt: skip

    def _rest_at(self) -> dict[str, float]:
        """When each moving file will be at rest, if it does not change again; by the loop's clock.

        While a file that matters is gone, all files that appeared or vanished come to rest together, counted
        from the last of them. Otherwise a folder that is emptied and filled again, or whose files are renamed
        one after the other, would for a moment look as if some bots had been removed.
        """
        known = self._known or {}
        some_are_gone = any(
            moving.entry is None and self._matters(path) for path, moving in self._moving.items()
        )
        rests = {}
        for path, moving in self._moving.items():
            still_since = moving.still_since
            if some_are_gone and (path not in known or not moving.entry):
                still_since = max(still_since, self._listed_at)
            rests[path] = min(still_since + self._settle.still_s, moving.since + self._settle.at_most_s)
        return rests

    def _matters(self, path: str) -> bool:
        """Whether this file may change a bot: the ``.env``, a bot file, or anything that a bot uses."""
        if path == self._env or path in self._used:
            return True
        folder, _, name = path.rpartition("/")
        if (folder or ".") == str(self._folder):
            return names_bot(name)
        return not self._used.isdisjoint(_folders(path))

    # -- how changes are found

    def _heard(self, event: bool) -> None:
        """Take note of a hint, and judge by the last ones whether notifications come at all.

        That they were set up without an error does not prove it: a network mount accepts watches and stays
        silent. It shows when scans find changes that no event told of. Once is no proof, because a scan may
        see a change just before its event arrives; twice in a row without an event between is.
        """
        if event:
            self._silent = 0
        elif self._unheard:
            self._silent += 1
        self._event, self._unheard = event, False
        self._turn("scanning" if self._silent > 1 else "events")

    def _turn(self, method: Method, trouble: str = "", level: int = logging.WARNING) -> None:
        before = self.state
        if (method, trouble) == (before.method, before.trouble):
            return
        self.state = WatchState(method, time.time(), trouble)
        if trouble:
            log.log(level, "no file notifications: %s; files are scanned every %g s", trouble, RESCAN_S)
        elif before.trouble:
            log.info("file notifications work again")


def _with_folders(paths: Collection[str]) -> frozenset[str]:
    return frozenset(paths).union(*map(_folders, paths))


def _folders(path: str) -> Iterator[str]:
    """Every folder a path leads through, the innermost first."""
    while cut := path.rpartition("/")[0]:
        yield cut
        path = cut
