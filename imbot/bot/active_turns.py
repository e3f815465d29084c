"""The turns of a bot while they are under way: each a task, owned here until it ends."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from imbot.bot.ordering import QueueTicket
from imbot.model import Message, TurnRecord
from imbot.platforms.gateway import Gateway
from imbot.tasks import Task, TaskSet
from imbot.turn.journal import Journal
from imbot.usage.counters import Counters

LAST_WORDS_S = 5.0  # for ending cards as stopped, after the grace time


@dataclass(slots=True, eq=False)
class ActiveTurn:
    """A message on its way to its answer, from the first moment on.

    ``gateway`` is of the app it came to: its card belongs there, whatever the bot moves to. Cancelled
    while ``stoppable`` it ends as *stopped*; a second cancel, or one at another time, gives it up.
    """

    turn: TurnRecord
    message: Message
    gateway: Gateway
    ticket: QueueTicket
    journal: Journal
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    stoppable: bool = False

    @property
    def now(self) -> TurnRecord:
        """The turn with its card as it is known now."""
        return replace(self.turn, card=self.journal.card)


class ActiveTurns:
    """The turns of one bot that are under way."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._tasks = TaskSet()
        self._turns: dict[Task, ActiveTurn] = {}

    def __len__(self) -> int:
        return len(self._turns)

    def begin(self, active: ActiveTurn, doing: Coroutine[Any, Any, None]) -> None:
        """Do it in a task of its own."""
        task = self._tasks.start(doing, f"turn {active.turn.id} of {active.turn.bot}", self._ended)
        self._turns[task] = active
        self._counters.accounting.open_turn(active.turn.id, active.turn.bot)

    def stop(self, which: Callable[[TurnRecord], bool]) -> bool:
        """End those turns as *stopped*; whether there was any."""
        found = [task for task, active in self._turns.items() if which(active.now)]
        for task in found:
            self._stop(task)
        return bool(found)

    async def drained(self, gateway: Gateway | None, grace_s: float) -> None:
        """Return when no turn uses that gateway any more (None: no turn at all).

        Turns that are late are stopped, and given up when they ignore that.
        """
        tasks = {task for task, active in self._turns.items() if gateway in (None, active.gateway)}
        for patience, insist in ((grace_s, self._stop), (LAST_WORDS_S, asyncio.Task.cancel)):
            if tasks:
                _, tasks = await asyncio.wait(tasks, timeout=patience)
            for task in tasks:
                insist(task)
        if tasks:
            await asyncio.wait(tasks)

    def _stop(self, task: Task) -> None:
        """Cancel a turn once: a second cancel would keep it from ending its card."""
        active = self._turns.get(task)  # it may have ended since it was looked for
        if active and active.stoppable:
            active.stoppable = False
            task.cancel()

    def _ended(self, task: Task) -> None:
        active = self._turns.pop(task)
        active.taken.set()
        self._counters.accounting.close_turn(active.turn.id)
