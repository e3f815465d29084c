"""Loads a bot file and draws its gallery, once or after each change of its files.

Credentials are not needed: unset variables count as set.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imbot.config.loader import Loader
from imbot.config.loader.settling import Believed, always
from imbot.errors import START, ConfigError, Problem, contained
from imbot.model import CardPhase
from imbot.preview.gallery import Gallery, draw
from imbot.preview.samples import PreviewSample
from imbot.problems.page import page_problem
from imbot.problems.records import problem_json
from imbot.problems.sources import Sources
from imbot.reload.watch import Watch


@dataclass(frozen=True, slots=True)
class PreviewState:
    """The result of loading a file: a gallery, perhaps with warnings; or None and the problems."""

    path: str
    gallery: Gallery | None
    problems: tuple[Problem, ...]

    def to_json(self) -> dict[str, Any]:
        """The output of ``imbot preview --json``."""
        gallery = self.gallery
        return {
            **(gallery.to_json() if gallery else {"path": self.path}),
            "problems": [problem_json(problem) for problem in self.problems],
            "cards": [picture.to_json() for picture in gallery.pictures] if gallery else [],
        }

    def to_page(self, last: Gallery | None = None) -> dict[str, Any]:
        """The input of the web page. If there is no gallery now, ``last`` is shown greyed out."""
        gallery, sources = self.gallery or last, Sources()
        return {
            "bot": gallery.to_json() if gallery else {"path": self.path, "title": Path(self.path).stem},
            "stale": self.gallery is None,
            "problems": [page_problem(problem, sources) for problem in self.problems],
            "cards": [picture.to_page() for picture in gallery.pictures] if gallery else [],
        }


class Looker:
    """Loads and draws one bot file alone: conflicts with other bots of the folder do not change its cards."""

    def __init__(self, path: Path, samples: Sequence[PreviewSample], phases: Sequence[CardPhase]) -> None:
        self._path = path
        self._samples = samples
        self._phases = phases
        self._loader = Loader(path.parent, no_env=True)
        self._used: frozenset[str] = frozenset()

    def look(self, believed: Believed = always) -> PreviewState:
        """Load the file and draw its cards. A file that is just being written is read as it was. Blocks."""
        try:
            return self._look(believed)
        except ConfigError as error:
            return PreviewState(str(self._path), None, error.problems)

    async def looks(self) -> AsyncGenerator[PreviewState]:
        """The state now, and again after each change of a file that the bot may use."""
        watch = Watch(self._path.parent)
        yield await self._next(watch)
        async with aclosing(watch.scans()) as states:
            async for state in states:
                if state.has_changes:
                    yield await self._next(watch)

    async def _next(self, watch: Watch) -> PreviewState:
        state = await watch.scan()
        look = await asyncio.to_thread(self.look, state.believed)
        watch.mark_read(state)
        watch.set_used_files(self._used)
        return look

    def _look(self, believed: Believed) -> PreviewState:
        path = str(self._path)
        result = self._loader.load([self._path], believed)
        self._used |= result.sources
        found = result.files
        if not found:
            gone = Problem.at(path, START, "file.unreadable", "the file does not exist any more")
            return PreviewState(path, None, (gone,))
        (file,) = found
        self._used = result.sources
        with contained(path, "bot.defect", pointer="/card"):
            gallery = draw(file.spec, self._samples, self._phases) if file.spec else None
        return PreviewState(path, gallery, file.problems)
