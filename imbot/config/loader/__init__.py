"""The loader: a folder of files becomes specs and problems, from one snapshot of everything used.

The supervisor makes the running bots equal to what comes out here; ``check``, ``dev`` and ``run``
share it. Only a file that changed, or that uses something that changed, is worked on again.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path

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

__all__ = ["BotFile", "FolderMissingError", "LoadResult", "Loader", "bot_files", "names_bot"]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the files of a folder came to, sorted by path.

    ``read`` holds of each bot file that was worked on anew, by its path, the content of every file it
    is made from. ``awaited``: files that move, so that bots which use them are as they were. ``missing``:
    there is no folder. ``defaults`` are what the files share.
    """

    files: tuple[BotFile, ...]
    read: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict, repr=False, compare=False)
    awaited: frozenset[str] = frozenset()
    missing: bool = False
    defaults: Defaults = field(default_factory=Defaults)

    @property
    def sources(self) -> frozenset[str]:
        """Every file that was looked for: while none of them changes, the files come to the same."""
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
    """One load under way."""

    snapshot: Snapshot
    moved: AbstractSet[str] | None = None
    read: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    awaited: set[str] = field(default_factory=set)
    stalled: UnsettledError | None = None  # the defaults move: what is not as it was has to wait for them


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file came to, and what that rests on. ``whole``: nothing it uses was moving then."""

    file: BotFile
    reads: Reads
    whole: bool = True

    def rests(self, load: _Pass) -> bool:
        """Whether it is known to be the same without reading anything."""
        if not self.whole or load.moved is None or not load.moved.isdisjoint(self.file.sources):
            return False
        variables = load.snapshot.variables
        return all(
            variables.get(name) == mark for (what, name), mark in self.reads.items() if what == "variable"
        )


class FolderMissingError(ConfigError):
    """There is no bots folder."""


class Loader:
    """Loads one folder again and again, and remembers what it knows.

    ``environ``: instead of the process environment over the ``.env`` beside the folder. ``invent``: an
    unset placeholder under ``credentials`` gets a made-up value. ``no_env``: any counts as set. ``parse``
    makes values of YAML.
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
        self._complete = False  # whether the last load saw everything
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

        What uses a file that is not ``believed`` is as it was. ``moved`` names every file that may be other
        than at the last load, where that is known: nothing else is read. What is wrong with a file is in
        the result.
        Raises ConfigError where the folder itself, or the ``.env`` beside it, cannot be read: nothing is
        known then, least of all that bots are gone. FolderMissingError is one.
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
        """The same, but every file on its own: what only one bot may have, several may claim."""
        complete, self._complete = self._complete, False
        paths = self._paths(believed) if only is None else sorted(set(only))
        snapshot = Snapshot(self._variables(believed), settled_reads(believed), self._parse)
        load = _Pass(snapshot, moved if complete else None)
        self._load_defaults(load)
        known = {path: entry for path in paths if (entry := self._load(path, load))}
        self._known = known
        self._complete = True
        files = tuple(entry.file for entry in known.values())
        # for those who read it: what bots inherit goes by where it stands, and must not be masked
        defaults = replace(self._defaults, problems=self._discreet(self._defaults.problems, load.snapshot))
        return LoadResult(files, load.read, frozenset(load.awaited), defaults=defaults)

    def load_kept(self, kept: Mapping[Path, Mapping[Path, bytes]]) -> LoadResult:
        """Load bot files as they once were, each from its own folder of contents.

        Variables and secret files are today's. What this loader knows is not touched.
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
        """These run: what they claim is theirs, against all other files, while their own are broken."""
        self._holders = settle(files, {})[1]

    def apart(self) -> "Loader":
        """One that knows the same; what it learns stays its own, for what it knows is replaced, never changed."""
        return copy(self)

    def _paths(self, believed: Believed) -> list[Path]:
        """The bot files there are, and those that only seem to have gone."""
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
        except FileNotFoundError:  # it went away since the folder was listed
            return None
        load.read[file.path] = reader.contents
        return _Known(replace(file, problems=self._discreet(file.problems, load.snapshot)), reader.reads)

    def _discreet(self, problems: Iterable[Problem], snapshot: Snapshot) -> tuple[Problem, ...]:
        """Problems that say none of the secrets which are written into the files they are about."""
        shared = {self._defaults.path: self._defaults_literals}  # which may be known from an earlier load
        told = (masked(each, shared.get(each.path) or snapshot.literals(each.path)) for each in problems)
        return tuple(sorted(told))

    def _variables(self, believed: Believed = always) -> Mapping[str, str]:
        if self._environ is not None:
            return self._environ
        with suppress(UnsettledError):
            self._beside = at_rest(read_env, believed, self._folder.absolute().parent / ".env")
        return {**self._beside, **os.environ}


def _with_inheritors(loaded: LoadResult) -> LoadResult:
    """The same, every problem of the defaults with the bots that inherit it."""
    files, defaults = loaded.files, loaded.defaults
    told = with_inheritors(((file.name or file.path, file.problems) for file in files), defaults.path)
    if not told:
        return loaded
    named = [replace(file, problems=tuple(told.get(each, each) for each in file.problems)) for file in files]
    problems = tuple(told.get(each, each) for each in defaults.problems)
    return replace(loaded, files=tuple(named), defaults=replace(defaults, problems=problems))


def bot_files(folder: Path) -> list[Path]:
    """Which files of a folder are bots, sorted. Raises ConfigError where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return [folder / name for name in sorted(entry.name for entry in entries if _is_bot(entry))]
    except FileNotFoundError:
        raise FolderMissingError([_trouble(folder, "there is no folder {}")]) from None
    except OSError as error:
        raise ConfigError([_trouble(folder, f"{{}} cannot be read: {error.strerror}")]) from None


def names_bot(name: str) -> bool:
    """Whether a file of that name, directly in a bots folder, is a bot."""
    return (
        name[:1] not in ("", ".", "_")
        and name.endswith((".yaml", ".yml"))
        and not name.endswith(".test.yaml")
    )


def _is_bot(entry: "os.DirEntry[str]") -> bool:
    # a link to nothing is a broken bot, not one that was taken away
    return names_bot(entry.name) and (entry.is_symlink() or entry.is_file())


def _trouble(folder: Path, text: str) -> Problem:
    return Problem.at(str(folder), START, "folder.unreadable", text.format(folder))
