"""Parses the YAML files directly in a bots folder: bot files and defaults."""

from pathlib import Path

from imbot.config.loader.snapshot import Reader
from imbot.config.schema import source
from imbot.config.yamlfile import MAX_BYTES, YamlFile
from imbot.errors import START, ConfigError, Problem
from imbot.text.pointers import span_at


def parse(path: Path, reader: Reader) -> YamlFile:
    """Parse one file. Raises FileNotFoundError if there is none, ConfigError for everything else."""
    try:
        content = reader.content(path)
    except FileNotFoundError:
        if not _is_link(path, reader):
            raise
        raise _error(
            path, "file.unreadable", "the file cannot be read: it is a link to a file that does not exist"
        ) from None
    except OSError as error:
        raise _error(path, "file.unreadable", f"the file cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise _error(path, "file.too-large", f"the file is larger than {MAX_BYTES:,} bytes")
    return reader.parsed(content, path)


def newer(file: YamlFile) -> Problem | None:
    """The problem of a file whose format version is newer than this imbot knows; None if it is not."""
    known = source("bot")["properties"]["version"]["default"]
    version = file.value.get("version", known)
    if not isinstance(version, int | float) or version <= known:
        return None
    message = f"this is version {version} of the file format; this imbot knows up to version {known}"
    span = span_at(file.marks, "/version")
    return Problem.at(file.path, span, "version.newer", message, "upgrade imbot", pointer="/version")


def _is_link(path: Path, reader: Reader) -> bool:
    """Whether a missing file is a dangling link. The look is noted, as the link may change."""
    return reader.real(path) != reader.real(path.parent) / path.name


def _error(path: Path, code: str, message: str) -> ConfigError:
    return ConfigError([Problem.at(str(path), START, code, message)])
