"""The defaults file of a folder: the keys that its bots share, read and judged once for all of them.

``merge`` puts a bot file on top of it. What is wrong in it is told at its place in it, once, with the
bots that inherit it; a bot that has its own value there is not hurt.
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
from imbot.errors import START, ConfigError, Problem
from imbot.text.pointers import pointer, span_at

DEFAULTS_FILES = ("_defaults.yaml", "_defaults.yml")
_NAMED = 10  # bots that a line names


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the defaults of a folder came to; ``path`` is where they are, or would be.

    ``file`` is None where there are none, or none that can be used: ``problems`` then says why. ``wrong``
    are the pointers of what the schemas refuse. ``found`` is what it rests on that they are there and say
    what they say, ``sources`` every file that was looked for.
    """

    path: str = ""
    file: YamlFile | None = None
    problems: tuple[Problem, ...] = ()
    wrong: frozenset[str] = frozenset()
    found: Reads = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def exist(self) -> bool:
        """Whether there are any, right or wrong."""
        return self.file is not None or bool(self.problems)

    @property
    def unusable(self) -> bool:
        """Whether nobody knows what they say: no bot of the folder can be judged."""
        return self.file is None and bool(self.problems)

    def inherited(self, bot: YamlFile) -> Iterator[Problem]:
        """What is wrong in them with values that a merged bot file inherits."""
        for each in self.problems:
            own = each.pointer.partition("/")[2] if each.code == "defaults.own" else None
            if each.path == self.path and (own not in bot.value if own else is_inherited(bot, each.pointer)):
                yield each


def read_defaults(folder: Path, reader: Reader, options: Options) -> Defaults:
    """The defaults of a bots folder, as far as they can be judged without a bot."""
    there, problems = _found(folder, reader)
    found = dict(reader.reads)
    path = there[0].path if there else str(folder / DEFAULTS_FILES[0])
    if not there or problems:
        return Defaults(path, None, tuple(problems), found=found, sources=reader.paths)
    file = stamped(there[0])
    shared = {key: value for key, value in file.value.items() if key not in own_keys()}
    file = replace(file, value=shared)
    validated = Validator(file, folder, reader, options, partial=True).validate()
    problems = sorted({*validated.problems, *_not_shared(there[0]), *_untyped(file)})
    wrong = validated.wrong | {each.pointer for each in _untyped(file)}
    return Defaults(path, file, tuple(problems), wrong, found, reader.paths)


def _found(folder: Path, reader: Reader) -> tuple[list[YamlFile], list[Problem]]:
    """The file there is, or why it cannot be used."""
    there: list[YamlFile] = []
    problems: list[Problem] = []
    for name in DEFAULTS_FILES:
        try:
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
    """An agent that does not say whose keys these are, so that no bot can inherit them."""
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


# -- who is hurt ----------------------------------------------------------------------------------


def with_inheritors(problems: Iterable[tuple[str, Iterable[Problem]]], path: str) -> dict[Problem, Problem]:
    """Problems of the defaults at ``path``, each with the same that names the bots which have it.

    ``problems`` are those of each bot, after its name.
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


def some(names: Iterable[str]) -> str:
    """The names of bots for one line: the first few, and how many more."""
    listed = sorted(names)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more
