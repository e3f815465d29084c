"""The ``.env`` file beside a bots folder: its variables, or its problems."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from imbot.config.regular_file import read_text
from imbot.config.yamlfile import MAX_BYTES
from imbot.errors import START, ConfigError, Problem, Span


def read_env(path: Path) -> Mapping[str, str]:
    """Its variables; none if there is no such file. Raises ConfigError, which never shows a line of it."""
    try:
        text = read_text(path, MAX_BYTES)
        bindings = list(parse_stream(StringIO(text)))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8 text") from None
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from None
    if wrong := [_wrong(path, each) for each in bindings if each.error]:
        raise ConfigError(wrong)
    return {each.key: each.value for each in bindings if each.key is not None and each.value is not None}


def _unreadable(path: Path, why: str) -> ConfigError:
    message = f"{path} cannot be read: {why}"
    return ConfigError([Problem.at(str(path), START, "env.unreadable", message)])


def _wrong(path: Path, binding: Binding) -> Problem:
    text = binding.original.string
    line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
    return Problem.at(
        str(path), Span(line, 1, line, 1), "env.line",
        f"line {line} of {path} is not valid, so nothing in the file is used",
        "write NAME=value; put a value with a line break in quotes, and close them",
    )  # fmt: skip
