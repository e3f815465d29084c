"""The log line of bots that are connected: one for all that connect within a second."""

import asyncio
import logging

from imbot.text.names import some

log = logging.getLogger(__name__)

ONE_LINE_S = 1.0


class _Connected:
    """The names that wait for the next line, on one event loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._names: set[str] = set()

    def add(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what an earlier loop left, in tests
            self._loop, self._names = loop, set()
        if not self._names:
            loop.call_later(ONE_LINE_S, self._tell)
        self._names.add(name)

    def _tell(self) -> None:
        names, self._names = self._names, set()
        if len(names) == 1:
            log.info("%s: connected", *names)
        else:
            log.info("%d bots connected: %s", len(names), some(names))


_connected = _Connected()


def log_connected(name: str) -> None:
    """Log that a bot is connected, together with others that connect within ``ONE_LINE_S``."""
    if log.isEnabledFor(logging.INFO):  # now: `dev` is silent until its greeting
        _connected.add(name)
