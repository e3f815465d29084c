"""The loader: a folder of files becomes specs and problems, from one snapshot of everything used.

The supervisor makes the running bots equal to what comes out here; ``check``, ``dev`` and ``run``
share it. Only a file that changed, or that uses something that changed, is worked on again.
"""

import os
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dotenv import dotenv_values

from imbot.botfile import BotFile, read_bot
from imbot.errors import ConfigError, Problem
from imbot.pointers import span_at
from imbot.resolve import Options, problem
from imbot.snapshot import Reader, Reads, Snapshot
from imbot.spec import BotSpec, Span

__all__ = ["BotFile", "LoadResult", "Loader", "bot_files"]

_START = Span(1, 1, 1, 1)

Claim = tuple[str, ...]  # what only one bot may have: ("name", its name), ("identity", type, identity)


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


@dataclass(frozen=True, slots=True)
class _Holder:
    """The file that has a claim, and where it says so."""

    path: str
    place: str


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
        self._holders: dict[Claim, _Holder] = {}

    def load(self, only: Collection[Path] | None = None) -> LoadResult:
        """Load the folder as it is now; with ``only``, as if it held just these files.

        What is wrong with a file is in the result. Raises ConfigError where the folder itself, or the
        ``.env`` beside it, cannot be read: nothing is known then, least of all that bots are gone.
        """
        paths = bot_files(self._folder) if only is None else sorted(set(only))
        snapshot = Snapshot(self._variables())
        known = {path: entry for path in paths if (entry := self._load(path, snapshot))}
        self._known = known
        files, self._holders = _settle([entry.file for entry in known.values()], self._holders)
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


# -- what only one bot may have


def _settle(
    files: Iterable[BotFile], before: Mapping[Claim, _Holder]
) -> tuple[tuple[BotFile, ...], dict[Claim, _Holder]]:
    """Reject every file that claims what another has; the files, and who has what now.

    Who has had it keeps it, even while its file is broken, as its bot goes on running. Among
    newcomers the first path wins, however the files were found.
    """
    settled = {file.path: file for file in files}
    held = {claim: holder for claim, holder in before.items() if _broken(settled.get(holder.path))}
    for file in sorted(settled.values(), key=lambda file: _rank(file, before)):
        claims = _claims(file)
        taken = [(claim, held[claim]) for claim in claims if claim in held]
        if taken:
            rejections = [_rejection(file, claim, holder) for claim, holder in taken]
            settled[file.path] = replace(
                file, spec=None, problems=tuple(sorted([*file.problems, *rejections]))
            )
        else:
            held |= {claim: _Holder(file.path, _place(file, claim)) for claim in claims}
    return tuple(settled.values()), held


def _broken(file: BotFile | None) -> bool:
    return file is not None and file.spec is None


def _claims(file: BotFile) -> list[Claim]:
    """A bot that is not enabled connects to nothing, so it has a name only."""
    spec = file.spec
    if spec is None:
        return []
    connects = spec.enabled and spec.identity
    return [("name", spec.name), *([("identity", spec.type, spec.identity)] if connects else [])]


def _rank(file: BotFile, before: Mapping[Claim, _Holder]) -> tuple[Hashable, ...]:
    """First those who claim only what they have, then those who have something, then newcomers."""
    has = [claim in before and before[claim].path == file.path for claim in _claims(file)]
    return (not all(has), not any(has), file.path)


def _rejection(file: BotFile, claim: Claim, holder: _Holder) -> Problem:
    at, what = _said(file, claim)
    message = f"{what} is taken by {holder.place}"
    hint = "give this bot another one, or remove one of the two files"
    assert file.spec is not None
    return problem(file.path, _span(file.spec, at), at, f"{claim[0]}.taken", message, hint)


def _place(file: BotFile, claim: Claim) -> str:
    assert file.spec is not None
    span = _span(file.spec, _said(file, claim)[0])
    return f"{file.path}:{span.line}:{span.column}"


def _said(file: BotFile, claim: Claim) -> tuple[str, str]:
    """Where a file makes a claim, and the claim in words."""
    assert file.spec is not None
    if claim[0] == "name":
        return "/name", f"the name `{claim[1]}`"
    key = next(key for key, value in file.spec.credentials.items() if value == file.spec.identity)
    return f"/credentials/{key}", f"`{key}` {claim[2]}"


def _span(spec: BotSpec, at: str) -> Span:
    return span_at(spec.marks, at) if at in spec.marks.values else _START
