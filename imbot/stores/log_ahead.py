"""Switches SQLite to a write-ahead log (WAL), so that readers and a writer need not wait for each other."""

import sqlite3
import time

_RETRY_S = 0.01


def write_to_log(connection: sqlite3.Connection, patience_s: float) -> None:
    """Switch the file to a write-ahead log permanently. Raises sqlite3.Error; a busy file not before ``patience_s``.

    SQLite reads the file first and then needs it exclusively. If two processes do this at the same time, each
    would wait for the other, so SQLite refuses one of them at once, without regard to its time-out. That one
    tries again here.
    """
    give_up = time.monotonic() + patience_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up:
                raise
        time.sleep(_RETRY_S)
