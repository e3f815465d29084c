"""The defaults file of a folder: the keys that its bots share, read and validated once for all of them.

``merge`` puts a bot file on top of it. A problem in the defaults is reported once, at its place there, with
the bots that inherit it. A bot with its own value in that place is not affected.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from imbot.config.loader.merge import is_inherited, stamped
from imbot.config.loader.parse import newer, parse
from imbot.config.loader.resolve import Options
from imbot.config.loader.schema_choice import mapping
from imbot.config.loader.snapshot import Reader, Reads
from imbot.config.loader.validator import Validator
from imbot.config.schema import own_keys, source
from imbot.config.yamlfile import YamlFile
from imbot.errors import START, ConfigError, Problem, contained
from imbot.text.names import some
from imbot.text.pointers import pointer, span_at

DEFAULTS_FILES = ("_defaults.yaml", "_defaults.yml")


@dataclass(frozen=True, slots=True)
class Defaults:
    """The defaults of a folder; ``path`` is where they are, or would be.

    ``file`` is None if there are none, or if they cannot be used; then ``problems`` says why. ``wrong`` are
    the pointers of values that break the schema. ``found`` is what was read to find and parse them,
    ``sources`` every file that was looked for.
    """

    path: str = ""
    file: YamlFile | None = None
    problems: tuple[Problem, ...] = ()
    wrong: frozenset[str] = frozenset()
    found: Reads = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def exist(self) -> bool:
        """Whether there are defaults, valid or not."""
        return self.file is not None or bool(self.problems)

    @property
    def unusable(self) -> bool:
        """Whether they exist but cannot be read: then no bot of the folder can be loaded."""
        return self.file is None and bool(self.problems)

    def inherited(self, bot: YamlFile) -> Iterator[Problem]:
        """Their problems with values that a merged bot file inherits."""
        for each in self.problems:
            own = each.pointer.partition("/")[2] if each.code == "defaults.own" else None
            if each.path == self.path and (own not in bot.value if own else is_inherited(bot, each.pointer)):
                yield each


def read_defaults(folder: Path, reader: Reader, options: Options) -> Defaults:
    """Read the defaults of a bots folder, and validate what can be validated without a bot."""
    there, problems = _found(folder, reader)
    found = dict(reader.reads)
    path = there[0].path if there else str(folder / DEFAULTS_FILES[0])
    if not there or problems:
        return Defaults(path, None, tuple(problems), found=found, sources=reader.paths)
    try:
        with contained(path, "file.defect"):
            return _validated(there[0], folder, reader, options, found)
    except ConfigError as error:
        return Defaults(path, None, error.problems, found=found, sources=reader.paths)


def _validated(own: YamlFile, folder: Path, reader: Reader, options: Options, found: Reads) -> Defaults:
    file = stamped(own)
    shared = {key: value for key, value in file.value.items() if key not in own_keys()}
    file = replace(file, value=shared)
    validated = Validator(file, folder, reader, options, partial=True).validate()
    problems = sorted({*validated.problems, *_not_shared(own), *_untyped(file)})
    wrong = validated.wrong | {each.pointer for each in _untyped(file)}
    return Defaults(own.path, file, tuple(problems), wrong, found, reader.paths)


def _found(folder: Path, reader: Reader) -> tuple[list[YamlFile], list[Problem]]:
    """The defaults files that exist, and why they cannot be used."""
    there: list[YamlFile] = []
    problems: list[Problem] = []
    for name in DEFAULTS_FILES:
        try:
            with contained(str(folder / name), "file.defect", expected=(FileNotFoundError,)):
                there.append(parse(folder / name, reader))
        except FileNotFoundError:
            continue
        except ConfigError as error:
            problems += error.problems
    if len(there) > 1:
        message = f"{DEFAULTS_FILES[0]} exists, too: only one of the two can hold the defaults"
        problems.append(Problem.at(there[1].path, START, "defaults.two", message, "remove one of them"))
    return there, problems + [found for file in there if (found := newer(file))]


def _not_shared(file: YamlFile) -> Iterator[Problem]:
    for key in own_keys():
        if key in file.value:
            at, hint = pointer(key), "move it into the bot files"
            span = span_at(file.marks, at, key=True)
            yield Problem.at(
                file.path,
                span,
                "defaults.own",
                f"`{key}` belongs to one bot and cannot be shared",
                hint,
                pointer=at,
            )


def _untyped(file: YamlFile) -> Iterator[Problem]:
    """The problem of an ``agent`` without a ``type``: no bot can inherit its keys."""
    if (
        "agent" in file.value
        and isinstance(file.value["agent"], dict)
        and not mapping(file.value, "agent").get("type")
    ):
        example = source("bot")["properties"]["agent"]["properties"]["type"]["examples"][0]
        message = "`type` is missing, so it is unclear which agent these keys belong to"
        hint = f"add type: {example}; bots with an agent of another type do not inherit them"
        span = span_at(file.marks, "/agent", key=True)
        yield Problem.at(file.path, span, "schema.missing", message, hint, pointer="/agent/type")


# -- which bots inherit a problem -----------------------------------------------------------------


def with_inheritors(problems: Iterable[tuple[str, Iterable[Problem]]], path: str) -> dict[Problem, Problem]:
    """The problems of the defaults at ``path``, each with the same problem that names the inheriting bots.

    ``problems`` are pairs of a bot's name and its problems.
    """
    heirs: dict[Problem, list[str]] = {}
    for name, found in problems:
        for each in dict.fromkeys(found):
            if each.path == path:
                heirs.setdefault(each, []).append(name)
    return {each: _naming(each, names) for each, names in heirs.items()}


def _naming(found: Problem, names: list[str]) -> Problem:
    heirs = f"inherited by {some(names)}"
    between = " " if found.hint.endswith("?") else "; "
    return replace(found, hint=f"{found.hint}{between}{heirs}" if found.hint else heirs)
