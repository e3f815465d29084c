"""Reads a test file: from a path to its cases, or to all of its problems.

``imbot test`` reads every file here first. The bot and the agent that a case uses are checked by ``company``.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imbot.config.loader.build import seconds
from imbot.config.loader.literals import literals
from imbot.config.regular_file import read_regular
from imbot.config.schema import Violation, source, violations
from imbot.config.yamlfile import MAX_BYTES, YamlFile, pointer, read_yaml, span_at
from imbot.errors import START, ConfigError, Marks, Problem
from imbot.testing.script import PIECES, Script, script_of
from imbot.text.masking import masked
from imbot.text.suggestions import did_you_mean

ENDING = ".test.yaml"
ACTIONS = ("say", "send", "click", "wait")


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step. ``what`` is the text, button or duration of its action, ``at`` its pointer in the file."""

    action: str
    what: str
    at: str
    user: str
    group: str
    go_on: bool
    script: Script | None
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """What people do, in order, and the expected results.

    ``latency_s``: how long each platform call takes.
    """

    name: str
    at: str
    latency_s: float
    steps: tuple[CaseStep, ...]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One valid test file.

    ``bot`` names its bot; ``bot_at`` points there, and is empty for the file's name.
    """

    path: Path
    bot: str
    bot_at: str
    env: Mapping[str, str]
    cases: tuple[Case, ...]
    marks: Marks

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.name.removesuffix(ENDING)

    def problem(self, at: str, code: str, message: str, hint: str = "", *, key: bool = False) -> Problem:
        """A problem at a place of this file."""
        return Problem.at(str(self.path), span_at(self.marks, at, key=key), code, message, hint, pointer=at)


def case_files(folder: Path) -> list[Path]:
    """The test files directly in a folder, sorted. Raises ConfigError if it cannot be listed."""
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(ENDING))
    except OSError as error:
        raise _unreadable(folder, "folder.unreadable", error) from None


def read_cases(path: Path) -> CaseFile:
    """Read one test file. Raises ConfigError with every problem found."""
    try:
        content = read_regular(path, MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, "file.unreadable", error) from None
    file = read_yaml(content, str(path))
    problems = [_placed(violation, file) for violation in violations("test", file.value)]
    # A file that breaks the schema may have any shape, so the further checks only see valid ones.
    problems = problems or [*_sense(file)]
    if problems:
        secrets = literals(file)
        raise ConfigError(sorted(masked(problem, secrets) for problem in problems))
    value = file.value
    return CaseFile(
        path=path,
        bot=value.get("bot", path.name.removesuffix(ENDING)),
        bot_at="/bot" if "bot" in value else "",
        env=value.get("env", {}),
        cases=tuple(_case(case, f"/cases/{number}", value) for number, case in enumerate(value["cases"])),
        marks=file.marks,
    )


def no_bot(file: CaseFile, names: Collection[str]) -> Problem:
    """The problem of a test file whose bot is not in the same folder."""
    message = f"there is no bot `{file.bot}` beside this file"
    otherwise = f"bots here: {', '.join(names)}" if names else "put the test beside the bot's file"
    if not file.bot_at:
        otherwise = f"name one with `bot:`; {otherwise}"
    return file.problem(file.bot_at, "test.bot", message, did_you_mean(file.bot, names, otherwise))


def _case(case: Mapping[str, Any], at: str, file: Mapping[str, Any]) -> Case:
    near = {**file, **case}
    steps = (
        _step(step, f"{at}/steps/{number}", near.get("agent")) for number, step in enumerate(case["steps"])
    )
    latency = near.get("latency", source("test")["$defs"]["latency"]["default"])
    return Case(case["name"], at, seconds(latency), tuple(steps))


def _step(step: Mapping[str, Any], at: str, script: Sequence[Any] | None) -> CaseStep:
    action = next(key for key in ACTIONS if key in step)
    written = step.get("agent", script)
    return CaseStep(
        action=action,
        what=step[action],
        at=at,
        user=step.get("user", source("test")["$defs"]["step"]["properties"]["user"]["default"]),
        group=step.get("group", ""),
        go_on=step.get("go_on", False),
        script=None if written is None else script_of(written),
        expect=step.get("expect", {}),
    )


# -- what a schema cannot check


def _sense(file: YamlFile) -> Iterator[Problem]:
    scripts = [("/agent", file.value.get("agent", ()))]
    names, snapshots = [], []
    for number, case in enumerate(file.value["cases"]):
        at = f"/cases/{number}"
        names.append((f"{at}/name", case["name"]))
        scripts.append((f"{at}/agent", case.get("agent", ())))
        for place, step in enumerate(case["steps"]):
            here = f"{at}/steps/{place}"
            yield from _one_of(file, here, step, ACTIONS, "a step")
            scripts.append((f"{here}/agent", step.get("agent", ())))
            expect = step.get("expect", {})
            yield from _patterns(file, f"{here}/expect", expect)
            if "snapshot" in expect:
                snapshots.append((f"{here}/expect/snapshot", expect["snapshot"]))
    for at, script in scripts:
        for place, piece in enumerate(script):
            if isinstance(piece, dict):
                yield from _one_of(file, f"{at}/{place}", piece, PIECES, "a piece")
    yield from _same(file, names, "test.same-name", "name", "case")
    yield from _same(file, snapshots, "test.same-snapshot", "snapshot", "step")


def _one_of(
    file: YamlFile, at: str, value: Mapping[str, Any], keys: tuple[str, ...], noun: str
) -> Iterator[Problem]:
    used = [key for key in value if key in keys]
    if not used:
        span = span_at(file.marks, at)
        message = f"{noun} needs one of: {', '.join(keys)}"
        yield Problem.at(file.path, span, "test.one-of", message, pointer=at)
    for key in used[1:]:
        span = span_at(file.marks, f"{at}/{key}", key=True)
        message = f"{noun} does one thing: this one already has `{used[0]}`"
        yield Problem.at(
            file.path, span, "test.one-of", message, f"make `{key}` {noun} of its own", pointer=f"{at}/{key}"
        )


def _patterns(file: YamlFile, at: str, expect: Mapping[str, Any]) -> Iterator[Problem]:
    places = {f"{at}/{key}": expect.get(key) for key in ("text", "answer")}
    places |= {f"{at}/card{pointer(key)}": value for key, value in expect.get("card", {}).items()}
    for place, matcher in places.items():
        if isinstance(matcher, dict) and "matches" in matcher:
            try:
                re.compile(matcher["matches"])
            except (re.error, OverflowError, RecursionError) as error:
                span = span_at(file.marks, f"{place}/matches")
                message = f"this is not a valid regular expression: {error}"
                yield Problem.at(file.path, span, "test.regex", message, pointer=f"{place}/matches")


def _same(
    file: YamlFile, found: Iterable[tuple[str, str]], code: str, key: str, noun: str
) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for at, name in found:
        span = span_at(file.marks, at)
        if seen.setdefault(name, span.line) != span.line:
            message = f"the {noun} at line {seen[name]} has the same {key}"
            yield Problem.at(file.path, span, code, message, f"give each {noun} its own {key}", pointer=at)


# -- places


def _placed(violation: Violation, file: YamlFile) -> Problem:
    """A violation as a problem. For a missing key it points at the mapping that lacks the key."""
    at = violation.pointer
    if violation.code != "schema.missing":
        span = span_at(file.marks, at, key=violation.at_key)
    else:
        parent = at.rpartition("/")[0]
        span = span_at(file.marks, parent, key=True) if parent else START
    return Problem.at(file.path, span, violation.code, violation.message, violation.hint, pointer=at)


def _unreadable(path: Path, code: str, error: OSError) -> ConfigError:
    return ConfigError([Problem.at(str(path), START, code, f"{path} cannot be read: {error.strerror}")])
