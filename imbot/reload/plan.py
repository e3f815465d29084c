"""What a reload would do: one action for each bot, from what runs and what the files say. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Literal

from imbot.config.loader import BotFile, LoadResult
from imbot.errors import START, Problem
from imbot.reload.diff import Change, changes
from imbot.spec import BotSpec

_MANY = 3  # files that must vanish together for their bots to be held

Action = Literal["unchanged", "update", "replace", "start", "stop", "rejected"]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one bot. ``spec`` is what is to run, None for ``stop`` and ``rejected``.

    ``changes`` are the keys that differ from what runs. ``held``: the bot's file is gone, but it keeps
    running because too many files vanished at once.
    """

    action: Action
    name: str
    path: str
    spec: BotSpec | None = None
    problems: tuple[Problem, ...] = ()
    changes: tuple[Change, ...] = ()
    held: bool = False

    def rejected(self, problems: Iterable[Problem]) -> "Step":
        """The same step, rejected for these problems."""
        return replace(self, action="rejected", spec=None, problems=tuple(problems))


def plan(
    running: Mapping[str, BotSpec], files: Sequence[BotFile], held: AbstractSet[str] = frozenset()
) -> list[Step]:
    """One step for each bot that runs or has a file, in the order of the files; stops come last.

    A bot whose file is broken keeps running. It is recognised by its name, or by its path if the name cannot
    be read.
    """
    by_path = {spec.path: name for name, spec in running.items()}
    steps = [step for file in files if (step := _step(running, by_path, file))]
    kept = {step.name for step in steps}
    gone = sorted((name, spec.path) for name, spec in running.items() if name not in kept)
    steps += [Step("unchanged", name, path, held=True) for name, path in gone if name in held]
    return steps + [Step("stop", name, path) for name, path in gone if name not in held]


def lost(running: Mapping[str, BotSpec], result: LoadResult, held: AbstractSet[str]) -> frozenset[str]:
    """The bots that are held: their files are gone, but so many at once that it is probably a mistake.

    These are all bots if there is no folder; otherwise those whose files vanished, if at least three and more
    than half of all vanished together. A bot that is ``held`` already stays so until its file is back.
    """
    paths = {file.path for file in result.files}
    names = {file.name for file in result.files}
    apps = {(spec.type, spec.identity) for spec in result.specs}
    gone = {
        name
        for name, spec in running.items()
        if spec.path not in paths and name not in names and (spec.type, spec.identity) not in apps
    }
    vanished = len(gone - held)
    many = vanished >= _MANY and 2 * vanished > len(running.keys() - held)
    return frozenset(gone if result.missing or many else gone & held)


def _step(running: Mapping[str, BotSpec], by_path: Mapping[str, str], file: BotFile) -> Step | None:
    if file.spec is None:
        name = by_path.get(file.path) or file.name or file.path
        return Step("rejected", name, file.path, problems=file.problems)
    spec = file.spec
    if not spec.enabled:
        return None
    action = _action(running.get(spec.name), spec)
    return Step(action, spec.name, file.path, spec, file.problems)


def with_changes(step: Step, now: BotSpec | None) -> Step:
    """The same step, with the keys that change. Takes time with many bots: call it in a thread."""
    return replace(step, changes=changes(now, step.spec)) if now and step.spec else step


def _action(now: BotSpec | None, then: BotSpec) -> Action:
    if now is None:
        return "start"
    if (now.type, now.identity) != (then.type, then.identity):
        return "replace"
    return "unchanged" if now.fingerprint == then.fingerprint else "update"


def without_conflicts(steps: Sequence[Step], running: Mapping[str, BotSpec]) -> list[Step]:
    """The same steps; those that need an app which a bot keeps are rejected.

    The files themselves do not conflict. But a bot whose file is rejected keeps the app it runs with, which
    may be the one that another file asks for. Rejecting that one may cause further conflicts, so this
    repeats.
    """
    steps = list(steps)
    while True:
        moving = {step.name for step in steps if step.action not in ("unchanged", "rejected")}
        held = {
            (spec.type, spec.identity): step.name
            for step in steps
            if step.name not in moving and (spec := running.get(step.name))
        }
        clashes = [i for i, step in enumerate(steps) if _wants(step) in held]
        if not clashes:
            return steps
        for i in clashes:
            steps[i] = steps[i].rejected([_conflict(steps[i], held[_wants(steps[i])])])


def together(steps: Iterable[Step], running: Mapping[str, BotSpec]) -> list[tuple[Step, ...]]:
    """The steps that change something, in groups that must be taken together.

    Two steps belong together if one bot takes over the app that the other one leaves.
    """
    moving = {step.name: step for step in steps if step.action not in ("unchanged", "rejected")}
    holders = {(spec.type, spec.identity): name for name, spec in running.items() if name in moving}
    group = {name: [step] for name, step in moving.items()}
    for name, step in moving.items():
        other = group[holders.get(_wants(step), name)]
        mine = group[name]
        if other is not mine:
            mine += other
            group |= dict.fromkeys((each.name for each in other), mine)
    return [tuple(each) for each in {each[0].name: each for each in group.values()}.values()]


def _wants(step: Step) -> tuple[str, str]:
    if step.spec is None or step.action in ("unchanged", "update"):
        return ("", "")
    return (step.spec.type, step.spec.identity)


def _conflict(step: Step, holder: str) -> Problem:
    message = f"its app is still in use by bot {holder!r}, whose own change was rejected"
    hint = f"fix the file of {holder!r}; this one follows by itself"
    return Problem.at(step.path, START, "identity.held", message, hint, pointer="/credentials")
