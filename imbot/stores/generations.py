"""Accepted generations in SQLite: the statements behind three methods of the store.

A file that many bots use, such as shared knowledge, is stored once, by its hash. Paths are stored as bytes,
because not every path is valid text.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence

from imbot.stores import Generation, KeptFile

_UNUSED = "DELETE FROM kept_contents WHERE hash NOT IN (SELECT hash FROM kept_files)"
_FILES = """
    SELECT file, content, hash, cut FROM kept_files JOIN kept_contents USING (hash)
    WHERE folder = ? AND path = ? ORDER BY file"""


def keep(connection: sqlite3.Connection, folder: str, new: Sequence[Generation], gone: Iterable[str]) -> None:
    """Store ``new`` generations, each replacing an earlier one; remove those of the paths ``gone``."""
    dropped = [_place(folder, path) for path in (*gone, *(generation.path for generation in new))]
    connection.executemany("DELETE FROM generations WHERE (folder, path) = (?, ?)", dropped)
    for generation in new:
        _add(connection, folder, generation)
    connection.execute(_UNUSED)


def digests(connection: sqlite3.Connection, folder: str) -> dict[str, bytes]:
    """The digests of the generations of a folder, by the path of the bot file."""
    rows = connection.execute("SELECT path, digest FROM generations WHERE folder = ?", (os.fsencode(folder),))
    return {os.fsdecode(row["path"]): row["digest"] for row in rows}


def find_generation(connection: sqlite3.Connection, folder: str, path: str) -> Generation | None:
    """The generation of one bot file; None if there is none."""
    at = _place(folder, path)
    found = connection.execute("SELECT * FROM generations WHERE (folder, path) = (?, ?)", at).fetchone()
    if found is None:
        return None
    files = {
        os.fsdecode(row["file"]): KeptFile(row["content"], row["hash"], tuple(json.loads(row["cut"])))
        for row in connection.execute(_FILES, at)
    }
    return Generation(path, found["accepted_at"], files)


def _add(connection: sqlite3.Connection, folder: str, generation: Generation) -> None:
    at = _place(folder, generation.path)
    connection.execute(
        "INSERT INTO generations VALUES (?, ?, ?, ?)", (*at, generation.digest, generation.accepted_at)
    )
    for name, file in generation.files.items():
        connection.execute("INSERT OR IGNORE INTO kept_contents VALUES (?, ?)", (file.hash, file.content))
        row = (*at, os.fsencode(name), file.hash, json.dumps(file.cut))
        connection.execute("INSERT INTO kept_files VALUES (?, ?, ?, ?, ?)", row)


def _place(folder: str, path: str) -> tuple[bytes, bytes]:
    return os.fsencode(folder), os.fsencode(path)
