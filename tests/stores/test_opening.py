"""A store whose file is not whole."""

import logging
import sqlite3

import pytest
from store_contract import new_turn, past

from imbot.errors import StoreError
from imbot.model import Feedback
from imbot.stores.sqlite import SqliteStore


def damage(path, *statements):
    raw = sqlite3.connect(path)
    for statement in statements:
        raw.execute(statement)
    raw.commit()
    raw.close()


def tables(path):
    raw = sqlite3.connect(path)
    names = {name for (name,) in raw.execute("SELECT name FROM sqlite_schema WHERE sql NOT NULL")}
    raw.close()
    return names


@pytest.fixture
async def left(path):
    """The file of a store with a turn and a rating, closed."""
    store = await SqliteStore.open(path)
    await store.accept(new_turn())
    await store.update_turn("turn1", phase="final", answer="answer 1")
    await store.rate(Feedback("turn1", "faq", "u1", "good", 1.0))
    await store.close()
    return path


@pytest.mark.parametrize(
    "table",
    [
        "feedback",
        "fresh_starts",
        "processes",
        "forgotten",
        "generations",
        "kept_files",
        "spent_calls",
        "turns",
    ],
)
async def test_a_missing_table_is_made_anew_and_said_so(left, table, caplog):
    whole = tables(left)
    damage(left, f"DROP TABLE {table}")
    with caplog.at_level(logging.WARNING):
        store = await SqliteStore.open(left)

    assert tables(left) == whole, "with its indices"
    assert (
        f"the table {table} was missing and was made anew; it is empty now: restore a backup" in caplog.text
    )
    assert str(left) in caplog.text
    assert await store.accept(new_turn(2))
    await store.update_turn("turn2", phase="final", answer="answer 2")
    await store.rate(Feedback("turn2", "faq", "u1", "good", 2.0))
    assert "answer 2" in await past(store)
    await store.forget("u1")
    await store.close()


async def test_a_missing_index_is_made_anew(left, caplog):
    whole = tables(left)
    damage(left, "DROP INDEX turns_by_card", "DROP INDEX turns_open")
    store = await SqliteStore.open(left)
    await store.close()

    assert tables(left) == whole
    assert "the index turns_by_card was missing and was made anew\n" in caplog.text


async def test_a_table_without_a_column_is_not_touched(left, refusal):
    damage(left, "ALTER TABLE turns DROP COLUMN shown")
    before = tables(left)

    assert "the table turns lacks the column shown; restore a backup, or move the file away" in await refusal(
        left
    )
    assert tables(left) == before


async def test_a_table_that_vanishes_while_the_store_is_open_is_told_with_a_cure(path, store):
    damage(path, "DROP TABLE feedback")
    with pytest.raises(StoreError, match="a table of it is missing; restart imbot, which makes it anew"):
        [row async for row in store.feedback()]


async def test_a_whole_store_is_opened_without_a_word(left, caplog):
    await (await SqliteStore.open(left)).close()
    assert caplog.text == ""
