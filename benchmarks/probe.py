"""Runs a Python program with a watch on its first event loop: python benchmarks/probe.py FILE PROGRAM ARGS...

``-m MODULE`` in place of PROGRAM runs a module. Every 20 ms of the loop's life a timer notes how late it
came; SIGUSR1 writes the 99th percentile since the last time to FILE, in ms, and starts anew. All compared
systems run under it, so its cost (well under a percent of a core) is in every figure alike.
"""

import asyncio
import runpy
import signal
import sys
from pathlib import Path

EVERY_S = 0.02


class Probe:
    def __init__(self, loop, file):
        self.loop = loop
        self.file = file
        self.late = []
        loop.call_soon(self.begin)

    def begin(self):
        self.loop.add_signal_handler(signal.SIGUSR1, self.report)
        self.due = self.loop.time() + EVERY_S
        self.loop.call_at(self.due, self.note)

    def note(self):
        now = self.loop.time()
        self.late.append(now - self.due)
        self.due = now + EVERY_S
        self.loop.call_at(self.due, self.note)

    def report(self):
        late, self.late = sorted(self.late), []
        p99 = late[int(len(late) * 0.99)] if late else 0.0
        self.file.write_text(f"{p99 * 1000:.3f}")


def watch(file):
    """Put a probe on the first loop that runs."""
    run_forever = asyncio.BaseEventLoop.run_forever

    def probed(loop):
        asyncio.BaseEventLoop.run_forever = run_forever
        Probe(loop, file)
        run_forever(loop)

    asyncio.BaseEventLoop.run_forever = probed


def main():
    file, *command = sys.argv[1:]
    watch(Path(file))
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        sys.path[0] = str(Path(command[0]).parent)
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
