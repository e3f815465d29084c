"""The status of bots: what runs of each, and which files are rejected, why and since when.

``supervisor`` keeps it; ``admin`` and ``metrics`` show it.
"""

import logging
import time
from collections.abc import ItemsView, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from imbot.config.loader.defaults import some
from imbot.errors import Problem
from imbot.platforms.gateway import GatewayState
from imbot.reload.plan import Step
from imbot.reload.report import step_json
from imbot.reload.rollout import Pending
from imbot.usage.accounting import Month

log = logging.getLogger(__name__)

BotState = GatewayState | Literal["draining"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that is not followed: why, and since when (epoch seconds)."""

    name: str
    since: float
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class BotStatus:
    """What runs of one bot, and beside it what its file asks for in vain. Times are epoch seconds.

    ``accepted_at`` is of an older generation out of the store, which runs instead of a rejected file.
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
    calls_total: int = 0  # of this process
    calls_month: int = 0  # of every process on this store
    month: Month | None = None  # of the bot's organisation
    error: str = ""
    rejected: Rejected | None = None
    accepted_at: float | None = None
    held_since: float | None = None
    pending: Pending | None = None


class Rejections:
    """The files that are not followed, by path. Each is logged once, as long as its reasons stay the same."""

    def __init__(self) -> None:
        self._known: dict[str, Rejected] = {}
        self._unlogged: dict[str, Step] = {}

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def get(self, path: str) -> Rejected | None:
        """Why a file is not followed."""
        return self._known.get(path)

    def items(self) -> ItemsView[str, Rejected]:
        """All of them."""
        return self._known.items()

    def forget(self, path: str) -> Rejected | None:
        """It is rejected no more, or for other reasons; what was known."""
        return self._known.pop(path, None)

    def follow(self, steps: Iterable[Step]) -> None:
        """Remember what the files alone decide. How a change goes that was rejected before is not known yet."""
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
        """This step is rejected, which is still to be logged; ``known`` is how its file stood before."""
        if known and _reasons(known.problems) == _reasons(step.problems):
            self._known[step.path] = Rejected(step.name, known.since, step.problems)
            return
        self._known[step.path] = Rejected(step.name, time.time(), step.problems)
        self._unlogged[step.path] = step

    def log_new(self) -> None:
        """One line for each reason that is new: what is wrong in a file many bots share, with all of them."""
        alike: dict[tuple[Problem, ...], list[Step]] = {}
        for path, step in self._unlogged.items():
            if path in self._known:
                alike.setdefault(tuple(_reasons(step.problems)), []).append(step)
        self._unlogged.clear()
        for steps in alike.values():
            why = "; ".join(map(str, steps[0].problems))
            extra = {"bot": step_json(steps[0])} if len(steps) == 1 else {}
            log.error("%s: rejected: %s", some(step.name for step in steps), why, extra=extra)


def _reasons(problems: Iterable[Problem]) -> list[Problem]:
    """What would have to change for a rejection to be a new one: a platform words it anew each time.

    Hints change with what else is wrong: with the variables there are, or the other bots that are hurt.
    """
    plain = [replace(each, hint="") for each in problems]
    return [replace(each, message="") if each.code == "platform.refused" else each for each in plain]
