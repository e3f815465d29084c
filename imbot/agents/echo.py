"""The ``echo`` agent: repeats the question, piece by piece. For demonstrations and for trying cards."""

from collections.abc import AsyncGenerator, Sequence

from imbot.agents.pieces import pieces
from imbot.errors import AgentError
from imbot.model import AgentEvent, Exchange, Finished, Message, TextDelta
from imbot.spec import AgentSpec, Timeouts


class EchoAgent:
    """Repeats the question; with ``fail_after`` it fails after that many pieces, as a real agent may."""

    wants_history = False
    address = None

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:  # noqa: ARG002 - every agent is made this way
        settings = spec.settings
        self._prefix = str(settings["prefix"])
        self._chunks = int(settings["chunks"])
        self._delay_s = float(settings["delay"])
        self._fail_after: int | None = settings.get("fail_after")

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:  # noqa: ARG002 - an echo has no memory
        """The prefix and the question in ``chunks`` pieces, ``delay`` apart."""
        import asyncio

        said = pieces(self._prefix + (message.text or ""), self._chunks)[: self._fail_after]
        for number, text in enumerate(said):
            if number:
                await asyncio.sleep(self._delay_s)
            yield TextDelta(text)
        if self._fail_after is not None:
            raise AgentError(f"failed after {len(said)} chunks, because of fail_after", code="fail_after")
        yield Finished()

    async def close(self) -> None:
        """Nothing to release."""
