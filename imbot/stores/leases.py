"""Which process answers which open turn, in SQL: work for the SQLite store's threads.

A process says every few seconds that it lives; an open turn whose process has stopped saying so is an
*orphan*, and whoever changes the turn's process first takes it over.
"""

import sqlite3
from collections.abc import Callable

FORGET_S = 86400.0

# The phases are word for word those of the index turns_open, or it is not used.
_ORPHANED = """phase IN ('thinking', 'streaming') AND process != :process
    AND process NOT IN (SELECT id FROM processes WHERE until > :now)"""
_ORPHANS = f"SELECT * FROM turns WHERE bot = :bot AND {_ORPHANED} ORDER BY accepted_at, row LIMIT :most"  # noqa: S608 (our own words)
_BEREFT = f"SELECT DISTINCT bot FROM turns WHERE {_ORPHANED}"  # noqa: S608 (our own words)
_ADOPT = f"UPDATE turns SET process = :process WHERE id = :turn AND {_ORPHANED}"  # noqa: S608 (our own words)
_HAND_BACK = "UPDATE turns SET process = '' WHERE id = ? AND process = ?"


def beat(process: str, now: float, lease_s: float) -> Callable[[sqlite3.Connection], None]:
    """Work that makes a process live until its lease ends, and forgets those long dead."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO processes VALUES (?, ?)", (process, now + lease_s))
        connection.execute("DELETE FROM processes WHERE until < ?", (now - FORGET_S,))

    return work


def release(process: str) -> Callable[[sqlite3.Connection], None]:
    """Work that makes all open turns of a process orphans, now."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM processes WHERE id = ?", (process,))

    return work


def bereft(process: str, now: float) -> Callable[[sqlite3.Connection], list[sqlite3.Row]]:
    """Work that finds the bots with open turns that no living process answers."""
    return lambda connection: connection.execute(_BEREFT, {"process": process, "now": now}).fetchall()


def orphans(
    process: str, bot: str, now: float, most: int
) -> Callable[[sqlite3.Connection], list[sqlite3.Row]]:
    """Work that finds open turns of a bot that no living process answers, oldest first."""
    values = {"process": process, "bot": bot, "now": now, "most": most}
    return lambda connection: connection.execute(_ORPHANS, values).fetchall()


def adopt(process: str, turn_id: str, now: float) -> Callable[[sqlite3.Connection], bool]:
    """Work that takes an orphan over; False when it is none any more."""
    values = {"process": process, "turn": turn_id, "now": now}
    return lambda connection: connection.execute(_ADOPT, values).rowcount == 1


def hand_back(process: str, turn_id: str) -> Callable[[sqlite3.Connection], None]:
    """Work that makes an own turn an orphan."""

    def work(connection: sqlite3.Connection) -> None:
        connection.execute(_HAND_BACK, (turn_id, process))

    return work
