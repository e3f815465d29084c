"""The journal of one turn: its changes on their way to the store, while it runs.

``run.run_turn`` and its card writer write here; ``orphan`` ends the turns that a dead process left open.
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

    At most one write is under way. Changes that arrive meanwhile are written together afterwards; the newest
    value of a field wins. A failed write never stops the answer: its changes go with the next write. Nothing is
    written any more once the turn is ``lost``: this process seemed dead, and another one took the turn over.
    """

    def __init__(self, store: Store, turn: TurnRecord) -> None:
        self.shown = turn.shown  # the newest value, even if it is not written yet
        self.card = turn.card  # likewise
        self.lost = False  # another process has taken the turn over
        self._handing_back = False  # the turn is to be handed back
        self._starting_anew = False  # the conversation is to begin anew with the turn
        self._unaccepted = False  # the store failed when the turn began, so it has no record to change yet
        self._store = store
        self.turn = turn  # as it was when it began
        self._waiting: dict[str, Any] = {}
        self._writer: asyncio.Task[None] | None = None

    @property
    def owes(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._waiting) or self._handing_back or self._starting_anew or self._unaccepted

    async def accept(self) -> bool:
        """Record the turn itself; False if its bot has seen the message before.

        Raises StoreError. Then the record is made with the next write.
        """
        try:
            return await self._store.accept(self.turn)
        except StoreError:
            self._unaccepted = True
            raise

    def note(self, **changes: Any) -> None:
        """Write soon, and do not wait for it. The caller must ``keep`` in the end, which awaits the write."""
        self._take(changes)
        self._written()

    def later(self, **changes: Any) -> None:
        """Write this with the next write, after ``MOMENT_S`` at the latest. The caller must ``keep`` in the end."""
        self._take(changes)
        asyncio.get_running_loop().call_later(MOMENT_S, self._catch_up)

    async def keep(self, **changes: Any) -> None:
        """Write this and all that was noted, and return when that is done or has failed."""
        self._take(changes)
        await self._written()

    async def hand_back(self) -> None:
        """Write all that was noted, and make the turn an orphan, so that it is ended later."""
        self._handing_back = True
        await self.keep()

    async def start_anew(self) -> None:
        """Begin the conversation of the turn anew (``/new``), with the next write if the store fails now."""
        self._starting_anew = True
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
        """The task that writes the waiting changes; started if there is none."""
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return self._writer

    async def _write(self) -> None:
        while self.owes:
            changes, self._waiting = self._waiting, {}
            handing_back, self._handing_back = self._handing_back, False
            try:
                if self._unaccepted:
                    await self._store.accept(self.turn)
                    self._unaccepted = False
                if self._starting_anew:
                    await self._store.start_anew(self.turn.conversation, self.turn.accepted_at)
                    self._starting_anew = False
                if changes:
                    await self._store.update_turn(self.turn.id, **changes)
                if handing_back:
                    await self._store.hand_back(self.turn.id)
            except TakenOverError as error:
                log.warning("%s: its record could not be stored: %s", self.turn.label, error)
                self.lost = True
            except StoreError as error:
                log.error("%s: its record could not be stored: %s", self.turn.label, error)
                self._waiting = changes | self._waiting
                self._handing_back = handing_back or self._handing_back
                return
            except Exception:  # a defect of the store must not stop the answer
                self._unaccepted = self._starting_anew = False
                log.exception("%s: its record could not be stored", self.turn.label)


class Arrears:
    """The journals of ended turns whose changes are not all written: the newest ``MOST_OWED`` of them."""

    def __init__(self) -> None:
        self._journals: deque[Journal] = deque(maxlen=MOST_OWED)

    def __len__(self) -> int:
        return len(self._journals)

    def add(self, journal: Journal) -> None:
        """Remember a journal if it owes anything."""
        if journal.owes:
            self._journals.append(journal)

    async def paid(self) -> bool:
        """Write what is owed, until a write fails. True when all is written."""
        while self._journals:
            journal = self._journals.popleft()
            await journal.keep()
            if journal.owes:
                self._journals.append(journal)  # last: perhaps only this one fails, and the others do not
                return False
        return True
