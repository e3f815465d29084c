"""Runs test files: reads them, picks the cases and plays each; returns results and problems together."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from imbot import tasks
from imbot.errors import ConfigError, Problem
from imbot.testing.casefile import Case, CaseFile, read_cases
from imbot.testing.company import Company
from imbot.testing.playing import Result, play
from imbot.testing.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Played:
    """The results of one test file, in its order."""

    file: CaseFile
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """The results of all test files. A file is not played if it or its bot has a problem."""

    played: tuple[Played, ...]
    problems: tuple[Problem, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        """The results of all cases."""
        return tuple(result for played in self.played for result in played.results)

    @property
    def failed(self) -> int:
        """How many cases have unmet expectations."""
        return sum(bool(result.misses) for result in self.results)


def run(paths: Iterable[Path], *, pick: str = "", update: bool = False) -> Run:
    """Play the cases of test files whose title contains ``pick``; ``update`` writes their snapshots."""
    played: list[Played] = []
    problems: set[Problem] = set()
    company = Company()
    try:
        for path in paths:
            try:
                played.append(_played(path, company, pick, update=update))
            except ConfigError as error:
                problems.update(error.problems)
    finally:
        tasks.run_loop(company.close())
    return Run(tuple(each for each in played if each.results), tuple(sorted(problems)))


def title(file: CaseFile, case: Case) -> str:
    """The title that ``pick`` searches: ``support: finds an answer``."""
    return f"{file.stem}: {case.name}"


def _played(path: Path, company: Company, pick: str, *, update: bool) -> Played:
    file = read_cases(path)
    player = company.player(file)
    snapshots = Snapshots(path.parent, file.stem, update=update)
    picked = (case for case in file.cases if pick.casefold() in title(file, case).casefold())
    return Played(file, tuple(play(case, player, snapshots) for case in picked))
