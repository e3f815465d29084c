"""The ``parrot`` agent: says the question several times."""

from collections.abc import AsyncGenerator, Sequence

from imbot.model import AgentEvent, Exchange, Finished, Message, TextDelta
from imbot.spec import AgentSpec, Timeouts


class ParrotAgent:
    """Repeats the question ``times`` times."""

    wants_history = False
    address = None

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:  # noqa: ARG002 - every agent is made this way
        self._times = int(spec.settings["times"])

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:  # noqa: ARG002 - a parrot has no memory
        """The question as often as the bot file says, a piece each time."""
        for _ in range(self._times):
            yield TextDelta(message.text or "")
        yield Finished()

    async def close(self) -> None:
        """Nothing is held."""
