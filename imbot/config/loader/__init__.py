"""The loader: turns a folder of bot files into specs and problems, from one snapshot of all files they use.

``check``, ``dev`` and ``run`` share it. Only files that have changed, or that use something that has changed,
are processed again.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

from imbot.config.file_names import names_bot
from imbot.config.loader.botfile import BotFile, read_bot
from imbot.config.loader.defaults import Defaults, read_defaults, with_inheritors
from imbot.config.loader.env import read_env
from imbot.config.loader.redacted import folder_of
from imbot.config.loader.resolve import Options
from imbot.config.loader.settling import Believed, UnsettledError, always, at_rest, settled_reads
from imbot.config.loader.snapshot import Parse, Reader, Reads, Snapshot
from imbot.config.loader.unique import ClaimKey, Holder, settle
from imbot.config.yamlfile import read_yaml
from imbot.errors import START, ConfigError, Problem
from imbot.spec import BotSpec
from imbot.text.masking import masked

__all__ = ["BotFile", "FolderMissingError", "LoadResult", "Loader", "bot_files"]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The bot files of a folder, sorted by path, and the defaults they share.

    ``read`` holds, for each bot file that was processed again, the contents of all files it is made from, by
    path. ``awaited`` are files that are being written; bots that use them are as they were loaded before.
    ``missing``: there is no folder.
    """

    files: tuple[BotFile, ...]
    read: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False, compare=False)
    awaited: frozenset[str] = frozenset()
    missing: bool = False
    defaults: Defaults = field(default_factory=Defaults)

    @property
    def sources(self) -> frozenset[str]:
        """Every file that was looked for. While none of them changes, a load gives the same result."""
        return self.awaited.union(self.defaults.sources, *(file.sources for file in self.files))

    @property
    def specs(self) -> tuple[BotSpec, ...]:
        """The specs of the files without error."""
        return tuple(file.spec for file in self.files if file.spec is not None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem once, sorted by place."""
        files = (problem for file in self.files for problem in file.problems)
        return tuple(sorted({*files, *self.defaults.problems}))


@dataclass(slots=True)
class _Pass:
    """The state of one load under way."""

    snapshot: Snapshot
    moved: AbstractSet[str] | None = None
    read: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    stalled: UnsettledError | None = None  # the defaults are being written: changed bot files wait for them


@dataclass(frozen=True, slots=True)
class _Known:
    """A loaded file and all that was read for it. ``whole``: none of it was being written at that time."""

    file: BotFile
    reads: Reads
    whole: bool = True

    def rests(self, load: _Pass) -> bool:
        """Whether a load would give the same result, as far as that is certain without reading."""
        if not self.whole or load.moved is None or not load.moved.isdisjoint(self.file.sources):
            return False
        variables = load.snapshot.variables
        return all(
            variables.get(name) == mark for (what, name), mark in self.reads.items() if what == "variable"
        )


class FolderMissingError(ConfigError):
    """There is no bots folder."""


class Loader:
    """Loads one folder repeatedly, and remembers what has not changed.

    ``environ`` replaces the environment variables and the ``.env`` beside the folder. ``invent``: unset
    placeholders under ``credentials`` get made-up values. ``no_env``: unset variables count as set. ``parse``
    parses YAML.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        invent: bool = False,
        no_env: bool = False,
        parse: Parse = read_yaml,
    ) -> None:
        self._folder = folder
        self._parse = parse
        self._environ = environ
        self._options = Options(invent, no_env)
        self._known: dict[Path, _Known] = {}
        self._holders: dict[ClaimKey, Holder] = {}
        self._beside: Mapping[str, str] = {}
        self._complete = False  # whether the last load was finished
        self._defaults = Defaults()
        self._defaults_reads: Reads | None = None
        self._defaults_literals: frozenset[str] = frozenset()

    def load(
        self,
        only: Collection[Path] | None = None,
        believed: Believed = always,
        moved: AbstractSet[str] | None = None,
    ) -> LoadResult:
        """Load the folder as it is now; with ``only``, as if it held just these files.

        A bot that uses a file that is not ``believed`` is as it was loaded before. ``moved``, if given, names
        every file that may have changed since the last load; no others are read. Problems of bot files are in
        the result.

        Raises ConfigError if the folder itself, or the ``.env`` beside it, cannot be read: then nothing is
        known about the bots, and they must not be taken for removed. FolderMissingError is such an error.
        """
        loaded = self.read(only, believed, moved)
        files, self._holders = settle(loaded.files, self._holders)
        return _with_inheritors(replace(loaded, files=files))

    def read(
        self,
        only: Collection[Path] | None = None,
        believed: Believed = always,
        moved: AbstractSet[str] | None = None,
    ) -> LoadResult:
        """The same, but each file on its own: two bots may claim the same name or app."""
        complete, self._complete = self._complete, False
        paths = self._paths(believed) if only is None else sorted(set(only))
        snapshot = Snapshot(self._variables(believed), settled_reads(believed), self._parse)
        load = _Pass(snapshot, moved if complete else None)
        self._load_defaults(load)
        known = {path: entry for path in paths if (entry := self._load(path, load))}
        self._known = known
        self._complete = True
        files = tuple(entry.file for entry in known.values())
        # Masked only for readers: what bots inherit is found by pointers, which masking would change.
        defaults = replace(self._defaults, problems=self._discreet(self._defaults.problems, load.snapshot))
        return LoadResult(files, load.read, frozenset(load.awaited), defaults=defaults)

    def load_kept(self, kept: Mapping[Path, Mapping[Path, bytes]]) -> LoadResult:
        """Load stored bot files, each with the stored contents of the files it uses, by path.

        Variables and secret files are read as they are now. What this loader remembers is not changed.
        """
        variables = self._variables()
        snapshots = {path: Snapshot(variables, folder_of(contents)) for path, contents in kept.items()}
        files = [self._as_kept(path, each) for path, each in snapshots.items()]
        return LoadResult(settle(files, {})[0])

    def _as_kept(self, path: Path, snapshot: Snapshot) -> BotFile:
        defaults = read_defaults(path.parent, Reader(snapshot), self._options)
        file = read_bot(path, Reader(snapshot), self._options, defaults)
        return replace(file, problems=self._discreet(file.problems, snapshot))

    def hold(self, files: Iterable[BotFile]) -> None:
        """These bots run: their names and apps stay theirs while their own files are broken."""
        self._holders = settle(files, {})[1]

    def apart(self) -> "Loader":
        """A copy that remembers the same.

        Its loads do not affect this one: what is remembered is never mutated.
        """
        return copy(self)

    def _paths(self, believed: Believed) -> list[Path]:
        """The bot files in the folder, and those that have vanished but may only be being replaced."""
        paths = bot_files(self._folder)
        gone = self._known.keys() - set(paths)
        return sorted([*paths, *(path for path in gone if not believed(str(path)))]) if gone else paths

    def _load_defaults(self, load: _Pass) -> None:
        reader = Reader(load.snapshot)
        try:
            if self._defaults_reads is None or not load.snapshot.same(self._defaults_reads):
                self._defaults = read_defaults(self._folder, reader, self._options)
                self._defaults_reads = reader.reads
                self._defaults_literals = load.snapshot.literals(self._defaults.path)
        except UnsettledError as error:
            load.awaited.add(error.path)
            load.stalled = error

    def _load(self, path: Path, load: _Pass) -> _Known | None:
        known = self._known.get(path)
        reader = Reader(load.snapshot)
        try:
            if known and (known.rests(load) or load.snapshot.same(known.reads)):
                return known if known.whole else replace(known, whole=True)
            if load.stalled:
                raise load.stalled
            file = read_bot(path, reader, self._options, self._defaults)
        except UnsettledError as error:
            load.awaited.add(error.path)
            return known and replace(known, whole=False)
        except FileNotFoundError:  # it was removed after the folder was listed
            return None
        load.read[file.path] = reader.contents
        return _Known(replace(file, problems=self._discreet(file.problems, load.snapshot)), reader.reads)

    def _discreet(self, problems: Iterable[Problem], snapshot: Snapshot) -> tuple[Problem, ...]:
        """The problems without any secret that is written in their files."""
        shared = {self._defaults.path: self._defaults_literals}  # which may be of an earlier load
        told = (masked(each, shared.get(each.path) or snapshot.literals(each.path)) for each in problems)
        return tuple(sorted(told))

    def _variables(self, believed: Believed = always) -> Mapping[str, str]:
        if self._environ is not None:
            return self._environ
        with suppress(UnsettledError):
            self._beside = at_rest(read_env, believed, self._folder.absolute().parent / ".env")
        return {**self._beside, **os.environ}


def _with_inheritors(loaded: LoadResult) -> LoadResult:
    """The same result, with the names of the bots that inherit them in the problems of the defaults."""
    files, defaults = loaded.files, loaded.defaults
    told = with_inheritors(((file.name or file.path, file.problems) for file in files), defaults.path)
    if not told:
        return loaded
    named = [replace(file, problems=tuple(told.get(each, each) for each in file.problems)) for file in files]
    problems = tuple(told.get(each, each) for each in defaults.problems)
    return replace(loaded, files=tuple(named), defaults=replace(defaults, problems=problems))


def bot_files(folder: Path) -> list[Path]:
    """The bot files of a folder, sorted. Raises ConfigError if it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return [folder / name for name in sorted(entry.name for entry in entries if _is_bot(entry))]
    except FileNotFoundError:
        raise FolderMissingError([_trouble(folder, "there is no folder {}")]) from None
    except OSError as error:
        raise ConfigError([_trouble(folder, f"{{}} cannot be read: {error.strerror}")]) from None


def _is_bot(entry: "os.DirEntry[str]") -> bool:
    # Whatever has such a name is meant as a bot: a link to nothing, or a folder, is a broken one, not a removed one
    return names_bot(entry.name)


def _trouble(folder: Path, text: str) -> Problem:
    return Problem.at(str(folder), START, "folder.unreadable", text.format(folder))
