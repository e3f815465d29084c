import asyncio
import contextlib
import os
import signal
import sqlite3
import time

import pytest
from store_contract import new_turn
from virtual import run_virtual

from imbot.bot import recovery
from imbot.errors import ConfigError, StoreError
from imbot.log import redactor
from imbot.platforms import calendars
from imbot.runtime import CLEAN_EVERY_S, _clean, first_signal, running
from imbot.stores.sqlite import SqliteStore
from imbot.usage import monthly


@pytest.fixture
def handlers():
    """Signals are the whole process's: it gets back what it had."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
async def test_a_signal_during_the_start_is_not_lost():
    ended = first_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0)  # whatever starting takes

    assert await asyncio.wait_for(ended, 10) is signal.SIGTERM


@pytest.mark.parametrize("trouble", ["folder", "env", "line of env"])
async def test_a_start_with_nothing_to_go_on_with_fails_and_leaves_nothing_behind(tmp_path, trouble):
    if trouble == "folder":
        (tmp_path / "bots").write_text("no folder")
    else:
        (tmp_path / "bots").mkdir()
        (tmp_path / ".env").write_bytes(b"A=\xff" if trouble == "env" else b"A='half")

    with pytest.raises(ConfigError, match=r"bots|\.env"):
        async with running(tmp_path / "bots", store_url=f"sqlite:///{tmp_path}/state/x.db"):
            pytest.fail("it started")
    assert not (tmp_path / "state").exists()


class Forgetful:
    """A store whose first clean-up fails."""

    def __init__(self):
        self.asked = 0

    async def expire(self, before):
        self.asked += 1
        if self.asked == 1:
            raise StoreError("the disk is full")
        return 7


def test_a_clean_up_that_fails_is_told_and_tried_again(caplog):
    caplog.set_level("INFO", "imbot")
    store = Forgetful()

    async def main():
        cleaning = asyncio.create_task(_clean(store, 3 * 86400.0))
        await asyncio.sleep(CLEAN_EVERY_S * 1.5)
        cleaning.cancel()

    run_virtual(main())
    assert store.asked == 2
    assert "old turns could not be removed: the disk is full" in caplog.text
    assert "7 turns older than 3 days removed" in caplog.text


async def test_a_chore_that_dies_is_told_counted_and_begun_again(tmp_path, caplog, monkeypatch):
    (tmp_path / "bots").mkdir()
    died, alive = [], asyncio.Event()

    async def beats(store):
        if not died:
            died.append(store)
            raise RuntimeError("boom")
        alive.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("imbot.runtime.keep_beating", beats)
    monkeypatch.setattr("imbot.tasks.CHORE_RETRY_S", (0.01, 0.01))
    url = f"sqlite:///{tmp_path}/state/x.db"
    async with running(tmp_path / "bots", store_url=url) as (supervisor, _), asyncio.timeout(20):
        await alive.wait()
        assert supervisor.counters.chore_failures == {"lease": 1}

    assert "lease failed and is restarted" in caplog.text


class Life:
    """The runtime on a folder of its own, with a platform that nobody can reach."""

    def __init__(self, place):
        self.folder = place / "bots"
        self.folder.mkdir()
        self.database = place / "x.db"

    def running(self, **options):
        url = f"sqlite:///{self.database}"
        return running(self.folder, store_url=url, endpoint="http://127.0.0.1:9", grace_s=1.0, **options)

    def bot(self, secret):
        text = f"credentials: {{client_id: app, client_secret: {secret}}}\nagent: {{type: echo}}\n"
        (self.folder / "a.yaml").write_text(text)

    def rows(self, sql):
        with contextlib.closing(sqlite3.connect(self.database)) as store:
            return store.execute(sql).fetchall()

    async def until(self, sql, true):
        """Wait until what the store has is so."""
        async with asyncio.timeout(10):
            while not true(self.rows(sql)):
                await asyncio.sleep(0.01)


@pytest.fixture
def life(tmp_path):
    return Life(tmp_path)


async def test_a_process_says_that_it_lives_from_its_start_to_its_end(life, monkeypatch):
    monkeypatch.setattr(recovery, "BEAT_S", 0.02)
    lease = "SELECT until FROM processes"
    async with life.running():
        [(first,)] = life.rows(lease)
        await life.until(lease, lambda rows: rows > [(first,)])

    assert time.time() < first
    assert life.rows(lease) == [], "others need not wait for its lease to run out"


async def test_chats_that_are_too_old_are_removed(life):
    store = await SqliteStore.open(life.database)
    for number, age_s in enumerate([8 * 86400, 6 * 86400]):
        await store.accept(new_turn(number, accepted_at=time.time() - age_s))
    await store.close()
    async with life.running(retention_s=7 * 86400):
        await life.until("SELECT message_id FROM turns", lambda rows: rows == [("msg1",)])


async def test_the_months_calls_are_known_from_the_start_and_written_while_it_runs_and_at_the_end(
    life, monkeypatch
):
    monkeypatch.setattr(monthly, "SAVE_EVERY_S", 0.02)
    (calendar,) = calendars()
    store = await SqliteStore.open(life.database)
    await store.add_calls(calendar.month(time.time()), {("a", "ding1"): 5})
    await store.close()
    calls = "SELECT sum(calls) FROM spent_calls"
    async with life.running() as (supervisor, _):
        accounting = supervisor.counters.accounting
        assert accounting.used == {"ding1": 5}
        accounting.count_call("turn", "ding1", calendar)
        await life.until(calls, lambda rows: rows == [(6,)])
        monkeypatch.setattr(monthly, "SAVE_EVERY_S", 1000)
        await asyncio.sleep(0.05)
        accounting.count_call("turn", "ding1", calendar)

    assert life.rows(calls) == [(7,)]


async def test_the_secrets_of_bots_are_cut_out_of_the_log(life):
    life.bot("known-only-to-this-test")
    async with life.running():
        assert redactor.clean("it was known-only-to-this-test, they say") == "it was ***, they say"


@pytest.mark.parametrize("at_once", [True, False])
async def test_what_bots_run_with_is_kept_for_the_next_start_however_soon_the_end_comes(life, at_once):
    life.bot("lives-secret")
    kept = "SELECT path FROM generations"
    async with life.running():
        if not at_once:
            await life.until(kept, lambda rows: rows == [(b"a.yaml",)])

    assert life.rows(kept) == [(b"a.yaml",)]
