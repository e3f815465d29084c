"""The files problems point into, read once each: their lines, their values, and what is secret in them.

``excerpt`` shows lines of them, ``lints`` look at their values and comments.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from imbot.config.yamlfile import MAX_BYTES, YamlFile, read_yaml
from imbot.config.yamlfile.lines import Lines
from imbot.errors import ConfigError
from imbot.problems.masks import Masks, masks_of_text, masks_of_values


@dataclass(frozen=True)
class Source:
    """One file as it is now."""

    path: str
    content: bytes = field(repr=False)
    parsed: YamlFile | None = field(default=None, repr=False)

    @cached_property
    def yaml(self) -> YamlFile | None:
        """Its value and marks; None for what does not parse as a mapping."""
        if self.parsed or not self._is_yaml:
            return self.parsed
        try:
            return read_yaml(self.content, self.path)
        except ConfigError:
            return None

    @cached_property
    def text(self) -> str:
        """Its text; where that is damaged, what stands before that place is right."""
        return self.content.decode("utf-8-sig", "replace")

    @cached_property
    def lines(self) -> Lines:
        """Its lines."""
        return Lines(self.text)

    @cached_property
    def masks(self) -> Masks:
        """What must not be shown of it."""
        if self.yaml:
            return masks_of_values(self.yaml)
        return masks_of_text(self.text) if self._is_yaml else Masks(self.text)

    @property
    def _is_yaml(self) -> bool:
        return self.path.endswith((".yaml", ".yml"))


class Sources:
    """The files of one check, read when first asked for."""

    def __init__(self) -> None:
        self._read: dict[str, Source | None] = {}

    def parse(self, content: bytes, path: str) -> YamlFile:
        """The value of a file that somebody reads anyway, kept for who asks later. Raises ConfigError."""
        file = read_yaml(content, path)
        self._read[path] = Source(path, content, file)
        return file

    def of(self, path: str) -> Source | None:
        """A file; None for one that cannot be read."""
        if path not in self._read:
            self._read[path] = _source(Path(path))
        return self._read[path]


def _source(path: Path) -> Source | None:
    try:
        if not path.is_file():  # opening a pipe would wait for its other end
            return None
        with path.open("rb") as file:
            return Source(str(path), file.read(MAX_BYTES + 1))
    except (OSError, ValueError):
        return None
