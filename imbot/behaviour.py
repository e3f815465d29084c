"""What a bot does, apart from its link to the platform: agent, card and policies of one generation.

``prepare`` is the fallible half of every change: ``check`` stops after it, ``apply`` commits what it returns.
"""

from dataclasses import dataclass

from imbot.agents import Agent, prepare_agent
from imbot.cards import Card, prepare_card
from imbot.errors import ConfigError, Problem
from imbot.spec import BotSpec


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """One generation of a bot, ready to be swapped in. Compared by identity: each is one generation."""

    spec: BotSpec
    agent: Agent
    card: Card


def prepare(spec: BotSpec) -> Behaviour:
    """Make what a valid file asks for: cards compiled and dry-rendered, agent settings checked.

    Touches nothing live and opens no connection. Raises ConfigError with every problem found.
    """
    problems: list[Problem] = []
    card = agent = None
    try:
        card = prepare_card(spec)
    except ConfigError as error:
        problems += error.problems
    try:
        agent = prepare_agent(spec.agent, spec.timeouts)
    except ConfigError as error:
        problems += error.problems
    if card is None or agent is None:
        raise ConfigError(problems)
    return Behaviour(spec, agent, card)
