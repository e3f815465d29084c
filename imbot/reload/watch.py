"""Watching files: when it is worth looking at a folder, which files have changed, which of them are at rest.

File events are only hints to look: what counts is the state on disk. ``reload`` makes bots follow what
is found here, ``preview`` a page.
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

from imbot.config.loader import names_bot
from imbot.reload.scan import FileEntry, entry_at, folder_id, is_below, scan

log = logging.getLogger(__name__)

RESCAN_S = 2.0  # how long a change may go unnoticed where no event tells of it
_LISTEN_MS = 200  # how soon after it began to listen it looks for what came before

Method = Literal["events", "scanning"]


@dataclass(frozen=True, slots=True)
class Settle:
    """How long a file must be still to be believed, and after how long it is believed though it is not."""

    still_s: float = 0.3
    at_most_s: float = 10.0


SETTLE = Settle()


@dataclass(frozen=True, slots=True)
class WatchState:
    """How changes are found, since when (epoch seconds); ``trouble`` is why notifications are missing.

    ``scanning``: only by looking every few seconds, as no notification comes.
    """

    method: Method
    since: float
    trouble: str = ""


@dataclass(slots=True)
class _Moving:
    """A file that is other than it is known: as what, since when, and how long it is as it is."""

    entry: FileEntry | None
    since: float
    still_since: float


@dataclass(slots=True)
class FileState:
    """One look at all files, and what is learnt of more of them while they are read.

    ``moved``: what is other than it was when it was taken; ``moving``: what of that is not at rest; both
    with the folders that hold it. ``has_changes``: something that matters has
    changed and is at rest. ``wait_s``: after how many seconds something that matters may be; None when
    nothing moves.
    """

    folder: str
    seen: dict[str, FileEntry]
    moved: frozenset[str]
    moving: frozenset[str]
    has_changes: bool
    wait_s: float | None

    def believed(self, path: str) -> bool:
        """Whether what is at this path is what is at rest there. Asked before and after reading it; blocks."""
        if path in self.moving:
            return False
        entry = entry_at(path)
        if path not in self.seen and entry and not is_below(self.folder, path):
            self.seen[path] = entry  # elsewhere, and named for the first time
        return entry == self.seen.get(path)


class Watch:
    """A bots folder with all below it, the ``.env`` beside it, and what its bots use elsewhere.

    Every file settles for itself: one that keeps changing holds back nothing but what uses it.
    """

    def __init__(self, folder: Path, settle: Settle = SETTLE) -> None:
        self._folder = folder
        self._settle = settle
        self._env = str(folder.absolute().parent / ".env")
        self._used: frozenset[str] = frozenset()
        self._known: dict[str, FileEntry] | None = None  # as it was when it was last read
        self._moving: dict[str, _Moving] = {}
        self._listed: AbstractSet[str] = frozenset()  # what was there at the last look,
        self._listed_at = 0.0  # and when something that matters last came or went
        self._looking = asyncio.Lock()
        self._event = False  # whether the last hint was an event,
        self._unheard = False  # whether a change was found though it was none,
        self._silent = 0  # and how often in a row that was so
        self.state = WatchState("scanning", time.time())

    def set_used_files(self, paths: Collection[str]) -> None:
        """These files and folders matter from now on, wherever they are, and no longer those named before."""
        self._used = frozenset(paths)

    async def scan(self) -> FileState:
        """Look at everything once. The very first look takes all as it is."""
        async with self._looking:
            seen = await asyncio.to_thread(scan, self._folder, (self._env, *self._used))
            now = asyncio.get_running_loop().time()
            self._note(seen, now)
            return self._file_state(seen, now)

    def mark_read(self, state: FileState) -> None:
        """Know from now on what was at rest in this state: it has been read."""
        known = self._known or {}
        kept = {path: known[path] for path in state.moving if path in known}
        self._known = {path: e for path, e in state.seen.items() if path not in state.moving} | kept
        self._moving = {  # what has moved on since is still as long as it is
            path: moving
            for path, moving in self._moving.items()
            if path in state.moving or moving.entry != state.seen.get(path)
        }

    async def scans(self) -> AsyncGenerator[FileState]:
        """A state at each hint, and while something moves that matters, whenever it may have come to rest."""
        async with aclosing(self.hints()) as hints:
            async for _ in hints:
                while (state := await self.scan()).wait_s is not None:
                    yield state
                    await asyncio.sleep(state.wait_s)
                yield state

    async def at_rest(self) -> None:
        """Return when nothing moves that matters, or after as long as anything may take to settle."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settle.at_most_s):
                state = await self.scan()
                while state.wait_s is not None:
                    await asyncio.sleep(state.wait_s)
                    state = await self.scan()

    async def hints(self) -> AsyncGenerator[None]:
        """Moments at which looking is worth while: file events, and every few seconds in any case."""
        while True:
            watched = await asyncio.to_thread(folder_id, self._folder)
            try:
                if watched is None:  # what that means is for others to tell
                    self._turn("scanning", f"there is no folder {self._folder}", logging.DEBUG)
                    await asyncio.sleep(RESCAN_S)
                else:
                    async with aclosing(self._heard_of(watched)) as moments:
                        async for _ in moments:
                            yield
            except Exception as error:  # noqa: BLE001 - no inotify watches left, or the like: looking goes on
                self._turn("scanning", str(error) or type(error).__name__)
                await asyncio.sleep(RESCAN_S)
            yield

    async def _heard_of(self, watched: tuple[int, int]) -> AsyncGenerator[None]:
        """The same, as long as it is this folder: of one that was made anew nothing would be heard."""
        now = asyncio.get_running_loop().time
        due = now()  # as soon as it listens, for what came before
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
        """Keep for each file since when it is other than known, and since when it is as it is."""
        if self._known is None:
            self._known = seen
        if any(map(self._matters, seen.keys() ^ self._listed)):
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
        """When each file that moves is at rest, if it stays as it is.

        While files are gone, all that comes and goes rests at once: who removes many files, makes a folder
        anew or renames one file after the other, is not done before the last.
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
        """Whether a bot may be another one because of this file."""
        if path == self._env or path in self._used:
            return True
        folder, _, name = path.rpartition("/")
        if (folder or ".") == str(self._folder):
            return names_bot(name)
        return not self._used.isdisjoint(_folders(path))

    # -- how changes are found

    def _heard(self, event: bool) -> None:
        """Notifications stand; whether they come as well, shows when files change."""
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
