"""Last good generations: what each bot last ran with, kept so that a start finds it when its file is broken.

``runtime`` lets ``run`` follow what is committed; every load is heard by ``note``; ``startup`` asks for what
is kept. Files are kept as they are, with placeholders unresolved and without literal secrets.
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
from imbot.errors import StoreError
from imbot.reload.supervisor import Supervisor
from imbot.stores import Generation, KeptFile, Store

log = logging.getLogger(__name__)

GATHER_S = 0.2  # so that a thousand bots which start are a few writes
FLUSH_S = 3.0

_MANY = 3  # bots that are gone at once, and most of them: rather a folder that is not there yet


class LastGood:
    """The accepted generations of the bots in one folder; in the store their paths begin there."""

    def __init__(self, folder: Path, store: Store, supervisor: Supervisor) -> None:
        self._folder = folder
        self._key = str(folder.absolute())
        self._store = store
        self._supervisor = supervisor
        self._due = asyncio.Event()  # something may be accepted that is not kept yet
        supervisor.on_commit(self._due.set)
        self._known: dict[str, bytes] = {}  # the digest of what the store has, by path
        self._spared: set[str] | None = None  # what was not there at the start, and is not forgotten
        self._files: tuple[BotFile, ...] = ()
        self._awaited: frozenset[str] = frozenset()
        self._read: dict[str, Mapping[str, bytes]] = {}  # and not looked at yet, by path
        self._fresh: dict[str, Generation] = {}  # made of that, and not accepted yet

    def note(self, result: LoadResult) -> None:
        """Hear of a load: what it read may be accepted next."""
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
        """Learn what the store has, before the first load is heard of."""
        try:
            kept = await self._store.generations(self._key)
        except StoreError as error:
            log.warning("cannot read what the bots last ran with: %s", error)
            return
        self._known = {str(self._folder / name): digest for name, digest in kept.items()}

    async def unlike(self, files: Iterable[BotFile]) -> list[BotFile]:
        """Those of the files last heard of that have a generation, and are another one or none."""
        await self._make_fresh()
        fresh = {path: each.digest for path, each in self._fresh.items()}
        return [file for file in files if self._known.get(file.path) not in (None, fresh.get(file.path))]

    async def generation(self, path: str) -> Generation | None:
        """What the bot file at a path was last accepted with."""
        try:
            return await self._store.generation(self._key, self._name(path))
        except StoreError as error:
            log.warning("%s: cannot read what it last ran with: %s", path, error)
            return None

    async def run(self) -> None:
        """Keep what is accepted, after every commit, until cancelled."""
        while True:
            await self._due.wait()
            await asyncio.sleep(GATHER_S)
            self._due.clear()
            await self.keep()

    async def flush(self) -> None:
        """Keep what was committed last, unless that takes long: the process ends."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                await self.keep()

    async def keep(self) -> None:
        """Keep what runs as its file says, and forget what nobody wants any more.

        A store that fails costs the next start with a broken file, not this process.
        """
        if self._spared is None:  # no load was heard of, so nothing is known to be gone
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
        """The paths whose generation may be needed: of what runs, and of what would if it were in order."""
        asked = (file.path for file in self._files if file.spec is None or file.spec.enabled)
        return {*runs, *asked, *self._awaited, *(self._spared or ())}

    async def _make_fresh(self) -> None:
        read = self._read
        self._fresh |= await asyncio.to_thread(self._made, read)
        self._read = {path: each for path, each in self._read.items() if read.get(path) is not each}

    def _made(self, read: Mapping[str, Mapping[str, bytes]]) -> dict[str, Generation]:
        kept = cache(_kept)  # what bots share is worked on once
        return {
            path: Generation(
                self._name(path),
                time.time(),
                {
                    self._name(name): kept(content, with_keys=_has_keys(name, path))
                    for name, content in contents.items()
                },
            )
            for path, contents in read.items()
        }

    def _name(self, path: str) -> str:
        return Path(path).relative_to(self._folder).as_posix()


def _kept(content: bytes, *, with_keys: bool) -> KeptFile:
    return KeptFile.of(*without_secrets(content)) if with_keys else KeptFile.of(content)


def _has_keys(path: str, bot: str) -> bool:
    """Whether a file that was read for a bot has a bot's keys, some of which are secrets."""
    return path == bot or Path(path).name in DEFAULTS_FILES
