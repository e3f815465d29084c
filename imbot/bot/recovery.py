"""OrphanFinder: says that this process lives, and takes up what processes left that died.

The runtime owns both halves: the lease is kept until the last turn has ended, so that no other process
takes living turns; the search for orphans ends when the bots are stopped. ``turn.orphan`` ends what is found.
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
    """Say once that this process lives; a store that fails lets the lease run out."""
    try:
        await store.beat(clock(), LEASE_S)
    except StoreError as error:
        log.warning("running answers may be taken over by other processes on this store: %s", error)


async def keep_beating(store: Store) -> None:
    """Say so again and again, until cancelled."""
    while True:
        await beat(store)
        await asyncio.sleep(BEAT_S)


@dataclass(slots=True)
class _Pause:
    """Between two tries to end a turn that cannot be ended now."""

    until: float
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=LOOK_EVERY_S * 2, cap_s=LONGEST_PAUSE_S))


class OrphanFinder:
    """Finds orphans and brings them to their bots, as long as those run."""

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
        """Have every orphan of the running bots taken up, the oldest first. Raises StoreError.

        Before that, what could not be recorded of ended turns is: they would be taken for open ones later.
        """
        for bot in list(self._bots()):
            if not await bot.recorded():
                break
        open_ids: set[str] = set()
        bots_with_orphans = await self._store.bots_with_orphans(
            self._clock()
        )  # one question for all: most bots have no orphan
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
        """Whether to try it now. What comes back as an orphan could not be ended, so it waits ever longer."""
        now = self._clock()
        pause = self._pauses.setdefault(turn.id, _Pause(now))
        if pause.until > now:
            return False
        pause.until = now + LOOK_EVERY_S + pause.backoff.next()
        return True
