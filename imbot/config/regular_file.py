"""Reads regular files only, and never waits: opening a pipe would block until somebody writes into it."""

import os
import re
import stat
from errno import EFBIG, EINVAL, EISDIR
from pathlib import Path

_LINE_END = re.compile("\r\n?")


def read_regular(path: Path, most: int = -1) -> bytes:
    """The content of a file, or its first ``most`` bytes. Raises OSError, also for what is no regular file."""
    _check(path.stat())  # before it is opened, which has effects on some devices
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        _check(os.fstat(file.fileno()))  # it may have been replaced meanwhile
        return file.read(most)


def read_text(path: Path, most: int) -> str:
    """The text of a regular file of at most so many bytes, in UTF-8, with line breaks of any system.

    Raises OSError and UnicodeError.
    """
    content = read_regular(path, most + 1)
    if len(content) > most:
        raise OSError(EFBIG, f"it is larger than {most:,} bytes")
    return _LINE_END.sub("\n", content.decode())


def _check(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(EISDIR, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(EINVAL, "it is not a regular file")
