import asyncio
import sqlite3
import statistics
import threading
import time

import pytest
from store_contract import new_turn

from imbot.errors import StoreError
from imbot.model import Feedback
from imbot.stores import connection
from imbot.stores.sqlite import SqliteStore


class Held:
    """Work that keeps a lane's thread busy until it is let go."""

    def __init__(self):
        self._begun = threading.Event()
        self._closing = threading.Event()

    def __call__(self, _):
        self._begun.set()
        self._closing.wait(20)

    async def begun(self):
        while not self._begun.is_set():
            await asyncio.sleep(0.001)

    def let_go(self):
        self._closing.set()


# -- files that cannot be used


async def test_a_file_that_is_no_database_is_left_alone(tmp_path, refusal):
    path = tmp_path / "notes.txt"
    path.write_text("shopping list\n" * 100)
    assert "is not a database; move it away" in await refusal(path)
    assert path.read_text() == "shopping list\n" * 100


async def test_a_database_of_another_program_is_left_alone(tmp_path, refusal):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE turns (id)")
    raw.close()
    before = path.read_bytes()
    assert "belongs to another program" in await refusal(path)
    assert path.read_bytes() == before


async def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "empty.db"
    path.touch()
    store = await SqliteStore.open(path)
    assert await store.accept(new_turn())
    await store.close()


async def test_a_file_of_a_newer_imbot_is_left_alone(path, store, refusal):
    await store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    message = await refusal(path)
    assert "newer imbot" in message
    assert "version 99" in message


async def test_a_folder_is_no_store(tmp_path, refusal):
    assert str(tmp_path) in await refusal(tmp_path)


async def test_a_store_below_a_file_cannot_be_made(tmp_path, refusal):
    (tmp_path / "file").touch()
    assert "check that its folder exists" in await refusal(tmp_path / "file" / "imbot.db")


async def test_a_damaged_file_is_named_as_such(path, store):
    await asyncio.gather(*(store.accept(new_turn(n, question="x" * 500)) for n in range(200)))
    await store.close()
    page_size = 4096
    with path.open("r+b") as file:
        file.seek(page_size)
        file.write(b"\xff" * (path.stat().st_size - page_size))

    async def use():
        damaged = await SqliteStore.open(path)
        try:
            await damaged.orphans("faq", 1.0)
        finally:
            await damaged.close()

    with pytest.raises(StoreError, match="damaged; restore a backup"):
        await use()


# -- failures while running


async def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(store):
    await store.accept(new_turn(1))

    def fill(raw):
        raw.execute(f"PRAGMA max_page_count = {raw.execute('PRAGMA page_count').fetchone()[0] + 2}")

    await store._write_lane.run(fill)
    results = await asyncio.gather(
        store.update_turn("turn1", error="before"),
        store.update_turn("turn1", answer="long" * 100_000),
        store.update_turn("turn1", layout="after"),
        return_exceptions=True,
    )
    assert results[::2] == [None, None]
    assert "the disk is full; free some space" in str(results[1])
    kept = await store.turn("turn1")
    assert (kept.error, kept.answer, kept.layout) == ("before", "", "after")


async def test_a_file_that_may_not_be_written_is_named_as_such(store):
    await store._write_lane.run(lambda raw: raw.execute("PRAGMA query_only = ON"))
    with pytest.raises(StoreError, match="cannot be written; check the permissions"):
        await store.accept(new_turn())


async def test_a_file_that_another_program_holds_is_read_and_later_written(path, monkeypatch):
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.02)
    store = await SqliteStore.open(path)
    await store.accept(new_turn(1))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(*(store.accept(new_turn(n)) for n in range(2, 5)), return_exceptions=True)
    assert all("another program is using it" in str(result) for result in results)
    assert (await store.turn("turn1")).question == "question 1"
    holder.execute("COMMIT")
    holder.close()
    assert await store.accept(new_turn(2))
    await store.close()


async def test_a_failing_call_tells_nothing_of_what_it_carried(store):
    with pytest.raises(StoreError) as caught:
        await store.rate(Feedback("gone", "faq", "li", "a private opinion", 1.0))
    assert "private" not in str(caught.value)


async def test_an_error_that_is_not_the_database_s_reaches_its_caller_alone(store):
    results = await asyncio.gather(
        store.accept(new_turn(1)),
        store.accept(new_turn(2, accepted_at=2**80)),
        store.accept(new_turn(3)),
        return_exceptions=True,
    )
    assert results[0] is results[2] is True
    assert isinstance(results[1], OverflowError)


async def test_reads_do_not_wait_for_writes(store):
    held = Held()
    writing = asyncio.create_task(store._write(held))
    await held.begun()
    try:
        assert await store.turn("turn1") is None
        assert not writing.done()
    finally:
        held.let_go()
    await writing


async def test_writes_that_wait_are_committed_together(store):
    commits = []
    await store._write_lane.run(lambda raw: raw.set_trace_callback(commits.append))
    held = Held()
    first = asyncio.create_task(store._write(held))
    await held.begun()
    rest = [asyncio.create_task(store.accept(new_turn(n))) for n in range(100)]
    await asyncio.sleep(0)
    held.let_go()
    await asyncio.gather(first, *rest)
    assert commits.count("COMMIT") == 2


async def test_writes_that_wait_outlive_the_callers_that_gave_up(store):
    held = Held()
    first = asyncio.create_task(store._write(held))
    await held.begun()
    given_up, patient = (asyncio.create_task(store.accept(new_turn(n))) for n in (1, 2))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    held.let_go()
    await asyncio.gather(first, patient)
    assert None not in [await store.turn(f"turn{n}") for n in (1, 2)]


async def test_the_ack_of_a_quiet_bot_waits_for_no_timer(store):
    await store.accept(new_turn(0))
    took_s = []
    for number in range(1, 51):
        start = time.perf_counter()
        await store.accept(new_turn(number))
        took_s.append(time.perf_counter() - start)
    assert statistics.median(took_s) < 0.02


# -- brief work, done where it is asked for


async def test_brief_work_waits_for_no_thread(store):
    for brief, found in (
        (store.accept(new_turn(1)), True),
        (store.update_turn("turn1", error="late"), None),
        (store.history(new_turn(1).conversation, 10, idle_s=60, now=1.0), []),
    ):
        with pytest.raises(StopIteration) as ended:
            brief.send(None)
        assert ended.value.value == found


async def test_others_go_on_while_another_program_holds_the_file(path, store):
    await store.accept(new_turn(1))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(store.accept(new_turn(2)))
    start = time.perf_counter()
    await asyncio.sleep(0.01)
    assert time.perf_counter() - start < 4  # it may wait for 5 s
    assert not waiting.done()
    assert (await store.turn("turn1")).id == "turn1"
    holder.execute("COMMIT")
    holder.close()
    assert await waiting
    assert (await store.turn("turn2")).id == "turn2"


async def test_a_slow_disk_gets_brief_work_off_the_loop_for_a_while(store):
    now = 0.0
    lane = store._write_lane
    lane._clock = lambda: now

    def slow(_):
        nonlocal now
        now += connection.SLOW_S * 2

    assert lane.free
    await lane.run(slow, brief=True)
    assert not lane.free
    assert await store.accept(new_turn(1))
    now += connection.REST_S
    assert lane.free


async def test_brief_work_does_not_overtake_what_waits(store):
    held = Held()
    first = asyncio.create_task(store._write(held))
    await held.begun()
    second = asyncio.create_task(store.accept(new_turn(1)))
    await asyncio.sleep(0.01)
    assert not second.done()
    held.let_go()
    await asyncio.gather(first, second)
    assert store._write_lane.free


async def test_a_lane_is_not_free_before_its_thread_has_finished_what_nobody_waits_for(store):
    held = Held()
    reading = asyncio.create_task(store._read(held))
    await held.begun()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert not store._read_lane.free
    held.let_go()
    await store._read(lambda _: None)
    assert store._read_lane.free


async def test_the_disk_is_waited_for_in_the_thread(store, monkeypatch):
    monkeypatch.setattr(connection, "CHECKPOINT_EVERY", 3)
    done = []

    def note(statement):
        done.append((statement, threading.current_thread() is threading.main_thread()))

    await store._write_lane.run(lambda raw: raw.set_trace_callback(note))
    for number in range(8):
        await store.accept(new_turn(number))
    commits = [here for statement, here in done if statement == "COMMIT"]
    checkpoints = [here for statement, here in done if "wal_checkpoint" in statement]
    assert commits == [True, True, True, False] * 2
    assert checkpoints == [False] * 2


@pytest.fixture
async def hurried(path):
    """A store as ``run`` opens it, and another program's connection to its file."""
    store = await SqliteStore.open(path, 0.05)
    holder = sqlite3.connect(path, isolation_level=None)
    yield store, holder
    holder.close()
    await store.close()


@pytest.mark.parametrize("lock", ["BEGIN EXCLUSIVE", "BEGIN IMMEDIATE"])
async def test_that_another_program_holds_the_file_is_remembered_for_a_while(hurried, monkeypatch, lock):
    store, holder = hurried
    waited = []
    now = 0.0
    lane = store._write_lane
    lane._clock = lambda: now
    real = lane._work

    def work(job, raw, *, patient=True):
        if patient:
            waited.append(lane._patience())
        return real(job, raw, patient=patient)

    monkeypatch.setattr(lane, "_work", work)
    holder.execute(lock)
    for number in range(3):
        with pytest.raises(StoreError, match="another program is using it"):
            await store.accept(new_turn(number))
    now = connection.HELD_S + 1
    with pytest.raises(StoreError, match="another program is using it"):
        await store.accept(new_turn(3))
    holder.execute("ROLLBACK")

    short = connection.HELD_WAIT_S
    assert waited == [0.05, short, short, 0.05]
    assert await store.accept(new_turn(4))
