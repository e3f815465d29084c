"""Work shared out over the processors: the same function over parts of a list, each in a process of its own."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from signal import SIG_IGN, SIGINT, signal
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # imported for the first process
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

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
    children = [_started(work, part) for part in parts[1:]]
    try:
        found = [work(parts[0])]
        for part, (_, pipe) in zip(parts[1:], children, strict=True):
            try:
                found.append(pipe.recv())
            except (EOFError, OSError):  # it ended without a result, or amid one
                found.append(work(part))
    finally:
        for process, _ in children:
            process.terminate()  # after an error here it may work on, or wait to be read, for ever
            process.join()
    return found


def _started(work: Callable[[Sequence[T]], R], part: Sequence[T]) -> "tuple[ForkProcess, Connection[R, R]]":
    """A process with its part of the work, and where its result is read."""
    from multiprocessing import get_context

    forks = get_context("fork")  # a fork knows the work and all it needs: nothing of it has to travel
    ours, theirs = forks.Pipe(duplex=False)
    process = forks.Process(target=_tell, args=(theirs, work, part), daemon=True)
    process.start()
    theirs.close()  # with a writer left here, the end of the process would not be seen
    return process, ours


def _tell(pipe: "Connection[R, R]", work: Callable[[Sequence[T]], R], part: Sequence[T]) -> None:
    signal(SIGINT, SIG_IGN)  # Ctrl-C is for the process that started this one, and ends it
    with suppress(Exception):  # the part is done again there, and what is wrong is told once
        pipe.send(work(part))
