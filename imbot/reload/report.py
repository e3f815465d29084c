"""The report of a reload or plan, which commands, the admin endpoint and the log show."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from imbot.errors import ConfigError, Problem
from imbot.log import redactor
from imbot.problems.records import problem_json
from imbot.reload.diff import Change
from imbot.reload.plan import Step

_ORDER = ("start", "update", "replace", "stop", "rejected", "held", "unchanged")

ReloadResult = Literal["ok", "rejected", "failed"]


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """The steps of one reload, which began ``at`` (epoch seconds).

    ``problems`` are those of the folder as a whole; if there are any, nothing was done. ``notes`` are warnings
    about files that are probably meant as bots, but are not read.
    """

    at: float
    took_s: float
    steps: tuple[Step, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def result(self) -> ReloadResult:
        """``failed``: the folder could not be read.

        ``rejected``: a bot was rejected, or is held. Else ``ok``.
        """
        if self.problems:
            return "failed"
        refused = any(step.action == "rejected" or step.held for step in self.steps)
        return "rejected" if refused else "ok"

    def __str__(self) -> str:
        """One line: ``1 update, 1 rejected, 3 unchanged``."""
        if self.problems:
            return "; ".join(map(str, self.problems))
        counts = Counter("held" if step.held else step.action for step in self.steps)
        return ", ".join(f"{counts[word]} {word}" for word in _ORDER if counts[word]) or "no bots"


async def reload_report(work: Callable[[], Awaitable[Sequence[Step]]]) -> ReloadReport:
    """The report of ``work``; a ConfigError of it becomes the report's problems."""
    at, began = time.time(), time.monotonic()
    steps: Sequence[Step] = ()
    problems: tuple[Problem, ...] = ()
    try:
        steps = await work()
    except ConfigError as error:
        problems = error.problems
    return ReloadReport(at, time.monotonic() - began, tuple(steps), problems)


def report_json(report: ReloadReport) -> dict[str, Any]:
    """A report as JSON values."""
    return {
        "outcome": report.result,
        "at": iso(report.at),
        "took_s": round(report.took_s, 3),
        "bots": [step_json(step) for step in report.steps],
        "problems": [problem_json(problem) for problem in report.problems],
        "notes": [problem_json(note) for note in report.notes],
    }


def step_json(step: Step) -> dict[str, Any]:
    """What happens to one bot, as JSON values."""
    return {
        "name": step.name,
        "path": step.path,
        "action": step.action,
        "held": step.held,
        "changes": [_change_json(change) for change in step.changes],
        "problems": [problem_json(problem) for problem in step.problems],
    }


def _change_json(change: Change) -> dict[str, Any]:
    """The key, and the values unless they are left out; null stands for a key that is absent."""
    told = {"before": _cleaned(change.before), "after": _cleaned(change.after)} if change.told else {}
    return {"key": change.key, **told}


def _cleaned(value: Any) -> Any:
    """A value without anything that looks like a credential: an address may hold a token."""
    if isinstance(value, str):
        return redactor.clean(value)
    if isinstance(value, Mapping):
        return {name: _cleaned(part) for name, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, list) else value


def iso(at: float) -> str:
    """Epoch seconds as an ISO time in UTC: ``2026-11-22T08:30:00.123+00:00``."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
