"""What a reload would do: one action a bot, from what runs and what the files say. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from imbot.changes import Change, changes
from imbot.errors import Problem
from imbot.loader import BotFile
from imbot.spec import BotSpec

Action = Literal["unchanged", "update", "replace", "start", "stop", "rejected"]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one bot. ``spec`` is what shall run (None for stop and rejected).

    ``changes`` tells which keys are other than in what runs.
    """

    action: Action
    name: str
    path: str
    spec: BotSpec | None = None
    problems: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()

    def rejected(self, problems: Iterable[Problem]) -> "Step":
        """The same step, refused."""
        return replace(self, action="rejected", spec=None, problems=tuple(problems))


def plan(running: Mapping[str, BotSpec], files: Sequence[BotFile]) -> list[Step]:
    """One step for each bot that runs or is asked for, in the order of the files, stops last.

    A bot whose file is broken keeps running: it is found by its name, or by its file where the
    name cannot be read any more.
    """
    steps = [step for file in files if (step := _step(running, file))]
    kept = {step.name for step in steps}
    steps += [Step("stop", name, spec.path) for name, spec in running.items() if name not in kept]
    return steps


def _step(running: Mapping[str, BotSpec], file: BotFile) -> Step | None:
    if file.spec is None:
        by_path = (name for name, spec in running.items() if spec.path == file.path)
        name = next(by_path, file.name or file.path)
        return Step("rejected", name, file.path, problems=file.problems)
    spec = file.spec
    if not spec.enabled:
        return None
    now = running.get(spec.name)
    action = _action(now, spec)
    changed = changes(now, spec) if now and action != "unchanged" else ()
    return Step(action, spec.name, file.path, spec, file.problems, changed)


def _action(now: BotSpec | None, then: BotSpec) -> Action:
    if now is None:
        return "start"
    if (now.type, now.identity) != (then.type, then.identity):
        return "replace"
    return "unchanged" if now.fingerprint == then.fingerprint else "update"


def without_conflicts(steps: Sequence[Step], running: Mapping[str, BotSpec]) -> list[Step]:
    """The same steps, less those that want an identity which a bot that stays as it is still holds.

    The files agree with each other, but a rejected bot keeps what it runs with, and that may be
    just what another file wants to take over.
    """
    steps = list(steps)
    while True:
        held = {
            (spec.type, spec.identity): step.name
            for step in steps
            if step.action in ("unchanged", "rejected") and (spec := running.get(step.name))
        }
        clash = next((i for i, step in enumerate(steps) if _wants(step) in held), None)
        if clash is None:
            return steps
        step = steps[clash]
        steps[clash] = step.rejected([_conflict(step, held[_wants(step)])])


def _wants(step: Step) -> tuple[str, str]:
    if step.spec is None or step.action in ("unchanged", "update"):
        return ("", "")
    return (step.spec.type, step.spec.identity)


def _conflict(step: Step, holder: str) -> Problem:
    return Problem(
        step.path, 1, 1, 1, 1, "/credentials", "identity.held", "error",
        f"its app is still in use by bot {holder!r}, whose own change was rejected",
        f"fix the file of {holder!r}; this one follows by itself",
    )  # fmt: skip
