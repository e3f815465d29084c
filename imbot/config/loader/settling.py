"""Reads of files that are not believed while the files move: what is read half-written is no reading."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from imbot.config.loader.snapshot import ON_DISK, PathRead

Believed = Callable[[str], bool]
"""Whether what is at a path is at rest there; asked before and after it is read."""

_T = TypeVar("_T")


class UnsettledError(Exception):
    """A file moves: what it will say is not known yet."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path} is being written")


def always(_: str) -> bool:
    """For who reads once: everything is as it is."""
    return True


def settled_reads(believed: Believed) -> Mapping[str, PathRead]:
    """The reads of a snapshot at files and folders, each of which may raise UnsettledError."""
    reads = ("content", "secret", "markdown")
    return {what: partial(at_rest, ON_DISK[what], believed) for what in reads}


def at_rest(read: Callable[[Path], _T], believed: Believed, path: Path) -> _T:
    """What ``read`` makes of a path, or raises. Raises UnsettledError where it may have read half of it."""
    _check(path, believed)
    try:
        return read(path)
    finally:
        _check(path, believed)


def _check(path: Path, believed: Believed) -> None:
    if not believed(str(path)):
        raise UnsettledError(str(path))
