"""What the process runs short of: file descriptors, a store that answers, disk space, time of the event loop.

The runtime keeps a ``Monitor`` running; the admin endpoint, the metrics and ``imbot doctor`` show what it found.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imbot.ops.held_up import HeldUp
from imbot.stores import Store, StoreHealth

TICK_S = 1.0  # between two measurements of the event loop
TICKS = 60  # that are remembered
FEW_LEFT = 0.1  # the share of the descriptors from which they are scarce
SLOW_WRITE_S = 1.0
LITTLE_SPACE = 200 * 2**20  # bytes
LONG_DELAY_S = 0.5
_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")  # Linux, others


@dataclass(frozen=True, slots=True)
class Shortage:
    """One thing the process runs short of, and what to do about it."""

    found: str
    cure: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What the process uses and has left; None: cannot be told on this system, or not known yet.

    ``store_error`` is why the last write into the store failed; ``loop_delay_s`` is the longest time within the
    last minute for which the event loop let work wait.
    """

    descriptors: int | None = None
    descriptor_limit: int | None = None
    store_error: str = ""
    store_write_s: float | None = None
    store_free_bytes: int | None = None
    loop_delay_s: float = 0.0

    @property
    def shortages(self) -> list[Shortage]:
        """What is near its bound."""
        found = []
        limit = self.descriptor_limit
        if self.descriptors and limit and limit - self.descriptors < limit * FEW_LEFT:
            text = f"{self.descriptors} of {limit} file descriptors are open"
            more = max(4096, 4 * limit)
            cure = f"run `ulimit -n {more}` before `imbot run`, or set LimitNOFILE={more} in its service"
            found.append(Shortage(text, cure))
        if self.store_error:
            found.append(Shortage("the store cannot be written", self.store_error))
        elif self.store_write_s is not None and self.store_write_s > SLOW_WRITE_S:
            text = f"the store takes {self.store_write_s:.1f} s for a write"
            found.append(Shortage(text, "put it on a quicker disk with --store, or relieve that disk"))
        if self.store_free_bytes is not None and self.store_free_bytes < LITTLE_SPACE:
            text = f"only {self.store_free_bytes / 2**20:.0f} MB are free on the disk of the store"
            found.append(Shortage(text, "free some space there"))
        if self.loop_delay_s > LONG_DELAY_S:
            text = f"the event loop was held up for {self.loop_delay_s:.1f} s within the last minute"
            cure = "the log names the code that blocks it; if there is none, give the process more processor time"
            found.append(Shortage(text, cure))
        return found


class Monitor:
    """Measures the event loop while ``run`` runs; the rest when it is asked."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._delays: deque[float] = deque(maxlen=TICKS)

    async def run(self) -> None:
        """Measure how late the event loop is, and log what holds it up, until cancelled."""
        loop = asyncio.get_running_loop()
        with HeldUp() as held_up:
            while True:
                began = loop.time()
                held_up.due(TICK_S)
                await asyncio.sleep(TICK_S)
                self._delays.append(max(0.0, loop.time() - began - TICK_S))

    def read(self) -> Resources:
        """How things stand now. Call it in a thread: it asks the disk."""
        health = self._store.health() if self._store else StoreHealth()
        return Resources(
            _open_descriptors(),
            _descriptor_limit(),
            health.error,
            health.write_s,
            health.free_bytes,
            max(self._delays.copy(), default=0.0),
        )


def _open_descriptors() -> int | None:
    for folder in _DESCRIPTORS:
        with suppress(OSError):
            return sum(1 for _ in Path(folder).iterdir()) - 1  # one is for reading the folder
    return None


def _descriptor_limit() -> int | None:
    """The limit of this process; None if there is none."""
    import resource  # not on every system

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
