"""Checks bot files one by one: loads and prepares them as ``run`` does, and applies the lints.

Many files are divided over the processors. Conflicts between files are found by ``check``.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
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
from imbot.errors import ConfigError, Problem, contained
from imbot.platforms import platform_type
from imbot.problems import ANSWER_S
from imbot.problems.sources import Sources

FEW = 100  # files for which a further process is not worth while


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A bot file with its problems, and what it claims for itself alone.

    ``problems`` are the loader's, ``unprepared`` those of preparing it, ``doubts`` those of the lints.
    ``type`` is empty if there is no spec. ``calls`` is the most calls of an answer of ``ANSWER_S`` seconds.
    ``sources`` is every file that was looked for.
    """

    path: str
    name: str | None
    type: str
    problems: tuple[Problem, ...]
    claims: tuple[Claim, ...]
    sources: tuple[str, ...]
    unprepared: tuple[Problem, ...] = ()
    doubts: tuple[Problem, ...] = ()
    calls: int = 0


@dataclass(frozen=True, slots=True)
class CheckedFolder:
    """The bot files of a folder, sorted by path, and the defaults they share."""

    files: tuple[CheckedFile, ...]
    defaults: Defaults


def check_files(
    folder: Path, names: Collection[str] | None, sources: Sources, *, no_env: bool = False
) -> CheckedFolder:
    """Check the bot files of a folder. Files that are not among ``names`` are only loaded; None: check all.

    Raises ConfigError if the folder itself, or the ``.env`` beside it, cannot be read.
    """
    paths = bot_files(folder)
    look = partial(_look, folder, names, sources, no_env)
    # the first one before the fork: what it imports and compiles is then there for all processes
    done = [look(paths[:1])]
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
    checked = CheckedFile(
        path=file.path,
        name=file.name,
        type=file.spec.type if file.spec else "",
        problems=file.problems,
        claims=claims_of(file),
        sources=file.sources,
    )
    if not asked:
        return checked
    checked = replace(checked, unprepared=tuple(_unprepared(file)))
    try:
        with contained(file.path, "file.defect"):
            calls = calls_of_answer(file.spec, ANSWER_S) if file.spec else 0
            drawn = (
                replace(file, spec=None) if checked.unprepared else file
            )  # what cannot be drawn is told already
            return replace(checked, doubts=tuple(lint(drawn, sources, defaults)), calls=calls)
    except ConfigError as error:
        return replace(checked, unprepared=(*checked.unprepared, *error.problems))


def _unprepared(file: BotFile) -> Iterator[Problem]:
    """The problems of preparing a file; of one that has errors elsewhere, only those of its card."""
    try:
        if file.spec is not None:
            prepare(file.spec)
        elif file.partial_spec is not None:
            with contained(file.path, "bot.defect", pointer="/card"):
                prepare_card(file.partial_spec, platform_type(file.partial_spec.type))
    except ConfigError as error:
        yield from error.problems
