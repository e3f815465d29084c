"""The last good generation of each bot, stored so that a start can run it when the file is broken.

``runtime`` keeps ``run`` running and passes every load to ``note``; ``startup`` asks for what is stored.
Files are stored as they are written: placeholders are not resolved, and secrets written in them are cut out.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

from imbot.config.loader import BotFile, LoadResult
from imbot.config.loader.defaults import DEFAULTS_FILES
from imbot.config.loader.redacted import without_secrets
from imbot.errors import ConfigError, StoreError, contained
from imbot.reload.supervisor import Supervisor
from imbot.stores import Generation, KeptFile, Store

log = logging.getLogger(__name__)

GATHER_S = 0.2  # after a commit, before writing: a thousand bots that start become a few writes
FLUSH_S = 3.0

_MANY = 3  # files; when more are gone at a start, and most of them, a mount is probably missing


class LastGood:
    """The stored generations of the bots in one folder. In the store, paths are relative to it."""

    def __init__(self, folder: Path, store: Store, supervisor: Supervisor) -> None:
        self._folder = folder
        self._key = str(folder.absolute())
        self._store = store
        self._supervisor = supervisor
        self._due = asyncio.Event()  # a generation may be accepted that is not stored yet
        supervisor.on_commit(self._due.set)
        self._known: dict[str, bytes] = {}  # the digest of what is stored, by the bot file's path
        # files that were missing at the start and are not forgotten; None: nothing is loaded yet
        self._spared: set[str] | None = None
        self._files: tuple[BotFile, ...] = ()
        self._awaited: frozenset[str] = frozenset()
        self._read: dict[str, Mapping[str, bytes]] = {}  # contents by path that no generation was made of yet
        self._fresh: dict[str, Generation] = {}  # generations that are not accepted yet

    def note(self, result: LoadResult) -> None:
        """Take note of a load: what it read may be accepted next."""
        self._files = result.files
        self._awaited = result.awaited
        valid = {file.path for file in result.files if file.spec}
        self._read = {path: read for path, read in {**self._read, **result.read}.items() if path in valid}
        self._fresh = {path: each for path, each in self._fresh.items() if path in valid}
        there = {file.path for file in result.files}
        absent = self._known.keys() - there
        if self._spared is None:
            many = len(absent) >= _MANY and len(absent) * 2 > len(self._known)
            self._spared = absent if many or not there else set()
        self._spared -= there
        self._due.set()

    async def recall(self) -> None:
        """Read what is stored. Call it before the first ``note``."""
        try:
            kept = await self._store.generations(self._key)
        except StoreError as error:
            log.warning("cannot read what the bots last ran with: %s", error)
            return
        self._known = {str(self._folder / name): digest for name, digest in kept.items()}

    async def unlike(self, files: Iterable[BotFile]) -> list[BotFile]:
        """Those of the files that differ from their stored generation; files without one are left out."""
        await self._make_fresh()
        fresh = {path: each.digest for path, each in self._fresh.items()}
        return [file for file in files if self._known.get(file.path) not in (None, fresh.get(file.path))]

    async def generation(self, path: str) -> Generation | None:
        """The stored generation of the bot file at a path, if there is one."""
        try:
            return await self._store.generation(self._key, self._name(path))
        except StoreError as error:
            log.warning("%s: cannot read what it last ran with: %s", path, error)
            return None

    async def run(self) -> None:
        """Store what was accepted after every commit, until cancelled."""
        while True:
            await self._due.wait()
            await asyncio.sleep(GATHER_S)
            self._due.clear()
            await self.keep()

    async def flush(self) -> None:
        """Store what was committed last, for at most ``FLUSH_S``, as the process ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                await self.keep()

    async def keep(self) -> None:
        """Store the generations that run, and remove those of bots that are gone.

        If the store fails, only a later start with a broken file is affected, not this process.
        """
        if self._spared is None:  # no load yet, so it is not known which bots are gone
            return
        try:
            await self._keep()
        except StoreError as error:
            log.warning(
                "cannot store what the bots run with, which a restart with a broken file would need: %s",
                error,
            )

    async def _keep(self) -> None:
        await self._make_fresh()
        runs = {spec.path: spec.fingerprint for spec in self._supervisor.specs().values()}
        live = {
            file.path for file in self._files if file.spec and file.spec.fingerprint == runs.get(file.path)
        }
        accepted = {path: self._fresh[path] for path in sorted(live & self._fresh.keys() - self._read.keys())}
        digests = {path: each.digest for path, each in accepted.items()}
        new = [each for path, each in accepted.items() if self._known.get(path) != digests[path]]
        gone = self._known.keys() - self._wanted(runs)
        if new or gone:
            await self._store.keep_generations(self._key, new, map(self._name, gone))
        self._known = {path: each for path, each in self._known.items() if path not in gone} | digests
        self._fresh = {path: each for path, each in self._fresh.items() if accepted.get(path) is not each}

    def _wanted(self, runs: Iterable[str]) -> set[str]:
        """The paths whose generation may be needed: of bots that run, or would if their files were valid."""
        asked = (file.path for file in self._files if file.spec is None or file.spec.enabled)
        return {*runs, *asked, *self._awaited, *(self._spared or ())}

    async def _make_fresh(self) -> None:
        read = self._read
        self._fresh |= await asyncio.to_thread(self._made, read)
        self._read = {path: each for path, each in self._read.items() if read.get(path) is not each}

    def _made(self, read: Mapping[str, Mapping[str, bytes]]) -> dict[str, Generation]:
        kept = cache(_kept)  # files that bots share are processed once
        made: dict[str, Generation] = {}
        for path, contents in read.items():
            with suppress(ConfigError), contained(path, "file.defect"):
                files = {
                    self._name(name): kept(content, with_keys=_has_keys(name, path))
                    for name, content in contents.items()
                }
                made[path] = Generation(self._name(path), time.time(), files)
        return made

    def _name(self, path: str) -> str:
        return Path(path).relative_to(self._folder).as_posix()


def _kept(content: bytes, *, with_keys: bool) -> KeptFile:
    return KeptFile.of(*without_secrets(content)) if with_keys else KeptFile.of(content)


def _has_keys(path: str, bot: str) -> bool:
    """Whether a file that a bot uses has the keys of a bot file, and may hold secrets."""
    return path == bot or Path(path).name in DEFAULTS_FILES
