"""The journal of one turn: what the store learns of it while it runs, without ever holding it up.

``turn.run_turn`` and its card writer write here; ``orphan`` reads what a dead process left behind.
"""

import asyncio
import logging
from collections import deque
from typing import Any

from imbot.errors import StoreError, TakenOverError
from imbot.model import TurnRecord
from imbot.stores import Store

log = logging.getLogger(__name__)

MOMENT_S = 0.5
MOST_OWED = 1000  # turns whose end is remembered while the store fails


class Journal:
    """Changes of one ``TurnRecord`` on their way to the store.

    At most one write is out; what comes meanwhile waits together, and the newest value of a field wins.
    A store that fails costs the record, not the answer; the next write takes along what was not written.
    Of a turn that was ``lost``, as the process seemed dead, nothing is written any more.
    """

    def __init__(self, store: Store, turn: TurnRecord) -> None:
        self.shown = turn.shown  # as it was noted last,
        self.card = turn.card  # and so the card
        self.lost = False  # another process has taken the turn over
        self._handing_back = False  # the turn is to be handed back
        self._store = store
        self._turn_id = turn.id
        self._waiting: dict[str, Any] = {}
        self._writer: asyncio.Task[None] | None = None

    @property
    def owes(self) -> bool:
        """Whether something could not be written yet."""
        return bool(self._waiting) or self._handing_back

    def note(self, **changes: Any) -> None:
        """Write soon. Whoever notes must ``keep`` something in the end, which awaits it."""
        self._take(changes)
        self._written()

    def later(self, **changes: Any) -> None:
        """Write this with what is written next, or alone in a moment; ``note`` tells what is left to do."""
        self._take(changes)
        asyncio.get_running_loop().call_later(MOMENT_S, self._catch_up)

    async def keep(self, **changes: Any) -> None:
        """Write this and all that was noted, and return when that is done or has failed."""
        self._take(changes)
        await self._written()

    async def hand_back(self) -> None:
        """Write all that was noted, and let whoever looks for orphans end the turn later."""
        self._handing_back = True
        await self.keep()

    def _take(self, changes: dict[str, Any]) -> None:
        if not self.lost:
            self._waiting |= changes
        self.shown = changes.get("shown", self.shown)
        self.card = changes.get("card", self.card)

    def _catch_up(self) -> None:
        if self.owes:
            self._written()

    def _written(self) -> "asyncio.Task[None]":
        """The task that writes all that waits."""
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return self._writer

    async def _write(self) -> None:
        while self.owes:
            changes, self._waiting = self._waiting, {}
            handing_back, self._handing_back = self._handing_back, False
            try:
                if changes:
                    await self._store.update_turn(self._turn_id, **changes)
                if handing_back:
                    await self._store.hand_back(self._turn_id)
            except TakenOverError as error:
                log.warning("turn %s: its record could not be stored: %s", self._turn_id, error)
                self.lost = True
            except StoreError as error:
                log.error("turn %s: its record could not be stored: %s", self._turn_id, error)
                self._waiting = changes | self._waiting
                self._handing_back = handing_back or self._handing_back
                return
            except Exception:  # a defect there: the answer is given all the same
                log.exception("turn %s: its record could not be stored", self._turn_id)


class Arrears:
    """The journals of ended turns that owe the store something, the newest of them."""

    def __init__(self) -> None:
        self._journals: deque[Journal] = deque(maxlen=MOST_OWED)

    def add(self, journal: Journal) -> None:
        """Remember a journal if it owes anything."""
        if journal.owes:
            self._journals.append(journal)

    async def paid(self) -> bool:
        """Write what is owed, as far as the store takes it; whether that is all."""
        while self._journals:
            journal = self._journals.popleft()
            await journal.keep()
            if journal.owes:
                self._journals.append(journal)  # behind the others: it may be the only one that fails
                return False
        return True
