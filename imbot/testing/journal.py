"""The store of one case: the real one, in memory, which also tells when a turn has ended."""

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
        """As every store."""
        self._ends[turn.id] = asyncio.Event()
        return await super().accept(turn)

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """As every store; the phase it ends in is the last that is told of a turn."""
        await super().update_turn(turn_id, **changes)
        if "phase" in changes and changes["phase"].terminal:
            self._ends[turn_id].set()

    async def ended(self, turn_id: str) -> None:
        """Return when that turn has ended."""
        await self._ends[turn_id].wait()
