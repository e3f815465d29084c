"""Agents: what produces the answers. The protocol, and the table of types.

``prepare_agent`` makes an agent from its part of the bot file. It may fail, and touches nothing live.
``turn.run_turn`` asks the agent through ``guarded``; the bot closes it when no turn uses it any more.
``check`` makes agents but never asks them, so modules that only an answer needs are imported when one begins.
"""

import importlib
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from imbot.model import AgentEvent, Exchange, Message
from imbot.spec import AgentSpec, Timeouts, secrets_in
from imbot.text.masking import discreet

# name in a bot file -> "module:class"; imported only when a bot names it
AGENT_TYPES = {
    "echo": "imbot.agents.echo:EchoAgent",
    "faq": "imbot.agents.faq:FaqAgent",
    "openai": "imbot.agents.openai:OpenAIAgent",
    "python": "imbot.agents.python:PythonAgent",
}


class Agent(Protocol):
    """What produces the answer to a message.

    The class takes ``(spec, timeouts)``. The constructor may raise ``ConfigError`` for settings that the
    schema cannot judge. It opens no connection: an agent that was never asked may be dropped unclosed.
    """

    @property
    def wants_history(self) -> bool:
        """Whether it uses ``history``; if not, the history is not looked up."""
        ...

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port to connect to; None if there is none."""
        ...

    def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """Answer as events, of which the last one is ``Finished``.

        ``history`` begins with the oldest exchange. Raises AgentError if it fails. Closing the generator
        stops the agent and closes its connection.
        """
        ...

    async def close(self) -> None:
        """Release everything that is kept between answers; called once, when no answer is under way."""
        ...


def prepare_agent(spec: AgentSpec, timeouts: Timeouts) -> Agent:
    """The agent that a bot file asks for. Raises ConfigError if its settings cannot work."""
    module, _, name = AGENT_TYPES[spec.type].partition(":")
    with discreet(secrets_in(spec.settings)):
        agent: Agent = getattr(importlib.import_module(module), name)(spec, timeouts)
    return agent
