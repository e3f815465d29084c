"""Having SQLite write to a log beside the file (WAL), so that readers and a writer need not wait for each other."""

import sqlite3
import time

_RETRY_S = 0.01


def write_to_log(connection: sqlite3.Connection, patience_s: float) -> None:
    """Switch the file to a log, for good. Raises sqlite3.Error.

    Who switches reads first and then wants the file alone. Of two processes that do so at once SQLite
    refuses one on the spot, whatever its time-out, as neither would let go while it waits: that one tries again.
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
