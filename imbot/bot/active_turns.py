"""The turns of a bot that are under way: each is a task that is owned here until it ends."""

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

LAST_WORDS_S = 5.0  # for ending the cards of stopped turns, after the grace time


@dataclass(slots=True, eq=False)
class ActiveTurn:
    """A turn under way, from the arrival of its message on.

    ``gateway`` is that of the app the message came to; its card stays there, even if the bot moves to another
    app. ``taken`` is set when the message is journalled. If the task is cancelled while ``stoppable``, the
    turn ends as *stopped*; a second cancel, or one at another time, gives it up.
    """

    turn: TurnRecord
    message: Message
    gateway: Gateway
    ticket: QueueTicket
    journal: Journal
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    stoppable: bool = False

    def ask(self, message: Message) -> None:
        """Take a message with another text for the turn, before it is journalled."""
        self.message = message
        self.turn = self.journal.turn = replace(self.turn, question=message.text or "", quote=message.quote)

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
        """Run the turn in a task of its own."""
        task = self._tasks.start(doing, f"turn {active.turn.id} of {active.turn.bot}", self._ended)
        self._turns[task] = active
        self._counters.accounting.open_turn(active.turn.id, active.turn.bot)

    def stop(self, which: Callable[[TurnRecord], bool]) -> bool:
        """End the turns for which ``which`` is true as *stopped*; returns whether there were any."""
        found = [task for task, active in self._turns.items() if which(active.now)]
        for task in found:
            self._stop(task)
        return bool(found)

    async def drained(self, gateway: Gateway | None, grace_s: float) -> None:
        """Return when no turn uses that gateway any more; None: when no turn is left at all.

        Turns that take longer than ``grace_s`` are stopped, and given up if that takes too long, too.
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
        """Cancel a turn, but only once: a second cancel would prevent it from ending its card."""
        active = self._turns.get(task)  # None if it has ended meanwhile
        if active and active.stoppable:
            active.stoppable = False
            task.cancel()

    def _ended(self, task: Task) -> None:
        active = self._turns.pop(task)
        active.taken.set()
        self._counters.accounting.close_turn(active.turn.id)
