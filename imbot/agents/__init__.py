"""Agents: what produces the answer. The seam and the table of types.

An agent is made from its part of the bot file by ``prepare_agent`` (which may fail, and touches
nothing live), asked by ``turn.run_turn`` through ``guarded``, and closed by the behaviour that owns it.
``check`` makes agents and asks none, so what only a reply needs is imported when one begins.
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

    The class takes ``(spec, timeouts)``; making one may raise ``ConfigError`` for settings the schema could not judge,
    and opens no connection: one that was never asked may be dropped without being closed.
    """

    @property
    def wants_history(self) -> bool:
        """Whether it makes use of ``history``; where not, nobody looks it up."""
        ...

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port where it is asked; None where there is nothing to connect to."""
        ...

    def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """Answer as events, ending with exactly one ``Finished``.

        Raises ``AgentError`` where it cannot. Closing the generator stops the agent and closes its
        connection. ``history`` is oldest first.
        """
        ...

    async def close(self) -> None:
        """Release what is held between replies; called once, when no reply runs."""
        ...


def prepare_agent(spec: AgentSpec, timeouts: Timeouts) -> Agent:
    """The agent a bot file asks for. Raises ConfigError when its settings cannot work."""
    module, _, name = AGENT_TYPES[spec.type].partition(":")
    with discreet(secrets_in(spec.settings)):
        agent: Agent = getattr(importlib.import_module(module), name)(spec, timeouts)
    return agent
