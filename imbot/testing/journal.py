"""The store of one case: the real one, in memory, on which one can also wait for the end of a turn."""

import asyncio
from typing import Any

from imbot.model import TurnRecord
from imbot.stores.connection import Lane
from imbot.stores.sqlite import SqliteStore


class PlayedTurns(SqliteStore):
    """A ``Store``; open it on ``:memory:``."""

    def __init__(self, write_lane: Lane, read_lane: Lane) -> None:
        super().__init__(write_lane, read_lane)
        self._ends: dict[str, asyncio.Event] = {}

    async def accept(self, turn: TurnRecord) -> bool:
        """Like every store."""
        self._ends[turn.id] = asyncio.Event()
        return await super().accept(turn)

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """Like every store. A turn's terminal phase is the last change of it, so it ends the waiting."""
        await super().update_turn(turn_id, **changes)
        if "phase" in changes and changes["phase"].terminal:
            self._ends[turn_id].set()

    async def ended(self, turn_id: str) -> None:
        """Wait until the turn has ended."""
        await self._ends[turn_id].wait()
