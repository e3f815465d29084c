"""Opening the SQLite file of a store: it is recognised, upgraded, and made whole if a table is missing."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from imbot.errors import StoreError
from imbot.stores import connection as connections
from imbot.stores import schema
from imbot.stores.log_ahead import write_to_log

log = logging.getLogger(__name__)


def connect_to_write(path: Path) -> sqlite3.Connection:
    """A connection to the store in that file, created or upgraded if needed. Only this user can read a new file."""
    if str(path) != connections.IN_MEMORY:
        _make_private(path)
    connection = _connect(path)
    try:
        _recognise(connection, path)
        write_to_log(connection, connections.BUSY_TIMEOUT_S)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # So that data of forgotten people does not remain in free pages of the file.
        connection.execute("PRAGMA secure_delete = ON")
        _upgrade(connection)
        _mend(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=connections.BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    return connection


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only a new file is opened: closing one that is in use would drop SQLite's locks on it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    # Look for tables before the id: a process that creates the store right now writes both in one transaction.
    used = connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
    application, version = _number(connection, "application_id"), _number(connection, "user_version")
    if application != schema.APPLICATION_ID:
        if application or used:
            raise StoreError(f"store {path}: the file belongs to another program; use another store")
    elif version > len(schema.STEPS):
        raise StoreError(
            f"store {path}: it was made by a newer imbot (version {version}, this one knows {len(schema.STEPS)}); "
            "upgrade imbot, or use another store"
        )


def _upgrade(connection: sqlite3.Connection) -> None:
    if _number(connection, "user_version") == len(schema.STEPS):
        return
    with _transaction(connection):
        # The version is read again, as another process may have upgraded meanwhile.
        for step in schema.STEPS[_number(connection, "user_version") :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(schema.STEPS)}")


def _mend(connection: sqlite3.Connection, path: Path) -> None:
    """Make missing tables and indices anew, the tables empty. Raises StoreError if a table lacks a column."""
    whole = sqlite3.connect(connections.IN_MEMORY, isolation_level=None)
    with closing(whole):
        for step in schema.STEPS:
            for statement in step:
                whole.execute(statement)
        wanted = _objects(whole)
        tables = [name for name, (kind, _) in wanted.items() if kind == "table"]
        columns = {table: _columns(whole, table) for table in tables}
    if wanted.keys() - _objects(connection).keys():
        with _transaction(connection):
            found = _objects(connection)
            for name, (kind, sql) in wanted.items():  # tables come before their indices
                if name not in found:
                    connection.execute(sql)
                    lost = "; it is empty now: restore a backup if you need what was in it" * (
                        kind == "table"
                    )
                    log.warning("store %s: the %s %s was missing and was made anew%s", path, kind, name, lost)
    for table in tables:
        for column in columns[table]:
            if column not in _columns(connection, table):
                raise StoreError(
                    f"store {path}: the table {table} lacks the column {column}; restore a backup, "
                    "or move the file away to start with an empty store"
                )


def _objects(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """Kind and SQL of every table and index, by name, in the order in which they were made."""
    sql = "SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'index', rowid"
    return {name: (kind, made) for name, kind, made in connection.execute(sql)}


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    value: int = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return value
