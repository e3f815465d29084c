"""The files that problems are in, each read once: their lines, values and secrets.

``excerpt`` shows their lines; the lints use their values and comments.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from imbot.config.regular_file import read_regular
from imbot.config.yamlfile import MAX_BYTES, YamlFile, read_yaml
from imbot.config.yamlfile.lines import Lines
from imbot.errors import ConfigError
from imbot.problems.masks import Masks, masks_of_template, masks_of_text, masks_of_values


@dataclass(frozen=True)
class Source:
    """One file as it is now."""

    path: str
    content: bytes = field(repr=False)
    parsed: YamlFile | None = field(default=None, repr=False)

    @cached_property
    def yaml(self) -> YamlFile | None:
        """Its value and marks; None if it does not parse as a mapping."""
        if self.parsed or not self._is_yaml:
            return self.parsed
        try:
            return read_yaml(self.content, self.path)
        except ConfigError:
            return None

    @cached_property
    def text(self) -> str:
        """Its text; if that is not valid UTF-8, it is correct up to the first damaged place."""
        return self.content.decode("utf-8-sig", "replace")

    @cached_property
    def lines(self) -> Lines:
        """Its lines."""
        return Lines(self.text)

    @cached_property
    def masks(self) -> Masks | None:
        """The parts of it that must not be shown; None if none of it may be, as no rule finds its secrets."""
        if self.yaml:
            return masks_of_values(self.yaml)
        if self._is_yaml:
            return masks_of_text(self.text)
        return masks_of_template(self.text) if self.path.endswith(".j2") else None

    @property
    def _is_yaml(self) -> bool:
        return self.path.endswith((".yaml", ".yml"))


class Sources:
    """The files of one check, read when first asked for."""

    def __init__(self) -> None:
        self._read: dict[str, Source | None] = {}

    def parse(self, content: bytes, path: str) -> YamlFile:
        """Parse a file for the loader, and keep the result for later. Raises ConfigError."""
        file = read_yaml(content, path)
        self._read[path] = Source(path, content, file)
        return file

    def of(self, path: str) -> Source | None:
        """A file; None if it cannot be read."""
        if path not in self._read:
            self._read[path] = _source(Path(path))
        return self._read[path]


def _source(path: Path) -> Source | None:
    try:
        return Source(str(path), read_regular(path, MAX_BYTES + 1))
    except (OSError, ValueError):
        return None
