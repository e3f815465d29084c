"""The behaviours of one bot: the current one, and earlier ones that running turns still use.

``bot`` switches them; an agent is closed when no turn uses it any more.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from imbot.behaviour import Behaviour
from imbot.tasks import TaskSet


class Behaviours:
    """Holds the current behaviour, counts the users of each, and closes those that are no longer used."""

    def __init__(self, first: Behaviour) -> None:
        self.now = first
        self._users = Counter({first: 1})
        self._closing = TaskSet()

    def switch_to(self, behaviour: Behaviour) -> None:
        """Use this behaviour for new turns."""
        old, self.now = self.now, behaviour
        self._users[behaviour] += 1
        self._release(old)

    @contextmanager
    def in_use(self) -> Iterator[Behaviour]:
        """The current behaviour, whose agent stays open while the block lasts."""
        behaviour = self.now
        self._users[behaviour] += 1
        try:
            yield behaviour
        finally:
            self._release(behaviour)

    async def close(self) -> None:
        """Release the current behaviour, and return when the agents of all unused ones are closed."""
        self._release(self.now)
        await self._closing.join()

    def _release(self, behaviour: Behaviour) -> None:
        self._users[behaviour] -= 1
        if not self._users[behaviour]:
            del self._users[behaviour]
            self._closing.start(behaviour.agent.close(), f"closing the agent of {behaviour.spec.name}")
