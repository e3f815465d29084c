"""Counted calls by month, organisation and bot, in SQL: work for the SQLite store's threads."""

import sqlite3
from collections.abc import Callable, Mapping

_ADD = """
    INSERT INTO spent_calls VALUES (?, ?, ?, ?)
    ON CONFLICT (month, bot, organisation) DO UPDATE SET calls = calls + excluded.calls"""
_OF_MONTH = "SELECT bot, organisation, calls FROM spent_calls WHERE month = ?"


def add(month: str, calls: Mapping[tuple[str, str], int]) -> Callable[[sqlite3.Connection], None]:
    """Work that adds calls, by bot and organisation, to a month."""
    rows = [(month, *account, number) for account, number in calls.items()]

    def work(connection: sqlite3.Connection) -> None:
        connection.executemany(_ADD, rows)

    return work


def of_month(month: str) -> Callable[[sqlite3.Connection], dict[tuple[str, str], int]]:
    """Work that reads the calls of a month, by bot and organisation."""

    def work(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
        rows = connection.execute(_OF_MONTH, (month,))
        return {(bot, organisation): calls for bot, organisation, calls in rows}

    return work
