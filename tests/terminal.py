"""A shell on a terminal of its own, driven as a person does: lines are typed, Ctrl-C ends what runs."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

ON_A_TERMINAL = (  # of its own, so that Ctrl-C reaches what runs in the foreground
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execvp(sys.argv[1], sys.argv[1:])"
)
PROMPT = re.compile(r"<(\d+)>\$ $")
CODES = re.compile(r"\x1b\[[\d;?]*[A-Za-z]")


class Terminal:
    """A bash in ``folder``; ``size`` is columns and lines."""

    def __init__(self, folder, environment=None, size=(80, 24)):
        self.seen = ""
        self._screen, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        modes = termios.tcgetattr(inside)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(inside, termios.TCSANOW, modes)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        utf8 = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}
        self._shell = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, "bash", "--norc", "--noprofile", "--noediting", "-i"],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            cwd=folder,
            env={**kept, **utf8, "PS1": "<$?>$ ", **(environment or {})},
        )
        os.close(inside)
        self._prompted()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            foreground = os.tcgetpgrp(self._screen)
            if foreground != self._shell.pid:
                os.killpg(foreground, signal.SIGKILL)
        except OSError:
            pass  # it has ended
        self._shell.kill()
        self._shell.wait()
        os.close(self._screen)

    def type(self, line):
        """Type a line; what is printed from now on is in ``seen``."""
        self.seen = ""
        os.write(self._screen, f"{line}\n".encode())

    def run(self, line, within_s=60):
        """Type a line and wait until the shell asks for the next: exit code and what was printed."""
        self.type(line)
        return self._prompted(within_s)

    def shows(self, pattern, within_s=60):
        """Wait until this is printed: the match."""
        found = self._read(lambda: re.search(pattern, self.text), within_s)
        assert found, f"{pattern!r} was never printed:\n{self.text}"
        return found

    def interrupt(self, within_s=30):
        """Press Ctrl-C and wait for the prompt: exit code and all that was printed since the line was typed."""
        os.write(self._screen, b"\x03")
        return self._prompted(within_s)

    @property
    def text(self):
        """What was printed, without colours."""
        return CODES.sub("", self.seen).replace("\r\n", "\n")

    def _prompted(self, within_s=60):
        found = self._read(lambda: PROMPT.search(self.text), within_s)
        assert found, f"no prompt within {within_s} s:\n{self.text}"
        return int(found[1]), self.text[: found.start()]

    def _read(self, true, within_s):
        """Read until it is true or the time is over: what it gave."""
        ends = time.monotonic() + within_s
        raw = b""
        while not (found := true()) and (left := ends - time.monotonic()) > 0:
            if select.select([self._screen], [], [], left)[0]:
                try:
                    raw += os.read(self._screen, 65536)
                except OSError:  # nobody writes to it any more
                    break
                try:
                    self.seen += raw.decode()
                except UnicodeDecodeError:  # a character is not complete yet
                    continue
                raw = b""
        return found
