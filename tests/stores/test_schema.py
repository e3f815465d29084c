import asyncio
import re
import sqlite3

import pytest
from store_contract import new_turn, past

from imbot.stores import schema
from imbot.stores.sqlite import SqliteStore


def tables_of(path):
    with sqlite3.connect(path) as raw:
        found = {
            name: re.sub(r"\s+", " ", sql)
            for name, sql in raw.execute("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL")
        }
    raw.close()
    return found


@pytest.fixture
def version_1(tmp_path, request):
    """A file that version 1 wrote."""
    path = tmp_path / "version1.db"
    raw = sqlite3.connect(path)
    raw.executescript((request.path.parent / "version1.sql").read_text(encoding="utf-8"))
    raw.close()
    return path


async def test_a_store_of_version_1_is_brought_up_to_date_in_place(version_1, path, store):
    old = await SqliteStore.open(version_1)
    assert await past(old) == ["answer 1"]
    assert [row.rating async for row in old.feedback()] == ["helpful"]
    assert (await old.turn("turn2")).card.address == {"openSpaceId": "dtv1.card//IM_ROBOT.li", "count": 3}
    await old.close()
    assert tables_of(version_1) == tables_of(path)


async def test_an_upgrade_keeps_what_there_is(version_1, monkeypatch):
    step = (
        "ALTER TABLE turns ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'",
        "UPDATE turns SET mood = 'glad'",
    )
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, step))
    store = await SqliteStore.open(version_1)
    assert len(await store.orphans("faq", 1.0)) == 1
    rows = await store._read(lambda raw: [tuple(row) for row in raw.execute("SELECT mood FROM turns")])
    assert rows == [("glad",), ("glad",)]
    await store.close()
    await (await SqliteStore.open(version_1)).close()


async def test_an_upgrade_that_fails_leaves_the_file_as_it_was(version_1, monkeypatch, refusal):
    before = tables_of(version_1)
    step = ("ALTER TABLE turns ADD COLUMN mood TEXT", "CREATE TABLE turns (id)")
    monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, step))
    assert "already exists" in await refusal(version_1)
    assert tables_of(version_1) == before
    monkeypatch.undo()
    await (await SqliteStore.open(version_1)).close()


async def test_two_processes_may_make_a_store_at_once(path):
    stores = await asyncio.gather(*(SqliteStore.open(path) for _ in range(5)))
    assert await stores[0].accept(new_turn())
    assert await stores[4].accept(new_turn(2, message_id="msg1")) is False
    for each in stores:
        await each.close()
