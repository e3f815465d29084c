"""One bot file: from its path to a spec, or to all of its problems.

The steps: parse it, merge it with the folder's defaults, validate it part by part, build the spec. Conflicts
between files are found by ``unique``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from imbot.config.loader.build import build
from imbot.config.loader.defaults import Defaults
from imbot.config.loader.merge import is_inherited, merged
from imbot.config.loader.parse import newer, parse
from imbot.config.loader.partial_spec import partial_spec
from imbot.config.loader.resolve import Options
from imbot.config.loader.snapshot import Reader
from imbot.config.loader.validator import Validator
from imbot.config.schema import source
from imbot.config.yamlfile import YamlFile
from imbot.errors import START, ConfigError, Problem, contained
from imbot.spec import BotSpec


@dataclass(frozen=True, slots=True)
class BotFile:
    """A loaded bot file. ``spec`` is None exactly when there is an error among the problems.

    ``name`` is None if it cannot be read. ``sources`` is every file that was looked for: if one of them
    changes, appears or vanishes, the spec may change. ``partial_spec`` is for checking the card of a file
    that has errors elsewhere.
    """

    path: str
    name: str | None
    spec: BotSpec | None
    problems: tuple[Problem, ...]
    sources: tuple[str, ...] = ()
    partial_spec: BotSpec | None = field(default=None, repr=False)


def read_bot(path: Path, reader: Reader, options: Options, defaults: Defaults) -> BotFile:
    """Read one bot file. Raises FileNotFoundError if it has vanished, UnsettledError if it is being written."""
    try:
        with contained(str(path), "file.defect", expected=(FileNotFoundError,)):
            return _read(path, reader, options, defaults)
    except ConfigError as error:
        return BotFile(str(path), None, None, error.problems, reader.paths)


def _read(path: Path, reader: Reader, options: Options, defaults: Defaults) -> BotFile:
    """The same; raises ConfigError if it cannot be parsed."""
    reader.note(defaults.found)
    file = parse(path, reader)
    found = newer(file)
    if found:
        return BotFile(str(path), None, None, (found,), reader.paths)
    name, problems = _named(file, path.stem)
    spec, others, partial = _meant(file, name, path, reader, options, defaults)
    return BotFile(str(path), name, spec, tuple(sorted({*problems, *others})), reader.paths, partial)


def _meant(
    own: YamlFile, name: str | None, path: Path, reader: Reader, options: Options, defaults: Defaults
) -> tuple[BotSpec | None, Iterable[Problem], BotSpec | None]:
    """The spec if there is no error, all problems, and a partial spec if there is an error."""
    file = merged(defaults.file, own) if defaults.file else own
    validated = Validator(
        file,
        path.parent,
        reader,
        options,
        name or path.stem,
        told={at for at in defaults.wrong if is_inherited(file, at)},
        partial=defaults.unusable,
    ).validate()
    problems = [*validated.problems, *(defaults.problems if defaults.unusable else defaults.inherited(file))]
    if name is None or any(each.severity == "error" for each in problems):
        return None, problems, partial_spec(validated, problems, name or path.stem, file)
    spec = build(validated.value, validated.whole, name, validated.found, validated.files, file)
    return replace(spec, sources=reader.paths, invented=frozenset(validated.found.invented)), problems, None


def _named(file: YamlFile, stem: str) -> tuple[str | None, list[Problem]]:
    """The bot's name: its `name`, or else the file's; None if that is not a valid name.

    The problem is returned for a file's name only; the schema finds a wrong `name`.
    """
    if "name" in file.value:
        name = file.value["name"]
        return (name if isinstance(name, str) and not _wrong_name(name) else None), []
    if not _wrong_name(stem):
        return stem, []
    message = f"the file's name cannot be the name of a bot: {stem}"
    hint = "add a `name`, or rename the file"
    return None, [Problem.at(file.path, START, "name.file", message, hint)]


def _wrong_name(name: str) -> bool:
    return not re.search(source("bot")["properties"]["name"]["pattern"], name)
