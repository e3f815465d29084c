"""The status of bots: what runs, and which files are rejected, why and since when.

``supervisor`` provides it; ``ops.admin`` and ``ops.metrics`` show it.
"""

import logging
import time
from collections.abc import ItemsView, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal

from imbot.errors import START, Problem
from imbot.platforms.gateway import GatewayState
from imbot.reload.plan import Step
from imbot.reload.report import step_json
from imbot.reload.rollout import Pending
from imbot.text.names import some
from imbot.usage.accounting import Month
from imbot.usage.agent_failures import Failing, failing_since

log = logging.getLogger(__name__)

BotState = GatewayState | Literal["draining"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that is rejected: why, and since when (epoch seconds)."""

    name: str
    since: float
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class BotStatus:
    """The state of one bot. Times are epoch seconds.

    ``rejected`` and ``pending`` are about its file on disk, if that is not what runs. ``accepted_at`` is set
    if a generation from the store runs instead of a rejected file. ``failing`` is set if the bot runs, but its
    agent fails in every answer.
    """

    name: str
    path: str
    type: str = ""
    state: BotState = "down"
    generation: int = 0
    fingerprint: str = ""
    connected_since: float | None = None
    connections: int = 0
    turns_running: int = 0
    turns_total: int = 0
    prompt_tokens: int = 0  # as agents reported them to this process
    completion_tokens: int = 0
    calls_total: int = 0  # of this process
    calls_month: int = 0  # of every process on this store
    month: Month | None = None  # of the bot's organisation
    error: str = ""
    failing: Failing | None = None
    rejected: Rejected | None = None
    accepted_at: float | None = None
    held_since: float | None = None
    pending: Pending | None = None


def with_failing(step: Step, failing: Failing | None) -> Step:
    """The same step, with a warning if the agent of its bot fails in every answer."""
    if step.spec is None or failing is None:
        return step
    message = f"{failing_since(failing.since, failing.answers)}: {failing.error}; cause: {failing.cause}"
    span = step.spec.marks.keys.get("/agent", START)
    problem = Problem.at(
        step.path, span, "agent.failing", message, failing.cure, pointer="/agent", severity="warning"
    )
    return replace(step, problems=(*step.problems, problem))


class Rejections:
    """The rejected files by path. Each is logged once for the same reasons."""

    def __init__(self) -> None:
        self._known: dict[str, Rejected] = {}
        self._unlogged: dict[str, Step] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def get(self, path: str) -> Rejected | None:
        """Why a file is rejected; None if it is not."""
        return self._known.get(path)

    def items(self) -> ItemsView[str, Rejected]:
        """All rejected files, by path."""
        return self._known.items()

    def forget(self, path: str) -> Rejected | None:
        """Remove a file that is no longer rejected, or may be for other reasons.

        Returns what was known of it.
        """
        return self._known.pop(path, None)

    def follow(self, steps: Iterable[Step]) -> None:
        """Update from the steps of a plan.

        A file that was rejected and now changes its bot stays rejected for now: the rollout decides.
        """
        before, self._known = self._known, {}
        for step in steps:
            known = before.get(step.path)
            if step.action == "rejected":
                self.add(step, known)
            elif known and (step.action != "unchanged" or step.held):
                self._known[step.path] = known
            elif known:
                log.info("%s: accepted again (%s)", step.name, step.path)
        self.log_new()

    def add(self, step: Step, known: Rejected | None) -> None:
        """Add a rejected step, to be logged if the reasons differ from those in ``known``."""
        if known and _reasons(known.problems) == _reasons(step.problems):
            self._known[step.path] = Rejected(step.name, known.since, step.problems)
            return
        self._known[step.path] = Rejected(step.name, time.time(), step.problems)
        self._unlogged[step.path] = step

    def log_new(self) -> None:
        """Log new rejections, one line for all bots that share the same problems, such as in the defaults."""
        alike: dict[tuple[Problem, ...], list[Step]] = {}
        for path, step in self._unlogged.items():
            if path in self._known:
                alike.setdefault(tuple(_reasons(step.problems)), []).append(step)
        self._unlogged.clear()
        for steps in alike.values():
            names = some(step.name for step in steps)
            each = [f"{names}: rejected: {problem}" for problem in steps[0].problems]
            told = [step_json(step) for step in steps]
            extra = {"lines": each, **({"bot": told[0]} if len(told) == 1 else {"bots": told})}
            log.error("%s: rejected: %s", names, "; ".join(map(str, steps[0].problems)), extra=extra)


class Held:
    """The bots that keep running though their files vanished, with many others at once: since when."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    @property
    def names(self) -> AbstractSet[str]:
        """Their names."""
        return self._since.keys()

    def since(self, name: str) -> float | None:
        """Since when a bot is held, in epoch seconds; None if it is not."""
        return self._since.get(name)

    def follow(self, names: AbstractSet[str]) -> None:
        """These bots are held now. Logs when that begins and ends."""
        ended = self._since.keys() - names
        begun = sorted(names - self._since.keys())
        self._since = {name: self._since.get(name, time.time()) for name in names}
        if begun:
            log.warning(
                "%s: held: too many files vanished at once, probably by mistake; the bots keep running until their "
                "files are back, or until `imbot reload --prune` stops them", ", ".join(begun),
            )  # fmt: skip
        if ended:
            rest = f"; {len(names)} still are" if names else ""
            log.info("%s: no longer held%s", ", ".join(sorted(ended)), rest)


def _reasons(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without the parts that vary although the reason is the same.

    Hints depend on other things, such as which variables are set. A platform may word each refusal
    differently.
    """
    plain = [replace(each, hint="") for each in problems]
    return [replace(each, message="") if each.code == "platform.refused" else each for each in plain]
