import sqlite3
import time
from contextlib import closing

import pytest

from imbot.stores.log_ahead import write_to_log


@pytest.fixture
def open_file(tmp_path):
    """Opens the same new file again and again; a connection never waits for another one by itself."""
    opened = []

    def connect():
        opened.append(sqlite3.connect(tmp_path / "new.db", timeout=0, isolation_level=None))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def naps(monkeypatch):
    """What happens while it waits: nothing but what a test puts here."""
    things = []
    monkeypatch.setattr(time, "sleep", lambda _: things.pop(0)())
    return things


def test_who_makes_a_new_file_second_tries_again(open_file, naps):
    first, second = open_file(), open_file()
    first.execute("BEGIN IMMEDIATE")
    naps += [lambda: None, lambda: first.execute("COMMIT")]
    write_to_log(second, patience_s=60)
    assert naps == []
    assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_it_gives_up_after_a_while(open_file, naps):
    first, second = open_file(), open_file()
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_to_log(second, patience_s=0)


def test_a_file_that_is_no_database_is_named_at_once(tmp_path, naps):
    (tmp_path / "notes.txt").write_text("shopping list\n" * 100)
    with (
        closing(sqlite3.connect(tmp_path / "notes.txt")) as connection,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        write_to_log(connection, patience_s=60)


def test_a_file_that_may_not_be_written_is_named_at_once(tmp_path, naps):
    path = tmp_path / "empty.db"
    path.touch()
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        write_to_log(connection, patience_s=60)
