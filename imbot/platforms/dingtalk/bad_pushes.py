"""Counts the pushes of one app that cannot be taken, and tells of them once in a while, however many come."""

import logging
from collections.abc import Callable
from typing import Protocol

from imbot.platforms.recent_ids import RecentIds

log = logging.getLogger(__name__)

TOLD_S = 60.0  # the same is logged once in this time
_LONGEST = 100  # characters of what the platform sent
_MOST = 100  # different things


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class BadPushes:
    """Those of one app; ``skipped`` is their number so far."""

    def __init__(self, app: _Named, clock: Callable[[], float]) -> None:
        self.skipped = 0
        self._app = app
        self._told = RecentIds(TOLD_S, _MOST, clock)

    def skip(self, why: str, topic: str = "") -> None:
        """Count a push, and say why it was skipped unless that was said a moment ago."""
        self.skipped += 1
        if self.is_news(why):
            log.warning("%s: %s %s; %d skipped so far", self._app.name, why, topic[:_LONGEST], self.skipped)

    def is_news(self, what: str) -> bool:
        """Whether this was not told in the last ``TOLD_S`` seconds; from now on it was."""
        return self._told.add(what[:_LONGEST])
