"""The snapshot: everything that one load reads, each file and variable once.

All bot files see the same content of a shared file, even if it changes during the load. What a ``Reader`` has
noted is compared with the next snapshot, to see whether its bot file must be processed again.
"""

import hashlib
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from errno import EINVAL, EIO
from functools import partial
from pathlib import Path
from typing import Any

from imbot.config.loader.literals import literals
from imbot.config.regular_file import read_regular
from imbot.config.yamlfile import MAX_BYTES, YamlFile, read_yaml
from imbot.errors import ConfigError

Reads = Mapping[tuple[str, str], Hashable]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, or the error; two readings are the same exactly if their ``mark`` is equal."""

    mark: Hashable
    value: Any = None
    error: tuple[int, str] | None = None


PathRead = Callable[[Path], Reading]
Parse = Callable[[bytes, str], YamlFile]


class Snapshot:
    """Files and variables as they were when first asked for.

    ``files`` replaces the reads from disk. ``parse`` parses YAML; a caller can pass its own to keep the
    results.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        files: Mapping[str, PathRead] | None = None,
        parse: Parse = read_yaml,
    ) -> None:
        self.variables = environ
        self._files = {**ON_DISK, **(files or {})}
        self._seen: dict[tuple[str, str], Reading] = {}
        self._parse = parse
        self._parsed: dict[str, YamlFile | ConfigError] = {}
        self._literals: dict[str, frozenset[str]] = {}

    def look(self, what: str, name: str) -> Reading:
        """The reading of one file, folder or variable, made at most once."""
        key = (what, name)
        if key not in self._seen:
            self._seen[key] = self._read(what, name)
        return self._seen[key]

    def parsed(self, content: bytes, path: str) -> YamlFile:
        """The parsed file of this content, parsed at most once. Raises ConfigError."""
        if path not in self._parsed:
            try:
                self._parsed[path] = self._parse(content, path)
            except ConfigError as error:
                self._parsed[path] = error
        file = self._parsed[path]
        if isinstance(file, ConfigError):
            raise ConfigError(file.problems)
        return file

    def literals(self, path: str) -> frozenset[str]:
        """The secrets written in a file, if it was parsed for this load."""
        if path not in self._literals:
            file = self._parsed.get(path)
            self._literals[path] = literals(file) if isinstance(file, YamlFile) else frozenset()
        return self._literals[path]

    def same(self, reads: Reads) -> bool:
        """Whether these readings of an earlier snapshot are still the same."""
        return all(self.look(*key).mark == mark for key, mark in reads.items())

    def _read(self, what: str, name: str) -> Reading:
        if what == "variable":
            value = self.variables.get(name)
            return Reading(value, value)
        try:
            return self._files[what](Path(name))
        except OSError as error:
            why = (error.errno or EIO, error.strerror or "cannot be read")
        except ValueError:  # a path with a NUL in it
            why = (EINVAL, "no file has such a name")
        return Reading(why, error=why)


class Reader:
    """Reads a snapshot for one bot file, and notes all that it read. Methods may raise OSError."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.reads: dict[tuple[str, str], Hashable] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file and folder that was looked for, found or not, sorted."""
        found = {name for what, name in self.reads if what in ("content", "secret", "markdown", "link")}
        return tuple(sorted(found))

    @property
    def contents(self) -> dict[str, bytes]:
        """The content of every file that was read, by path, without secret files."""
        secret = {name for what, name in self.reads if what == "secret"}
        found = sorted(name for what, name in self.reads if what == "content" and name not in secret)
        looks = {name: self._snapshot.look("content", name) for name in found}
        return {name: look.value for name, look in looks.items() if not look.error}

    def note(self, reads: Reads) -> None:
        """Note what another reader has read, as if this one had."""
        for what, name in reads:
            self.reads[what, name] = self._snapshot.look(what, name).mark

    def content(self, path: Path) -> bytes:
        """The bytes of a regular file; of one that is too large, only one more than allowed."""
        content: bytes = self._get("content", str(path))
        return content

    def parsed(self, content: bytes, path: Path) -> YamlFile:
        """The parsed file of this content. Raises ConfigError."""
        return self._snapshot.parsed(content, str(path))

    def secret(self, path: Path) -> bytes:
        """The bytes of a file that holds a secret."""
        content: bytes = self._get("secret", str(path))
        return content

    def names(self, folder: Path) -> tuple[str, ...]:
        """What a folder holds, sorted."""
        names: tuple[str, ...] = self._get("names", str(folder))
        return names

    def markdown(self, folder: Path) -> tuple[str, ...]:
        """The ``*.md`` files below a folder as relative paths, sorted; hidden ones left out."""
        names: tuple[str, ...] = self._get("markdown", str(folder))
        return names

    def texts(self, folder: Path) -> tuple[str, ...]:
        """The ``*.j2`` files below a folder as relative paths, sorted; hidden ones left out."""
        names: tuple[str, ...] = self._get("texts", str(folder))
        return names

    def real(self, path: Path) -> Path:
        """The path with every link followed."""
        real: Path = self._get("real", str(path))
        return real

    def refuse(self, path: Path) -> None:
        """Note a link that is not read as it leads out of the folder, so that a change of it is noticed."""
        self._get("link", str(path))

    def variable(self, name: str) -> str | None:
        """An environment variable."""
        value: str | None = self._get("variable", name)
        return value

    def variables(self) -> tuple[str, ...]:
        """The names of all variables, to suggest one; this look is not noted."""
        return tuple(self._snapshot.variables)

    def _get(self, what: str, name: str) -> Any:
        reading = self._snapshot.look(what, name)
        self.reads[what, name] = reading.mark
        if reading.error:
            raise OSError(*reading.error)
        return reading.value


class EnvVariables(Mapping[str, str]):
    """The environment as a mapping; every look is noted by a reader."""

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


def _content(path: Path) -> Reading:
    content = read_regular(path, MAX_BYTES + 1)
    return Reading(hashlib.sha256(content).digest(), content)


def _names(path: Path) -> Reading:
    names = tuple(sorted(entry.name for entry in path.iterdir()))
    return Reading(names, names)


def _below(ending: str, path: Path) -> Reading:
    """The files below a folder whose names end with ``ending``, as sorted relative paths."""
    found: list[str] = []
    for top, folders, files in os.walk(path, onerror=_fail):
        # a mounted volume keeps its real files in hidden folders beside the links to them
        folders[:] = [name for name in folders if not name.startswith(".")]
        below = Path(top).relative_to(path)
        found += [(below / name).as_posix() for name in files if name.endswith(ending) and name[0] != "."]
    names = tuple(sorted(found))
    return Reading(names, names)


def _fail(error: OSError) -> None:
    raise error


def _real(path: Path) -> Reading:
    real = Path(os.path.realpath(path))  # unlike `resolve`, it does not mind a link that leads to itself
    return Reading(real, real)


ON_DISK: Mapping[str, PathRead] = {
    "content": _content, "secret": _content, "names": _names, "real": _real, "link": _real,
    "markdown": partial(_below, ".md"), "texts": partial(_below, ".j2"),
}  # fmt: skip
