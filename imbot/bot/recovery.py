"""Recovery after a crash: renews the lease of this process, and continues turns of processes that died.

The runtime runs both. The lease is renewed until the last turn has ended, so that no other process takes
turns of this one; the search for orphans ends when the bots are stopped. ``turn.orphan`` ends the orphans
that are found.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from imbot.backoff import Backoff
from imbot.bot.bot import Bot
from imbot.errors import StoreError
from imbot.model import TurnRecord
from imbot.stores import Store

log = logging.getLogger(__name__)

LEASE_S = 10.0
BEAT_S = 3.0
LOOK_EVERY_S = 2.0
LONGEST_PAUSE_S = 300.0


async def beat(store: Store, clock: Callable[[], float] = time.time) -> None:
    """Renew the lease once. If the store fails, the lease may run out."""
    try:
        await store.beat(clock(), LEASE_S)
    except StoreError as error:
        log.warning("running answers may be taken over by other processes on this store: %s", error)


async def keep_beating(store: Store) -> None:
    """Renew the lease repeatedly, until cancelled."""
    while True:
        await beat(store)
        await asyncio.sleep(BEAT_S)


@dataclass(slots=True)
class _Pause:
    """The pause before the next try to end a turn that cannot be ended now."""

    until: float
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=LOOK_EVERY_S * 2, cap_s=LONGEST_PAUSE_S))


class OrphanFinder:
    """Finds orphans, and passes them to their bots."""

    def __init__(
        self, store: Store, bots: Callable[[], Iterable[Bot]], clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._bots = bots
        self._clock = clock
        self._pauses: dict[str, _Pause] = {}

    async def run(self) -> None:
        """Look for orphans now and every few seconds, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.warning("cannot look for open turns of other processes: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Let the running bots continue all of their orphans, the oldest first. Raises StoreError.

        Before that, the ends of turns that could not be stored are written: otherwise those turns would look
        open.
        """
        for bot in list(self._bots()):
            if not await bot.recorded():
                break
        open_ids: set[str] = set()
        # one query for all bots, most of which have no orphan
        bots_with_orphans = await self._store.bots_with_orphans(self._clock())
        for bot in [bot for bot in self._bots() if bot.spec.name in bots_with_orphans]:
            orphans = await self._store.orphans(bot.spec.name, self._clock())
            open_ids.update(turn.id for turn in orphans)
            for turn in orphans:
                if self._due(turn):
                    await self._adopt(bot, turn.id)
        self._pauses = {
            turn_id: pause
            for turn_id, pause in self._pauses.items()
            if turn_id in open_ids or pause.until > self._clock() - LONGEST_PAUSE_S
        }

    async def _adopt(self, bot: Bot, turn_id: str) -> None:
        turn = await self._store.adopt(turn_id, self._clock())
        if turn and bot in self._bots():
            bot.resume(turn)
        elif turn:  # its bot was removed meanwhile
            await self._store.hand_back(turn_id)

    def _due(self, turn: TurnRecord) -> bool:
        """Whether to try a turn now. One that is an orphan again could not be ended, so its pauses grow."""
        now = self._clock()
        pause = self._pauses.setdefault(turn.id, _Pause(now))
        if pause.until > now:
            return False
        pause.until = now + LOOK_EVERY_S + pause.backoff.next()
        return True
