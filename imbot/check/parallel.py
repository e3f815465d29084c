"""Runs a function over the parts of a list on several processors, each part in a process of its own."""

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
    """How many processes can work at once. 1 if forking is unsafe: not on Linux, or beside other threads."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return len(os.sched_getaffinity(0))


def divided(items: Sequence[T], most: int, least: int) -> list[Sequence[T]]:
    """A list in at most ``most`` parts, in order. If there are several, each has at least ``least`` items."""
    count = max(min(most, len(items) // least), 1)
    size = max(-(-len(items) // count), 1)
    return [items[start : start + size] for start in range(0, len(items), size)] or [items]


def each(work: Callable[[Sequence[T]], R], parts: Sequence[Sequence[T]]) -> list[R]:
    """The results of ``work`` for each part. The first part is done in this process.

    If another process dies or cannot send its result, its part is done again here: nothing is lost.
    """
    children = [_started(work, part) for part in parts[1:]]
    try:
        found = [work(parts[0])]
        for part, (_, pipe) in zip(parts[1:], children, strict=True):
            try:
                found.append(pipe.recv())
            except (EOFError, OSError):  # it ended before or while it sent its result
                found.append(work(part))
    finally:
        for process, _ in children:
            process.terminate()  # after an error here it may go on working, or wait for a reader for ever
            process.join()
    return found


def _started(work: Callable[[Sequence[T]], R], part: Sequence[T]) -> "tuple[ForkProcess, Connection[R, R]]":
    """A process that works on its part, and the end of the pipe that its result arrives at."""
    from multiprocessing import get_context

    forks = get_context("fork")  # a fork has the work in its memory: nothing has to be pickled
    ours, theirs = forks.Pipe(duplex=False)
    process = forks.Process(target=_tell, args=(theirs, work, part), daemon=True)
    process.start()
    theirs.close()  # if a writer stayed open here, `recv` would not notice that the process ended
    return process, ours


def _tell(pipe: "Connection[R, R]", work: Callable[[Sequence[T]], R], part: Sequence[T]) -> None:
    signal(SIGINT, SIG_IGN)  # Ctrl-C is handled by the parent, which ends this process
    with suppress(Exception):  # the parent then does the part again, and the error is raised there
        pipe.send(work(part))
