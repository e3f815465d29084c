"""``imbot run`` in a process of its own, which can be killed and started again."""

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import sys


class Process:
    """Serves the bots in ``home / "bots"`` against the platform at ``endpoint``; ``ready`` tells when it is up."""

    def __init__(self, home, endpoint, ready):
        self.database = home / "test.db"
        self.starts = 0
        self._home = home
        self._endpoint = endpoint
        self._ready = ready
        self._process = None

    async def start(self):
        """Return when it is ready."""
        command = (sys.executable, "-m", "imbot", "run", "bots", "--admin", "off", "--grace", "3")
        self.starts += 1
        with (self._home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                "--store",
                f"sqlite:///{self.database}",
                cwd=self._home,
                env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": self._endpoint},
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(30):
            while not self._ready():
                assert self._process.returncode is None, (self._home / "log").read_text()[-2000:]
                await asyncio.sleep(0.02)

    async def end(self, number=signal.SIGTERM):
        """End it by a signal; one that has ended may be ended again."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(number)
            await asyncio.wait_for(self._process.wait(), 20)

    async def kill(self, *, leases=True):
        """End it without a word; without ``leases`` as if its lease had run out, too."""
        await self.end(signal.SIGKILL)
        if not leases:
            with self._store() as store:
                store.execute("UPDATE processes SET until = 0")

    def open_turns(self):
        """The questions of the turns that have no end in the journal."""
        with self._store() as store:
            return [
                question
                for (question,) in store.execute("SELECT question FROM turns WHERE finished_at IS NULL")
            ]

    def doubtful(self):
        """The labels of questions whose answer was on its way as a text when a process died: that is not repeated."""
        left = set(re.findall(r"turn (\w+), left open by another process", (self._home / "log").read_text()))
        with self._store() as store:
            said = store.execute("SELECT id, question FROM turns WHERE shown = 'sending'")
            return [question[:5] for turn, question in said if turn in left]

    @contextlib.contextmanager
    def _store(self):
        with contextlib.closing(sqlite3.connect(self.database, timeout=5)) as store, store:
            yield store
