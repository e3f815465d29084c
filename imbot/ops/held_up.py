"""Says which code holds up the event loop, while it does.

Every bot runs in one event loop. Code that blocks it, such as ``time.sleep`` in an async function, stops them all, and
an event loop that stands still cannot say so itself. So a thread looks on.
"""

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Self

log = logging.getLogger(__name__)

HELD_UP_S = 1.0  # from then on it is said
LOOK_S = 0.25  # between two looks

_IMBOT = f"{Path(__file__).parent.parent}{os.sep}"


class HeldUp:
    """Watches the running event loop while the block lasts. ``due`` is told when the loop wants to wake up next."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._due = time.monotonic()
        self._left = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._look_on, name="watch of the event loop", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()

    def due(self, in_s: float) -> None:
        """The loop will call this again in so many seconds, unless something holds it up."""
        self._due = time.monotonic() + in_s

    def _look_on(self) -> None:
        told = None
        while not self._left.wait(LOOK_S):
            due = self._due
            if time.monotonic() - due > HELD_UP_S and told != due:
                told = due
                self._tell()

    def _tell(self) -> None:
        task = asyncio.current_task(self._loop)
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001 - the documented way to see another thread
        if frame is None:
            return
        log.warning(
            "the event loop has been held up for %.0f s, so every bot waits: %s is at %s; an async function must "
            "`await` what takes time, and a plain function (`def`) runs in a thread",
            HELD_UP_S,
            task.get_name() if task else "a callback",
            _place(frame),
        )


def _place(frame: FrameType) -> str:
    """File, line and function of the code that imbot has called; of imbot's own if it has called none."""
    frames = traceback.extract_stack(frame)
    own = [number for number, each in enumerate(frames) if each.filename.startswith(_IMBOT)]
    found = frames[own[-1] + 1] if own and own[-1] + 1 < len(frames) else frames[-1]
    return f"{found.filename}:{found.lineno} ({found.name})"
