"""Bot files looked at one by one, for ``check``: loaded and prepared as ``run`` does it, and doubted.

Many of them are shared out over the processors. What files cannot have in common is ``check``'s business.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imbot.behaviour import prepare
from imbot.cards import prepare_card
from imbot.check import parallel
from imbot.check.estimate import calls_of_answer
from imbot.check.lints import lint
from imbot.config.loader import BotFile, Loader, bot_files
from imbot.config.loader.defaults import Defaults
from imbot.config.loader.unique import Claim, claims_of
from imbot.errors import ConfigError, Problem
from imbot.platforms import platform_type
from imbot.problems import ANSWER_S
from imbot.problems.sources import Sources

FEW = 100  # files that are not worth a process


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One bot file: what is wrong with it and what is doubtful, and what it claims.

    ``problems`` are the loader's, ``unprepared`` says why it makes no bot all the same. ``type`` is empty
    where the loader made no spec of it, ``calls`` what a usual answer takes at most. ``sources`` is every
    file that was looked for.
    """

    path: str
    name: str | None
    type: str
    problems: tuple[Problem, ...]
    unprepared: tuple[Problem, ...]
    doubts: tuple[Problem, ...]
    claims: tuple[Claim, ...]
    sources: tuple[str, ...]
    calls: int


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    """All bot files of a folder, by path, and the defaults they share."""

    files: tuple[CheckedFile, ...]
    defaults: Defaults


def check_files(
    folder: Path, names: Collection[str] | None, sources: Sources, *, no_env: bool = False
) -> CheckedFolder:
    """Examine the bot files of a folder. Those whose names are not asked for are loaded only; None: all are.

    Raises ConfigError where the folder itself, or the ``.env`` beside it, cannot be read.
    """
    paths = bot_files(folder)
    look = partial(_look, folder, names, sources, no_env)
    done = [look(paths[:1])]  # imports and compiles, once, what all of them need
    if rest := paths[1:]:
        done += parallel.each(look, parallel.divided(rest, parallel.processors(), FEW))
    return CheckedFolder(tuple(file for each in done for file in each.files), done[0].defaults)


def _look(
    folder: Path, names: Collection[str] | None, sources: Sources, no_env: bool, paths: Sequence[Path]
) -> CheckedFolder:
    loaded = Loader(folder, no_env=no_env, parse=sources.parse).read(paths)
    files = (
        _checked(file, sources, loaded.defaults, asked=names is None or Path(file.path).name in names)
        for file in loaded.files
    )
    return CheckedFolder(tuple(files), loaded.defaults)


def _checked(file: BotFile, sources: Sources, defaults: Defaults, *, asked: bool) -> CheckedFile:
    return CheckedFile(
        path=file.path,
        name=file.name,
        type=file.spec.type if file.spec else "",
        problems=file.problems,
        unprepared=tuple(_unprepared(file)) if asked else (),
        doubts=tuple(lint(file, sources, defaults)) if asked else (),
        claims=claims_of(file),
        sources=file.sources,
        calls=calls_of_answer(file.spec, ANSWER_S) if asked and file.spec else 0,
    )


def _unprepared(file: BotFile) -> Iterator[Problem]:
    """Why a file whose values are right still makes no bot; of one that is wrong elsewhere, what its card lacks."""
    try:
        if file.spec is not None:
            prepare(file.spec)
        elif file.partial_spec is not None:
            prepare_card(file.partial_spec, platform_type(file.partial_spec.type))
    except ConfigError as error:
        yield from error.problems
