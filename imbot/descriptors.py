"""File descriptors: how many the process may have, who may take the last ones, and errors for want of one.

Each connection takes a descriptor, and so does each file that is read. ``run`` and ``dev`` raise the limit and
refuse to start where the bots do not fit. Sockets leave the last descriptors to files and to the store, and
those of bots leave some to calls, so that none of these stops because of the others.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

from imbot.errors import ResourceError

FOR_FILES = 32  # left to files and the store by every socket that ``sockets`` makes
FOR_CALLS = 64  # left besides to calls and to questions to agents by the connections of bots
RESERVE = 128  # what a process needs besides one connection for each bot

_HIGHEST = 1 << 20  # a limit that nobody reaches; some systems have "infinity", which cannot be set
# Failures that have nothing to do with descriptors.
_CLEAR = (
    errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT,
    errno.EACCES, errno.ENOENT, errno.ENOSPC,
)  # fmt: skip
_ERRNOS = (errno.EMFILE, errno.ENFILE)


def limit() -> int:
    """How many descriptors the process may have."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _HIGHEST if soft == resource.RLIM_INFINITY else soft


def raise_limit() -> None:
    """Raise the limit as far as the system lets this process."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = _HIGHEST if hard == resource.RLIM_INFINITY else min(hard, _HIGHEST)
    if limit() < highest:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
        except (ValueError, OSError):  # macOS has a lower limit than it says
            return


def ensure_room(bots: int, sockets_each: int = 1) -> None:
    """Raise ResourceError if so many bots do not fit beside the reserve."""
    needed, there = bots * sockets_each + RESERVE, limit()
    if needed > there:
        wanted = -(-needed // 1024) * 1024
        raise ResourceError(
            f"{bots:,} bots need about {needed:,} file descriptors, and the limit is {there:,}: raise it and start "
            f"again (`ulimit -n {wanted}`, or `LimitNOFILE={wanted}` in a systemd unit), or run fewer bots here"
        )


def exhausted() -> bool:
    """Whether no descriptor is left."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _ERRNOS
    return False


def sockets(keep: int) -> Callable[[tuple[Any, ...]], socket.socket]:
    """What makes the sockets of a connector (``socket_factory``), and leaves so many descriptors to others.

    The lowest free number is taken, so a high one tells that all below are in use.
    """

    def make(address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, *_ = address
        made = socket.socket(family, kind, protocol)
        if made.fileno() < limit() - keep:
            return made
        made.close()
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    return make


def why_none(error: BaseException) -> str:
    """What to tell of a failure for want of a descriptor, with the cure; empty for any other failure."""
    numbers = set(_numbers(error))
    if errno.ENFILE in numbers:
        return (
            "the machine has no file descriptor left: raise its limit (`fs.file-max`), or end other programs"
        )
    # The look-up of names and SQLite do not say why they failed, or say something else.
    if errno.EMFILE in numbers or (numbers.isdisjoint(_CLEAR) and exhausted()):
        return f"no file descriptor is left (the limit is {limit():,}): raise `ulimit -n` and start again"
    return ""


def why_no_watch(error: Exception) -> str:
    """Why there are no file notifications, which have limits of their own."""
    numbers = set(_numbers(error))
    if errno.EMFILE in numbers and not exhausted():
        return "no inotify instance is left: raise `fs.inotify.max_user_instances`"
    if errno.ENOSPC in numbers:
        return "no inotify watch is left: raise `fs.inotify.max_user_watches`"
    return why_none(error) or str(error) or type(error).__name__


def _numbers(error: BaseException | None) -> Iterator[int]:
    """The system's numbers of an error, and of those that it came from."""
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            yield error.errno
        inner = getattr(error, "os_error", None)  # aiohttp wraps them
        error = inner if isinstance(inner, OSError) and inner is not error else error.__cause__
