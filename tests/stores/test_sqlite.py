import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace

import pytest
from store_contract import KEY, StoreContract, finished, new_turn, past
from virtual import run_virtual

from imbot.stores import leases, open_store, sqlite
from imbot.stores.sqlite import SqliteStore


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def reopen(self, path):
        return lambda: SqliteStore.open(path)


def plan_of(path, sql, *values):
    with sqlite3.connect(path) as raw:
        steps = [row[-1] for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    raw.close()
    return " / ".join(steps)


# -- opening


@pytest.mark.parametrize("slashes", ["sqlite:///", "sqlite:////"])
async def test_a_store_is_opened_by_its_url(tmp_path, monkeypatch, slashes):
    monkeypatch.chdir(tmp_path)
    name = "deep/er/imbot.db" if slashes == "sqlite:///" else f"{tmp_path}/deep/er/imbot.db".lstrip("/")
    store = await open_store(slashes + name)
    await store.close()
    assert (tmp_path / "deep/er/imbot.db").is_file()


async def test_a_store_in_memory_works_and_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = await open_store("sqlite:///:memory:")
    await finished(store, 1)
    assert await past(store) == ["answer 1"]
    await store.close()
    assert list(tmp_path.iterdir()) == []


async def test_chats_are_private_to_the_user(path, store):
    await store.accept(new_turn())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"imbot.db": 0o600, "imbot.db-wal": 0o600, "imbot.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_the_file_is_whole_after_closing(path, store):
    await store.accept(new_turn())
    await store.close()
    assert [file.name for file in path.parent.iterdir()] == ["imbot.db"]


async def test_no_thread_is_left_after_closing(store, own_threads):
    await store.accept(new_turn())
    await store.turn("turn1")
    assert sorted(own_threads()) == ["imbot-store-read_0", "imbot-store-write_0"]
    await store.close()
    assert own_threads() == []


async def test_the_store_keeps_its_promise_under_virtual_time(path):
    async def main():
        store = await SqliteStore.open(path)
        try:
            async with asyncio.timeout(0.5):
                return await store.accept(new_turn())
        finally:
            await store.close()

    assert await asyncio.to_thread(run_virtual, main()) is True


# -- durability

WRITE_UNTIL_KILLED = """
import asyncio, sys
from store_contract import new_turn
from imbot.stores.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(sys.argv[1])
    async def accept(number):
        await store.accept(new_turn(number))
        print(number, flush=True)
    number = 0
    while True:
        await asyncio.gather(*(accept(number + n) for n in range(20)))
        number += 20

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_a_kill(path):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, path], stdout=subprocess.PIPE, env=env, text=True
    ) as process:
        acknowledged = [int(process.stdout.readline()) for _ in range(200)]
        process.kill()

    async def main():
        store = await SqliteStore.open(path)
        try:
            return {int(turn.message_id.removeprefix("msg")) for turn in await store.orphans("faq", 1.0)}
        finally:
            await store.close()

    assert asyncio.run(main()) >= set(acknowledged)


# -- forgetting


async def test_a_forgotten_person_is_not_in_the_files_either(path, store):
    await store.accept(new_turn(1, question="mysecretquestion" * 50))
    await store.accept(new_turn(2, key=replace(KEY, sender_id="wang"), question="staysquestion"))
    await store.forget("li")
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"mysecret" not in content
    assert b"staysquestion" in content


# -- indices


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT * FROM turns WHERE card_id = ?", "turns_by_card"),
        ("DELETE FROM turns WHERE sender_id = ?", "turns_by_sender"),
        ("DELETE FROM turns WHERE accepted_at < ?", "turns_by_time"),
        ("DELETE FROM feedback WHERE user_id = ?", "feedback_by_user"),
        ("DELETE FROM fresh_starts WHERE conversation_sender = ?", "fresh_starts_by_sender"),
    ],
)
async def test_nothing_searches_a_whole_table(path, store, sql, index):
    assert index in plan_of(path, sql, "x")


async def test_history_and_orphans_come_sorted_from_their_index(path, store):
    history = plan_of(
        path,
        sqlite._PAST.replace(":now", "9")
        .replace(":bot", "'b'")
        .replace(":conversation", "'c'")
        .replace(":sender", "'s'"),
    )
    orphans = plan_of(
        path,
        leases._ORPHANS.replace(":process", "'p'")
        .replace(":now", "9")
        .replace(":bot", "'b'")
        .replace(":most", "5"),
    )
    for plan, index in (
        (history, "turns_by_conversation"),
        (orphans, "turns_open"),
    ):
        assert index in plan
        assert "TEMP B-TREE" not in plan
