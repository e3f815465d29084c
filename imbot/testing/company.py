"""The bots of the test files, each loaded and prepared once, like ``imbot run`` does but without the network.

A failure is a problem of the bot's files, or of the test file that names it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from imbot.agents import Agent, prepare_agent
from imbot.behaviour import Behaviour
from imbot.bot.commands import command_of
from imbot.cards import Card, prepare_card
from imbot.config.loader import BotFile, Loader
from imbot.config.schema import source
from imbot.errors import ConfigError, Problem
from imbot.log import redactor
from imbot.platforms import platform_type
from imbot.spec import BotSpec, secrets_of
from imbot.testing.casefile import CaseFile, CaseStep, no_bot
from imbot.testing.script import ScriptedAgent

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Player:
    """A bot that is ready for the cases of a test file. ``agent`` is the bot's own, if a case needs it."""

    spec: BotSpec
    card: Card
    agent: Agent | None

    def behaviour(self) -> tuple[Behaviour, ScriptedAgent]:
        """Its behaviour for one case, and the scripted agent in it."""
        agent = ScriptedAgent(self.agent)
        return Behaviour(self.spec, agent, self.card), agent


class Company:
    """Finds and prepares bots, and keeps them: several test files may use the same bot."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}

    def player(self, file: CaseFile) -> Player:
        """The bot of a test file. Raises ConfigError with every problem found."""
        spec = self._spec(file)
        own = [step for step in _steps(file) if _asks_own_agent(step, spec)]
        if own and not source(f"agents/{spec.agent.type}").get("x-local"):
            raise ConfigError(_unscripted(file, spec, own))
        bot = (spec.path, spec.fingerprint)
        card: Card = self._once(("card", *bot), lambda: prepare_card(spec, platform_type(spec.type)))
        agent: Agent | None = None
        if own:
            agent = self._once(("agent", *bot), lambda: prepare_agent(spec.agent, spec.timeouts))
        return Player(spec, card, agent)

    async def close(self) -> None:
        """Close the bots' agents."""
        for key, known in self._known.items():
            if key[0] == "agent" and not isinstance(known, ConfigError):
                await known.close()

    def _spec(self, file: CaseFile) -> BotSpec:
        folder = file.path.parent
        env = dict(file.env)
        bots: tuple[BotFile, ...] = self._once(
            ("folder", folder, *sorted(env.items())),
            lambda: Loader(folder, environ=env, no_env=True).load().files,
        )
        found = next((bot for bot in bots if file.bot in (bot.name, Path(bot.path).stem)), None)
        if found is None:
            raise ConfigError([no_bot(file, [bot.name or Path(bot.path).stem for bot in bots])])
        if found.spec is None:
            raise ConfigError(problem for problem in found.problems if problem.severity == "error")
        redactor.hide(secrets_of(found.spec))
        return found.spec

    def _once(self, key: tuple[Any, ...], make: Callable[[], _T]) -> _T:
        """The result of ``make`` for a key, made once. A ConfigError is kept, and raised each time."""
        if key not in self._known:
            try:
                self._known[key] = make()
            except ConfigError as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, ConfigError):
            raise known
        made: _T = known
        return made


def _steps(file: CaseFile) -> Iterator[CaseStep]:
    return (step for case in file.cases for step in case.steps)


def _asks_own_agent(step: CaseStep, spec: BotSpec) -> bool:
    """Whether the bot's own agent must answer: a message without a script that is not a command."""
    return step.action == "say" and step.script is None and not command_of(step.what, spec.commands)


def _unscripted(file: CaseFile, spec: BotSpec, own: list[CaseStep]) -> Iterator[Problem]:
    """One problem for a file without any script, else one for each case without its script."""
    scripted = any(step.script is not None for step in _steps(file))
    cases: dict[str, CaseStep] = {}
    for step in own:
        cases.setdefault(step.at.rpartition("/steps/")[0], step)
    for step in [*cases.values()] if scripted else own[:1]:
        message = f"no script says what the agent answers here, and `{spec.agent.type}` needs the network"
        hint = "write an `agent:` script on the step, in the case or at the top of the file"
        yield file.problem(f"{step.at}/say", "test.network", message, hint)
