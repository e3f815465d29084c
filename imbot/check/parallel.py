"""Work shared out over the processors: the same function over parts of a list, each in a process of its own."""

import os
import pickle
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def processors() -> int:
    """How many processes can work at once; 1 where none may be forked: not on this system, or beside threads."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0))


def divided(items: Sequence[T], most: int, least: int) -> list[Sequence[T]]:
    """At most so many parts of a list, in its order, none with fewer items than ``least`` but a single one."""
    count = max(min(most, len(items) // least), 1)
    size = max(-(-len(items) // count), 1)
    return [items[start : start + size] for start in range(0, len(items), size)] or [items]


def each(work: Callable[[Sequence[T]], R], parts: Sequence[Sequence[T]]) -> list[R]:
    """What ``work`` makes of each part, the first of them here.

    A process that dies, or whose result cannot travel, leaves its part to this one: nothing is lost.
    """
    children = [_Child(work, part) for part in parts[1:]]
    try:
        found = [work(parts[0])]
        for part, child in zip(parts[1:], children, strict=True):
            told = child.told()
            found.append(pickle.loads(told) if told else work(part))  # noqa: S301  our own process wrote it
    finally:
        for child in children:
            child.close()
        for child in children:
            child.end()
    return found


class _Child:
    """A process with its part of the work; it writes what it made of it, or nothing."""

    def __init__(self, work: Callable[[Sequence[T]], R], part: Sequence[T]) -> None:
        self._pipe, theirs = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(theirs)
            return
        try:
            os.close(self._pipe)  # a pipe with a reader left, be it here, would be waited for
            told = pickle.dumps(work(part))
            with open(theirs, "wb") as pipe:  # noqa: PTH123  a pipe has no path
                pipe.write(told)
        finally:
            os._exit(0)

    def told(self) -> bytes:
        """All it wrote; empty where it died first."""
        with open(self._pipe, "rb", closefd=False) as pipe:
            told = pipe.read()
        return told if told.endswith(pickle.STOP) else b""

    def close(self) -> None:
        """Read no more. Those forked later may: it cannot go on for long when all of them are closed."""
        os.close(self._pipe)

    def end(self) -> None:
        """Wait for it."""
        os.waitpid(self._pid, 0)
