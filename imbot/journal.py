"""The journal of one turn: what the store learns of it while it runs, without ever holding it up.

``turn.run_turn`` and its flusher write here; ``leftover`` reads what a dead process left behind.
"""

import asyncio
import logging
from typing import Any

from imbot.errors import StoreError
from imbot.model import TurnRecord
from imbot.stores import Store

log = logging.getLogger(__name__)


class Journal:
    """Changes of one ``TurnRecord`` on their way to the store.

    At most one write is out; what comes meanwhile waits together, and the newest value of a field wins.
    A store that fails costs the record, not the answer; the next write takes along what was not written.
    """

    def __init__(self, store: Store, turn: TurnRecord) -> None:
        self.shown = turn.shown  # as it was noted last
        self._store = store
        self._turn_id = turn.id
        self._waiting: dict[str, Any] = {}
        self._writer: asyncio.Task[None] | None = None

    def note(self, **changes: Any) -> None:
        """Write soon. Whoever notes must ``keep`` something in the end, which awaits it."""
        self._take(changes)
        self._written()

    async def keep(self, **changes: Any) -> None:
        """Write this and all that was noted, and return when that is done or has failed."""
        self._take(changes)
        await self._written()

    async def leave(self) -> None:
        """Write all that was noted, and let whoever looks for orphans end the turn later."""
        await self.keep()
        try:
            await self._store.hand_back(self._turn_id)
        except StoreError as error:
            log.error("turn %s: not handed back: %s", self._turn_id, error)

    def _take(self, changes: dict[str, Any]) -> None:
        self._waiting |= changes
        self.shown = changes.get("shown", self.shown)

    def _written(self) -> "asyncio.Task[None]":
        """The task that writes all that waits."""
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return self._writer

    async def _write(self) -> None:
        while self._waiting:
            changes, self._waiting = self._waiting, {}
            try:
                await self._store.update_turn(self._turn_id, **changes)
            except StoreError as error:
                log.error("turn %s: not recorded: %s", self._turn_id, error)
                self._waiting = changes | self._waiting
                return
            except Exception:  # a defect there: the answer is given all the same
                log.exception("turn %s: not recorded", self._turn_id)
