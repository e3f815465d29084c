"""The behaviours of one bot: the one of now, and those before it that turns still use.

``bot`` swaps them; an agent is closed when nobody uses it any more.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from imbot.behaviour import Behaviour
from imbot.tasks import TaskSet


class Behaviours:
    """Which behaviour a turn takes that begins now; owns closing those that are out of use."""

    def __init__(self, first: Behaviour) -> None:
        self.now = first
        self._users = Counter({first: 1})
        self._closing = TaskSet()

    def switch_to(self, behaviour: Behaviour) -> None:
        """This one from now on."""
        old, self.now = self.now, behaviour
        self._users[behaviour] += 1
        self._release(old)

    @contextmanager
    def in_use(self) -> Iterator[Behaviour]:
        """The one of now, whose agent stays open while the block lasts."""
        behaviour = self.now
        self._users[behaviour] += 1
        try:
            yield behaviour
        finally:
            self._release(behaviour)

    async def close(self) -> None:
        """Nobody begins any more: return when every agent that is out of use is closed."""
        self._release(self.now)
        await self._closing.join()

    def _release(self, behaviour: Behaviour) -> None:
        self._users[behaviour] -= 1
        if not self._users[behaviour]:
            del self._users[behaviour]
            self._closing.start(behaviour.agent.close(), f"closing the agent of {behaviour.spec.name}")
