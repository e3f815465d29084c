"""Reads that fail while a file is being written, so that nothing half-written is used."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from imbot.config.loader.snapshot import ON_DISK, PathRead
from imbot.errors import ImbotError

Believed = Callable[[str], bool]
"""Whether the file at a path is at rest; asked before and after it is read."""

_T = TypeVar("_T")


class UnsettledError(ImbotError):
    """A file is being written, so its content is not known yet."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path} is being written")


def always(_: str) -> bool:
    """Believe every file: for a single load without watching."""
    return True


def settled_reads(believed: Believed) -> Mapping[str, PathRead]:
    """The reads for a ``Snapshot``, each of which may raise UnsettledError."""
    reads = ("content", "secret", "markdown")
    return {what: partial(at_rest, ON_DISK[what], believed) for what in reads}


def at_rest(read: Callable[[Path], _T], believed: Believed, path: Path) -> _T:
    """The result of ``read``. Raises UnsettledError if the file was being written before or after."""
    _check(path, believed)
    try:
        return read(path)
    finally:
        _check(path, believed)


def _check(path: Path, believed: Believed) -> None:
    if not believed(str(path)):
        raise UnsettledError(str(path))
