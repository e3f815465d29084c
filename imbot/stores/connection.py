"""Connections to one SQLite file, each with a thread of its own; ``sqlite`` uses them.

A ``Lane`` runs work, and turns SQLite's errors into a ``StoreError`` with a cure. A ``Writer`` commits
waiting writes together. Brief work runs directly on the event loop, because that takes less time than handing
it to a thread. Work that may have to wait, for the disk or another process, runs in the thread.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from imbot.descriptors import why_none
from imbot.errors import StoreError

BUSY_TIMEOUT_S = 5.0  # how long work waits while another program holds the file, unless less was asked for
HELD_S = 10.0  # for so long it is remembered that another program held the file for longer than that, and ...
HELD_WAIT_S = 0.02  # ... work waits only for so long
SLOW_S = 0.01  # if brief work takes longer, the disk is slow, and ...
REST_S = 30.0  # ... the thread does all work for this time
CHECKPOINT_EVERY = 250  # brief writes; so few that SQLite does not checkpoint by itself, on the event loop
IN_MEMORY = ":memory:"

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_CURES = {
    sqlite3.SQLITE_BUSY: "another program is using it; stop that program, or use another store",
    sqlite3.SQLITE_LOCKED: "another program is using it; stop that program, or use another store",
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_READONLY: "it cannot be written; check the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "it cannot be used; check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that its folder exists and can be written",
    sqlite3.SQLITE_NOTADB: "the file is not a database; move it away, or use another store",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a backup, or move it away to start with an empty store",
    sqlite3.SQLITE_IOERR: "the disk failed; check it and its free space",
}
_NOT_WHOLE = "a table of it is missing; restart imbot, which makes it anew, or restore a backup"


def store_error(path: Path, error: Exception) -> StoreError:
    """The StoreError for a failure, with what to do about it."""
    code = sqlite3.SQLITE_CANTOPEN if isinstance(error, OSError) else getattr(error, "sqlite_errorcode", -1)
    cure = why_none(error) or _CURES.get(code & 0xFF)  # the rest of the code is detail
    if str(error).startswith("no such table"):
        cure = _NOT_WHOLE
    return StoreError(f"store {path}: {cure} ({error})" if cure else f"store {path}: {error}")


class Lane:
    """One connection and its thread. The event loop uses the connection only while the thread is idle."""

    def __init__(
        self,
        path: Path,
        name: str,
        patience_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._patience_s = patience_s
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._owed = 0  # pieces of work that the thread has not finished
        self._waits_s = BUSY_TIMEOUT_S  # how long the connection waits while another program holds the file
        self._held_until = 0.0  # another program held the file for too long a moment ago
        self._rests_until = 0.0

    async def open(self, connect: Callable[[Path], sqlite3.Connection]) -> None:
        """Connect. Raises StoreError, and leaves no thread behind."""
        try:
            self._connection = await asyncio.get_running_loop().run_in_executor(
                self._thread, connect, self.path
            )
        except (sqlite3.Error, OSError) as error:
            raise store_error(self.path, error) from error
        finally:
            if self._connection is None:
                self._thread.shutdown()

    @property
    def free(self) -> bool:
        """Whether brief work can run on the event loop: the thread is idle, and the disk is quick."""
        return bool(self._connection) and not self._owed and self._clock() >= self._rests_until

    def at_once(self, work: Work[T]) -> T:
        """The result of brief ``work``, run on the event loop; the lane must be ``free``.

        Raises sqlite3.Error, also if it would have to wait for another process.
        """
        assert self._connection
        began = self._clock()
        try:
            return self._work(work, self._connection, patient=False)
        finally:
            if (ended := self._clock()) - began > SLOW_S:
                self._rests_until = ended + REST_S

    def start(self, work: Work[T]) -> asyncio.Future[T]:
        """Queue ``work`` for the thread.

        Shield the future: the work is done even if the caller is cancelled.
        """
        if self._connection is None:
            raise StoreError(f"store {self.path}: it is closed")
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._thread, partial(self._work, work, self._connection))
        self._owed += 1
        future.add_done_callback(self._done)
        return future

    async def run(self, work: Work[T], *, brief: bool = False) -> T:
        """The result of ``work``. Raises StoreError."""
        try:
            if brief and self.free:
                try:
                    return self.at_once(work)
                except sqlite3.OperationalError as error:
                    if not _busy(error):
                        raise
            return await asyncio.shield(self.start(work))
        except sqlite3.Error as error:
            raise store_error(self.path, error) from error

    async def close(self) -> None:
        """Finish the work that was started, then close the connection and end the thread."""
        if self._connection is None:
            return
        closing = self.start(sqlite3.Connection.close)
        self._connection = None
        try:
            await asyncio.shield(closing)
        finally:
            self._thread.shutdown()

    def held(self) -> None:
        """Another program holds the file: for a while, work hardly waits for it."""
        self._held_until = self._clock() + HELD_S

    def _work(self, work: Work[T], connection: sqlite3.Connection, *, patient: bool = True) -> T:
        waits_s = self._patience() if patient else 0.0
        if waits_s != self._waits_s:
            connection.execute(f"PRAGMA busy_timeout = {waits_s * 1000:.0f}")
            self._waits_s = waits_s
        try:
            return work(connection)
        except sqlite3.Error as error:
            if patient and _busy(error):
                self.held()
            raise

    def _patience(self) -> float:
        if self._clock() < self._held_until:
            return HELD_WAIT_S
        return BUSY_TIMEOUT_S if self._patience_s is None else self._patience_s

    def _done(self, _: asyncio.Future[Any]) -> None:
        self._owed -= 1


def _busy(error: Exception | None) -> bool:
    """Whether work failed because another program holds the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    result: Any = None
    error: Exception | None = None

    def outcome(self, path: Path) -> Any:
        if isinstance(self.error, sqlite3.Error):
            raise store_error(path, self.error) from self.error
        if self.error is not None:
            raise self.error
        return self.result


class Writer:
    """Writes through a lane. All writes that wait when the thread becomes free are committed together."""

    def __init__(self, lane: Lane) -> None:
        self.took_s: float | None = None  # the last write,
        self.error = ""  # and why it failed
        self._lane = lane
        self._jobs: list[_Job] = []
        self._round: asyncio.Future[None]  # done when these jobs are committed
        self._lock = Lock()
        self._brief = 0  # brief writes since the last checkpoint

    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        """Commit ``work``, and return its result. It is committed even if the caller is cancelled.

        ``work`` may run twice, with the first run rolled back. Raises StoreError.
        """
        began = time.monotonic()
        error = ""
        try:
            return await self._committed(work, brief)
        except StoreError as failure:
            if not isinstance(failure.__cause__, sqlite3.IntegrityError):  # that one is of the data
                error = str(failure)
            raise
        finally:
            self.took_s, self.error = time.monotonic() - began, error

    async def _committed(self, work: Work[T], brief: bool) -> T:
        job = _Job(work)
        if brief and self._lane.free and self._brief < CHECKPOINT_EVERY:
            self._brief += 1
            self._lane.at_once(lambda connection: _commit(connection, [job]))
            if not _busy(job.error):
                return cast(T, job.outcome(self._lane.path))
            job = _Job(work)
        with self._lock:
            if not self._jobs:
                self._round = self._lane.start(self._commit_jobs)
            self._jobs.append(job)
        # Shielded: a caller that is cancelled must not cancel the transaction of others.
        await asyncio.shield(self._round)
        return cast(T, job.outcome(self._lane.path))

    def _commit_jobs(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            jobs, self._jobs = self._jobs, []
        if self._brief >= CHECKPOINT_EVERY:
            # In the thread, because it waits for the disk, and so does the first commit after it.
            self._brief = 0
            with suppress(sqlite3.Error):  # the next round tries again
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        _commit(connection, jobs)
        if any(_busy(job.error) for job in jobs):
            self._lane.held()


def _commit(connection: sqlite3.Connection, jobs: list[_Job]) -> None:
    """Do all jobs in one transaction.

    If one fails, do each in its own transaction, so that only that one fails.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        for job in jobs:
            job.error = error
        return
    try:
        for job in jobs:
            job.result = job.work(connection)
        connection.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 (it is raised where the result is awaited)
        with suppress(sqlite3.Error):  # on a full disk SQLite has rolled back already
            connection.execute("ROLLBACK")
        if len(jobs) == 1:
            jobs[0].error = error
        else:
            for job in jobs:
                _commit(connection, [job])
