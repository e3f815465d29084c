"""The loader: a folder of files becomes specs and problems, from one snapshot of everything used.

The supervisor makes the running bots equal to what comes out here; ``check``, ``dev`` and ``run``
share it. Only a file that changed, or that uses something that changed, is worked on again.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from imbot.errors import ConfigError, Problem
from imbot.loader.botfile import BotFile, read_bot
from imbot.loader.claims import Claim, Holder, settle
from imbot.loader.resolve import Options, problem
from imbot.loader.snapshot import Reader, Reads, Snapshot
from imbot.spec import BotSpec, Span

__all__ = ["BotFile", "LoadResult", "Loader", "bot_files"]

_START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the files of a folder came to, sorted by path."""

    files: tuple[BotFile, ...]

    @property
    def specs(self) -> tuple[BotSpec, ...]:
        """The specs of the files without error."""
        return tuple(file.spec for file in self.files if file.spec is not None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem once, sorted by place."""
        return tuple(sorted({problem for file in self.files for problem in file.problems}))


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file came to, and what that rests on."""

    file: BotFile
    reads: Reads


class Loader:
    """Loads one folder again and again, and remembers what it knows.

    ``environ``: instead of the process environment over the ``.env`` beside the folder. ``invent``: an
    unset placeholder under ``credentials`` gets a made-up value. ``no_env``: any counts as set.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        invent: bool = False,
        no_env: bool = False,
    ) -> None:
        self._folder = folder
        self._environ = environ
        self._options = Options(invent, no_env)
        self._known: dict[Path, _Known] = {}
        self._holders: dict[Claim, Holder] = {}

    def load(self, only: Collection[Path] | None = None) -> LoadResult:
        """Load the folder as it is now; with ``only``, as if it held just these files.

        What is wrong with a file is in the result. Raises ConfigError where the folder itself, or the
        ``.env`` beside it, cannot be read: nothing is known then, least of all that bots are gone.
        """
        paths = bot_files(self._folder) if only is None else sorted(set(only))
        snapshot = Snapshot(self._variables())
        known = {path: entry for path in paths if (entry := self._load(path, snapshot))}
        self._known = known
        files, self._holders = settle([entry.file for entry in known.values()], self._holders)
        return LoadResult(files)

    def _load(self, path: Path, snapshot: Snapshot) -> _Known | None:
        known = self._known.get(path)
        if known and snapshot.same(known.reads):
            return known
        reader = Reader(snapshot)
        try:
            return _Known(read_bot(path, reader, self._options), reader.reads)
        except FileNotFoundError:  # it went away since the folder was listed
            return None

    def _variables(self) -> Mapping[str, str]:
        if self._environ is not None:
            return self._environ
        path = self._folder.absolute().parent / ".env"
        try:
            beside = dotenv_values(path, interpolate=False)
        except (OSError, UnicodeDecodeError) as error:
            raise _unusable(path, "env.unreadable", error) from None
        return {name: value for name, value in beside.items() if value is not None} | os.environ


def bot_files(folder: Path) -> list[Path]:
    """Which files of a folder are bots, sorted. Raises ConfigError where it cannot be listed."""
    try:
        return sorted(path for path in folder.iterdir() if _is_bot(path))
    except OSError as error:
        raise _unusable(folder, "folder.unreadable", error) from None


def _is_bot(path: Path) -> bool:
    named = path.suffix in (".yaml", ".yml") and path.name[0] not in "._"
    # a link to nothing is a broken bot, not one that was taken away
    return named and not path.name.endswith(".test.yaml") and (path.is_file() or path.is_symlink())


def _unusable(path: Path, code: str, error: OSError | UnicodeDecodeError) -> ConfigError:
    why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
    return ConfigError([problem(str(path), _START, "", code, f"{path} cannot be read: {why}")])
