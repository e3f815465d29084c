"""Startup: what a start does with bots whose files are broken.

``runtime`` calls ``start`` before the first reload. What ``last_good`` has kept goes the way of every file: the
same loader, the same supervisor; the files as they are now come after it and find their bots running.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from imbot.config.loader import BotFile, FolderMissingError, Loader, LoadResult
from imbot.config.loader.redacted import SecretGoneError, readable_values, with_secrets
from imbot.config.loader.snapshot import Reader, Snapshot
from imbot.errors import ConfigError, Problem
from imbot.reload.last_good import LastGood
from imbot.reload.plan import Step
from imbot.reload.report import iso
from imbot.reload.rollout import forecast
from imbot.reload.supervisor import Supervisor
from imbot.stores import Generation

log = logging.getLogger(__name__)

OnBroken = Literal["last-good", "skip", "fail"]


class Startup:
    """One start. ``announce`` hears of what is loaded out of the store, before it is applied."""

    def __init__(
        self,
        folder: Path,
        last_good: LastGood,
        loader: Loader,
        supervisor: Supervisor,
        announce: Callable[[LoadResult], None],
    ) -> None:
        self._folder = folder
        self._last_good = last_good
        self._loader = loader
        self._supervisor = supervisor
        self._announce = announce

    async def start(self, policy: OnBroken) -> None:
        """Start every bot whose file is broken as it was last accepted; or as the policy says.

        Raises ConfigError: with every error, where the policy is to fail; where the folder cannot be read.
        """
        await self._last_good.recall()
        try:
            if policy == "last-good":
                await self._start_last_good()
            elif policy == "fail":
                await _refuse(await self._load())
        except FolderMissingError:
            pass  # it is waited for

    async def _load(self) -> LoadResult:
        result = await asyncio.to_thread(self._loader.load)
        self._last_good.note(result)
        return result

    async def _start_last_good(self) -> None:
        """Until no further file is refused: what one bot goes on with, another file may want to have."""
        kept: dict[str, Generation | None] = {}
        while True:
            unlike = await self._last_good.unlike((await self._load()).files)
            broken = await _broken([file for file in unlike if file.path not in kept])
            if not broken:
                return
            kept |= {path: await self._last_good.generation(path) for path in broken}
            await self._run([generation for generation in kept.values() if generation])

    async def _run(self, kept: Sequence[Generation]) -> None:
        """Run these, as far as they still mean something."""
        files, failures = await asyncio.to_thread(self._meant, kept)
        result = LoadResult(tuple(file for file in files if file.spec))
        self._announce(result)
        steps = await self._supervisor.apply(result)
        failures |= {file.path: _why(file.problems) for file in files if not file.spec}
        failures |= {step.path: _why(step.problems) for step in steps if step.action == "rejected"}
        runs = {spec.path for spec in self._supervisor.specs().values()}
        self._loader.hold(file for file in files if file.path in runs)
        self._tell(steps, failures)

    def _tell(self, steps: Iterable[Step], failures: dict[str, str]) -> None:
        for path, why in failures.items():
            told = f"the last accepted version cannot run either: {why}"
            if self._supervisor.explain(path, told):
                log.warning("%s: %s", path, told)
        for step in steps:
            if step.action == "start" and step.spec and step.spec.accepted_at:
                since = iso(step.spec.accepted_at)
                log.warning("%s: its file is broken; the version accepted at %s runs", step.name, since)

    def _meant(self, kept: Iterable[Generation]) -> tuple[list[BotFile], dict[str, str]]:
        """What these generations mean today; by path, why some cannot be made whole."""
        whole: dict[Path, dict[Path, bytes]] = {}
        failures: dict[str, str] = {}
        today = cache(_today)  # of defaults, which many bots share, too
        accepted_at = {str(self._folder / generation.path): generation.accepted_at for generation in kept}
        for generation in kept:
            path = self._folder / generation.path
            try:
                whole[path] = self._whole(generation, today)
            except SecretGoneError as error:
                failures[str(path)] = str(error)
        files = self._loader.load_kept(whole).files
        return [_stamped(file, accepted_at[file.path]) for file in files], failures

    def _whole(self, generation: Generation, today: Callable[[Path], Any]) -> dict[Path, bytes]:
        """Its files, with today's secrets. Raises SecretGoneError."""
        files = {self._folder / name: file for name, file in generation.files.items()}
        return {
            path: with_secrets(file.content, file.cut, today(path) if file.cut else None, str(path))
            for path, file in files.items()
        }


async def _refuse(result: LoadResult) -> None:
    """Raise ConfigError where a file would be refused."""
    broken = await _broken(result.files)
    errors = {each for problems in broken.values() for each in problems if each.severity == "error"}
    if errors:
        raise ConfigError(sorted(errors))


async def _broken(files: Sequence[BotFile]) -> dict[str, tuple[Problem, ...]]:
    """The files that would be refused, by path, and why."""
    steps = await forecast({}, files)
    return {step.path: step.problems for step in steps if step.action == "rejected"}


def _why(problems: Iterable[Problem]) -> str:
    """Without places: they are those of a file that is kept, not of the one on disk."""
    return "; ".join(problem.message for problem in problems if problem.severity == "error")


def _today(path: Path) -> Any:
    """What the file says now, as far as it can be read."""
    try:
        return readable_values(Reader(Snapshot({})).content(path))
    except OSError:
        return None


def _stamped(file: BotFile, at: float) -> BotFile:
    return replace(file, spec=replace(file.spec, accepted_at=at)) if file.spec else file
