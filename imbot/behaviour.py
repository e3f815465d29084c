"""What a bot does, apart from its connection to the platform: agent, card and settings of one generation.

``prepare`` is the part of a change that can fail. ``check`` stops after it; the supervisor commits what it
returns.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from imbot.agents import Agent, prepare_agent
from imbot.cards import Card, prepare_card
from imbot.errors import START, ConfigError, Problem
from imbot.platforms import platform_type
from imbot.spec import BotSpec

log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, eq=False)
class Behaviour:
    """One generation of a bot, ready to be swapped in. Compared by identity: each is one generation."""

    spec: BotSpec
    agent: Agent
    card: Card


def prepare(spec: BotSpec) -> Behaviour:
    """The behaviour of a valid file: its card compiled and drawn with samples, its agent's settings checked.

    Touches nothing live and opens no connection. Raises ConfigError with every problem found.
    """
    problems: list[Problem] = []
    card = _made(lambda: prepare_card(spec, platform_type(spec.type)), spec, "/card", problems)
    agent = _made(lambda: prepare_agent(spec.agent, spec.timeouts), spec, "/agent", problems)
    if card is None or agent is None:
        raise ConfigError(problems)
    return Behaviour(spec, agent, card)


def _made(make: Callable[[], _T], spec: BotSpec, pointer: str, problems: list[Problem]) -> _T | None:
    try:
        return make()
    except ConfigError as error:
        problems += error.problems
    except Exception as error:  # a defect, here or in an agent: other bots must not be affected
        log.exception("%s: %s cannot be prepared", spec.path, pointer)
        problems.append(_defect(spec, pointer, error))
    return None


def _defect(spec: BotSpec, pointer: str, error: Exception) -> Problem:
    """A problem without the error's own text, which may hold a secret."""
    span = spec.marks.keys.get(pointer, START)
    message = f"imbot failed at this part with {type(error).__name__}"
    hint = "the log has the details; please report it"
    return Problem.at(spec.path, span, "bot.defect", message, hint, pointer=pointer)
