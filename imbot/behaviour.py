"""What a bot does, apart from its connection to the platform: agent, card and settings of one generation.

``prepare`` is the part of a change that can fail. ``check`` stops after it; the supervisor commits what it
returns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from imbot.agents import Agent, prepare_agent
from imbot.cards import Card, prepare_card
from imbot.errors import START, ConfigError, Problem, contained
from imbot.platforms import platform_type
from imbot.spec import BotSpec

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
    agent = _made(lambda: _agent(spec), spec, "/agent", problems)
    if card is None or agent is None:
        raise ConfigError(problems)
    return Behaviour(spec, agent, card)


def _agent(spec: BotSpec) -> Agent:
    try:
        ZoneInfo(spec.agent.time_zone or "UTC")
    except (ValueError, OSError, ZoneInfoNotFoundError):
        span = spec.marks.values.get("/time_zone", START)
        message, hint = (
            "there is no such time zone here",
            "write it as Asia/Shanghai; a bare system may lack `tzdata`",
        )
        raise ConfigError(
            [Problem.at(spec.path, span, "zone.unknown", message, hint, pointer="/time_zone")]
        ) from None
    return prepare_agent(spec.agent, spec.timeouts)


def _made(make: Callable[[], _T], spec: BotSpec, pointer: str, problems: list[Problem]) -> _T | None:
    """What ``make`` returns; None if it fails, which may be a defect, here or in an agent."""
    try:
        with contained(spec.path, "bot.defect", spec.marks.keys.get(pointer, START), pointer):
            return make()
    except ConfigError as error:
        problems += error.problems
    return None
