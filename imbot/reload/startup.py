"""Startup: what a start does with bots whose files are broken.

``runtime`` calls ``start`` before the first reload. What ``last_good`` has stored goes through the same
loader and supervisor as any file. The first reload then finds those bots running.
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
    """One start. ``announce`` is called with what is loaded from the store, before it is applied."""

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
        """Do what the policy says with the bots whose files are broken.

        Raises ConfigError if the folder cannot be read, and with every error if the policy is ``fail``.
        """
        await self._last_good.recall()
        try:
            if policy == "last-good":
                await self._start_last_good()
            elif policy == "fail":
                await _refuse(await self._load())
        except FolderMissingError:
            pass  # the reloader waits for it

    async def _load(self) -> LoadResult:
        result = await asyncio.to_thread(self._loader.load)
        self._last_good.note(result)
        return result

    async def _start_last_good(self) -> None:
        """Repeat until no more files are rejected: the app that one bot keeps may be the one another needs."""
        kept: dict[str, Generation | None] = {}
        while True:
            unlike = await self._last_good.unlike((await self._load()).files)
            broken = await _broken([file for file in unlike if file.path not in kept])
            if not broken:
                return
            kept |= {path: await self._last_good.generation(path) for path in broken}
            await self._run([generation for generation in kept.values() if generation])

    async def _run(self, kept: Sequence[Generation]) -> None:
        """Run these generations, as far as they are still valid."""
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
        """The bot files of these generations, and by path why some cannot be restored."""
        whole: dict[Path, dict[Path, bytes]] = {}
        failures: dict[str, str] = {}
        today = cache(_today)  # once for each file: many bots share the defaults
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
        """Its files with the secrets from today's files put back. Raises SecretGoneError."""
        files = {self._folder / name: file for name, file in generation.files.items()}
        return {
            path: with_secrets(file.content, file.cut, today(path) if file.cut else None, str(path))
            for path, file in files.items()
        }


async def _refuse(result: LoadResult) -> None:
    """Raise ConfigError if any file would be rejected."""
    broken = await _broken(result.files)
    errors = {each for problems in broken.values() for each in problems if each.severity == "error"}
    if errors:
        raise ConfigError(sorted(errors))


async def _broken(files: Sequence[BotFile]) -> dict[str, tuple[Problem, ...]]:
    """The problems of the files that would be rejected, by path."""
    steps = await forecast({}, files)
    return {step.path: step.problems for step in steps if step.action == "rejected"}


def _why(problems: Iterable[Problem]) -> str:
    """The messages of the errors. Their places are in the stored file, so they would mislead."""
    return "; ".join(problem.message for problem in problems if problem.severity == "error")


def _today(path: Path) -> Any:
    """The values of the file as it is now, as far as they can be read."""
    try:
        return readable_values(Reader(Snapshot({})).content(path))
    except OSError:
        return None


def _stamped(file: BotFile, at: float) -> BotFile:
    return replace(file, spec=replace(file.spec, accepted_at=at)) if file.spec else file
