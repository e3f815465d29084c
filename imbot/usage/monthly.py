"""Monthly usage: keeps the month's calls in the store, and warns as they run out.

``runtime`` owns it. Calls are stored together every two seconds. A process that is killed loses the count of at
most the last two seconds.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping

from imbot.errors import StoreError
from imbot.stores import Store
from imbot.usage.accounting import SCARCE, Calendar, CallAccounting

log = logging.getLogger(__name__)

SAVE_EVERY_S = 2.0

_WORTH_SAYING = (1.0, SCARCE, 0.9, 0.8)  # shares of the month's calls that are logged, the largest first


class MonthlyUsage:
    """Stores what ``accounting`` counts.

    ``limits`` returns, for each bot, the calls a month that its bot file allows; None: it names no limit.
    ``clock`` returns epoch seconds.
    """

    def __init__(
        self,
        store: Store,
        accounting: CallAccounting,
        calendars: Collection[Calendar],
        limits: Callable[[], Mapping[str, int | None]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._accounting = accounting
        self._calendars = calendars
        self._limits = limits
        self._clock = clock
        self._months: dict[Calendar, str] = {}  # the month whose calls were last read
        self._said: dict[tuple[str, int], float] = {}  # by organisation and limit: the largest share logged
        self._failed = False

    async def run(self) -> None:
        """Save every ``SAVE_EVERY_S`` until cancelled."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self.save()

    async def save(self) -> None:
        """Store new calls, and read those of other processes. What could not be stored goes with the next save."""
        try:
            for calendar in self._calendars:
                await self._save(calendar)
            self._failed = False
        except StoreError as error:
            if not self._failed:
                log.warning("the month's calls are counted only in memory for now: %s", error)
            self._failed = True
        self._warn()

    async def _save(self, calendar: Calendar) -> None:
        month, known = calendar.month(self._clock()), self._months.get(calendar)
        if await self._keep(calendar, known or month) or month != known:
            self._accounting.set_month(calendar, await self._store.calls(month))
            if month != known:
                self._said.clear()
            self._months[calendar] = month

    async def _keep(self, calendar: Calendar, month: str) -> bool:
        """Add the unsaved calls to a month in the store. False if there were none."""
        unsaved = self._accounting.take_unsaved(calendar)
        if unsaved:
            try:
                await self._store.add_calls(month, unsaved)
            except StoreError:
                self._accounting.give_back(calendar, unsaved)
                raise
        return bool(unsaved)

    def _warn(self) -> None:
        for bot, limit in self._limits().items():
            organisation = self._accounting.home.get(bot)
            if limit is not None and organisation is not None:
                self._warn_of(organisation, limit)

    def _warn_of(self, organisation: str, limit: int) -> None:
        """Log each share once a month for an organisation and limit, however many bots have them."""
        used = self._accounting.used[organisation]
        share = next((each for each in _WORTH_SAYING if used >= each * limit), 0.0)
        if share > self._said.get((organisation, limit), 0.0):
            self._said[organisation, limit] = share
            then = "; until the month ends, cards show only their end" if share >= SCARCE else ""
            whose = organisation or "unknown organisation"
            log.warning("%s: %d of the month's %d calls used%s", whose, used, limit, then)
