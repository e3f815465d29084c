"""Which process answers which open turn, in SQL: work for the SQLite store's threads.

Each process renews its lease every few seconds. An open turn whose process has no valid lease is an *orphan*;
the process that first writes its own id into the turn takes it over.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from imbot.stores.rows import changed, found

FORGET_S = 86400.0

# The condition must be word for word that of the index turns_open, or SQLite does not use the index.
_ORPHANED = """phase IN ('thinking', 'streaming') AND process != :process
    AND process NOT IN (SELECT id FROM processes WHERE until > :now)"""
_ORPHANS = f"SELECT * FROM turns WHERE bot = :bot AND {_ORPHANED} ORDER BY accepted_at, row LIMIT :most"  # noqa: S608 (our own words)
_BEREFT = f"SELECT DISTINCT bot FROM turns WHERE {_ORPHANED}"  # noqa: S608 (our own words)
_ADOPT = f"UPDATE turns SET process = :process WHERE id = :turn AND {_ORPHANED}"  # noqa: S608 (our own words)
_TURN = "SELECT * FROM turns WHERE id = ?"
_HAND_BACK = "UPDATE turns SET process = '' WHERE id = ? AND process = ?"


def renew_lease(process: str, now: float, lease_s: float) -> Callable[[sqlite3.Connection], None]:
    """Work that renews the lease of a process, and removes leases that ended more than a day ago."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO processes VALUES (?, ?)", (process, now + lease_s))
        connection.execute("DELETE FROM processes WHERE until < ?", (now - FORGET_S,))

    return work


def release(process: str) -> Callable[[sqlite3.Connection], None]:
    """Work that ends the lease of a process, which makes all of its open turns orphans."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM processes WHERE id = ?", (process,))

    return work


def bots_with_orphans(process: str, now: float) -> Callable[[sqlite3.Connection], list[sqlite3.Row]]:
    """Work that finds the bots that have orphans."""
    return lambda connection: connection.execute(_BEREFT, {"process": process, "now": now}).fetchall()


def orphans(
    process: str, bot: str, now: float, most: int
) -> Callable[[sqlite3.Connection], list[sqlite3.Row]]:
    """Work that finds orphans of a bot, the oldest first, at most ``most``."""
    values = {"process": process, "bot": bot, "now": now, "most": most}
    return lambda connection: connection.execute(_ORPHANS, values).fetchall()


def adopt(process: str, turn_id: str, now: float) -> Callable[[sqlite3.Connection], sqlite3.Row | None]:
    """Work that takes over an orphan and returns its row; None if it is not an orphan any more."""
    values = {"process": process, "turn": turn_id, "now": now}

    def work(connection: sqlite3.Connection) -> sqlite3.Row | None:
        if not connection.execute(_ADOPT, values).rowcount:
            return None
        row: sqlite3.Row = connection.execute(_TURN, (turn_id,)).fetchone()
        return row

    return work


def update(process: str, turn_id: str, columns: Mapping[str, Any]) -> Callable[[sqlite3.Connection], bool]:
    """Work that changes a turn of this process.

    False, and nothing changed, if another process has taken it over.
    """
    assignments = ", ".join(f"{column} = ?" for column in columns)
    sql = f"UPDATE turns SET {assignments} WHERE id = ? AND process = ?"  # noqa: S608 (our own words)
    write, look = changed(sql, *columns.values(), turn_id, process), found(_TURN, turn_id)
    return lambda connection: bool(write(connection)) or not look(connection)


def hand_back(process: str, turn_id: str) -> Callable[[sqlite3.Connection], None]:
    """Work that makes a turn of this process an orphan."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(_HAND_BACK, (turn_id, process))

    return work
