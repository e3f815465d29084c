"""The snapshot: everything one load reads, each thing once, and who read what.

However files change while a load runs, every bot file sees the same content of a shared one. What a
``Reader`` noted tells at the next load, against the next snapshot, whether the work must be done again.
"""

import hashlib
import os
import stat
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from errno import EINVAL, EIO, EISDIR
from pathlib import Path
from typing import Any

from imbot.yamlfile.text import MAX_BYTES

Reads = Mapping[tuple[str, str], Hashable]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was found, or why nothing was; ``mark`` is equal exactly when that is."""

    mark: Hashable
    value: Any = None
    error: tuple[int, str] | None = None


class Snapshot:
    """Files and variables as they are when first asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.variables = environ
        self._seen: dict[tuple[str, str], _Reading] = {}

    def look(self, what: str, name: str) -> _Reading:
        """One thing, read at most once."""
        key = (what, name)
        if key not in self._seen:
            self._seen[key] = self._read(what, name)
        return self._seen[key]

    def same(self, reads: Reads) -> bool:
        """Whether everything that was read once is still the same."""
        return all(self.look(*key).mark == mark for key, mark in reads.items())

    def _read(self, what: str, name: str) -> _Reading:
        if what == "variable":
            value = self.variables.get(name)
            return _Reading(value, value)
        try:
            return _READ[what](Path(name))
        except OSError as error:
            why = (error.errno or EIO, error.strerror or "cannot be read")
        except ValueError:  # a path with a NUL in it
            why = (EINVAL, "no file has such a name")
        return _Reading(why, error=why)


class Reader:
    """One reader of a snapshot; ``reads`` is what it has seen so far. Every method may raise OSError."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.reads: dict[tuple[str, str], Hashable] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file and folder that was looked for, found or not, sorted."""
        return tuple(sorted({name for what, name in self.reads if what in ("content", "markdown")}))

    def content(self, path: Path) -> bytes:
        """The bytes of a regular file; of one that is too large only the first, one more than allowed."""
        content: bytes = self._get("content", str(path))
        return content

    def names(self, folder: Path) -> tuple[str, ...]:
        """What a folder holds, sorted."""
        names: tuple[str, ...] = self._get("names", str(folder))
        return names

    def markdown(self, folder: Path) -> tuple[str, ...]:
        """The ``*.md`` files below a folder as relative paths, sorted; hidden ones left out."""
        names: tuple[str, ...] = self._get("markdown", str(folder))
        return names

    def real(self, path: Path) -> Path:
        """The path with every link followed."""
        real: Path = self._get("real", str(path))
        return real

    def variable(self, name: str) -> str | None:
        """An environment variable."""
        value: str | None = self._get("variable", name)
        return value

    def variables(self) -> tuple[str, ...]:
        """The names of all environment variables, for proposing one: what they are is not noted."""
        return tuple(self._snapshot.variables)

    def _get(self, what: str, name: str) -> Any:
        reading = self._snapshot.look(what, name)
        self.reads[what, name] = reading.mark
        if reading.error:
            raise OSError(*reading.error)
        return reading.value


class Variables(Mapping[str, str]):
    """The environment as a mapping, every look at it noted by a reader."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getitem__(self, name: str) -> str:
        value = self._reader.variable(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for what, name in self._reader.reads if what == "variable" and name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _content(path: Path) -> _Reading:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise OSError(EISDIR, "it is a folder")
    if not stat.S_ISREG(mode):  # opening a pipe would wait for its other end
        raise OSError(EINVAL, "it is not a regular file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    return _Reading(hashlib.sha256(content).digest(), content)


def _names(path: Path) -> _Reading:
    names = tuple(sorted(entry.name for entry in path.iterdir()))
    return _Reading(names, names)


def _markdown(path: Path) -> _Reading:
    found: list[str] = []
    for top, folders, files in os.walk(path, onerror=_fail):
        # a mounted volume keeps its real files in hidden folders beside the links to them
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(top).relative_to(path)
        found += [(below / name).as_posix() for name in files if name.endswith(".md") and name[0] != "."]
    names = tuple(sorted(found))
    return _Reading(names, names)


def _fail(error: OSError) -> None:
    raise error


def _real(path: Path) -> _Reading:
    real = Path(os.path.realpath(path))  # unlike `resolve`, it does not mind a link that leads to itself
    return _Reading(real, real)


_READ = {"content": _content, "names": _names, "markdown": _markdown, "real": _real}
