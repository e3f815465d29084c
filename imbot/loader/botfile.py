"""One bot file: from its path to a spec, or to everything that is wrong with it.

The stations: parse, choose the schemas, resolve, judge part by part, fill in defaults, build. What two
files cannot have in common is the loader's business.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imbot import schema
from imbot.errors import ConfigError, Problem, Severity
from imbot.loader.build import build, filled
from imbot.loader.cascade import Found, reduced
from imbot.loader.resolve import Options, Resolver, problem
from imbot.loader.snapshot import Reader
from imbot.schema import Schema, source
from imbot.spec import BotSpec, Layout, Marks, Span
from imbot.yamlfile import MAX_BYTES, YamlFile, read_yaml
from imbot.yamlfile.pointers import span_at

_START = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class BotFile:
    """What one file came to. ``spec`` is None exactly when an error is among the problems.

    ``name`` is None where it cannot be read. ``sources`` is every file that was looked for: when one
    of them changes, appears or vanishes, the file may mean something else.
    """

    path: str
    name: str | None
    spec: BotSpec | None
    problems: tuple[Problem, ...]
    sources: tuple[str, ...] = ()


def read_bot(path: Path, reader: Reader, options: Options) -> BotFile:
    """Read one bot file. Raises FileNotFoundError where there is none any more, and nothing else."""
    shown = str(path)
    try:
        content = reader.content(path)
        if len(content) > MAX_BYTES:
            found = problem(
                shown, _START, "", "file.too-large", f"the file is larger than {MAX_BYTES:,} bytes"
            )
            return BotFile(shown, None, None, (found,), reader.paths)
        file = read_yaml(content, shown)
    except ConfigError as error:
        return BotFile(shown, None, None, error.problems, reader.paths)
    except FileNotFoundError:
        if not path.is_symlink():
            raise
        return _unreadable(shown, "it is a link to nothing", reader)
    except OSError as error:
        return _unreadable(shown, str(error.strerror), reader)
    name, spec, problems = _Reading(file, path, reader, options).result()
    return BotFile(shown, name, spec, tuple(sorted(set(problems))), reader.paths)


def _unreadable(shown: str, why: str, reader: Reader) -> BotFile:
    found = problem(shown, _START, "", "file.unreadable", f"the file cannot be read: {why}")
    return BotFile(shown, None, None, (found,), reader.paths)


class _Reading:
    """The state of reading one parsed file."""

    def __init__(self, file: YamlFile, path: Path, reader: Reader, options: Options) -> None:
        self._file = file
        self._folder = path.parent
        self._reader = reader
        self._options = options
        self._stem = path.stem
        self._parts = _chosen(file.value)
        self._problems: list[Problem] = []

    def result(self) -> tuple[str | None, BotSpec | None, list[Problem]]:
        """The bot's name, its spec if the file is without error, and all problems."""
        known = source("bot")["properties"]["version"]["default"]
        version = self._file.value.get("version", known)
        if isinstance(version, int | float) and version > known:
            message = f"this is version {version} of the file format; this imbot knows up to version {known}"
            self._say("/version", "version.newer", message, "run a newer imbot")
            return None, None, self._problems
        name = self._name()
        whole = _whole_schema(self._parts)
        resolver = Resolver(self._file, self._folder, self._reader, self._options, name or self._stem)
        value = resolver.value(self._file.value, whole)
        found = resolver.found
        texts = _mapping(value, "texts").values()
        files = resolver.included(text for text in texts if isinstance(text, str))
        self._problems += found.problems
        self._judge(value, found.contents, found.broken)
        if name is None or any(problem.severity == "error" for problem in self._problems):
            return name, None, self._problems
        spec = build(filled(value, whole), whole, name, found, files, self._file)
        return name, replace(spec, sources=self._reader.paths), self._problems

    def _name(self) -> str | None:
        """What the file calls itself, else its own name; None, and a problem, for one that is no name."""
        if "name" in self._file.value:
            name = self._file.value["name"]
            return name if isinstance(name, str) and not _wrong_name(name) else None
        if _wrong_name(self._stem):
            message = f"the file's name makes no name for a bot: {self._stem}"
            self._say("", "name.file", message, "add a `name`, or rename the file", span=_START)
            return None
        return self._stem

    # -- judging

    def _judge(
        self, value: dict[str, Any], contents: Mapping[str, Any], broken: set[tuple[str, str]]
    ) -> None:
        judged = [("bot", "", self._file.path, self._file.marks, value, False)]
        for key, part in self._parts.items():
            if key != "card" and isinstance(value.get(key), dict):
                judged.append((part, f"/{key}", self._file.path, self._file.marks, value[key], False))
        judged += [(self._parts["card"], *place) for place in self._layouts(value, contents)]
        found = [
            Found(violation, at, path, marks)
            for part, at, path, marks, inner, layout in judged
            for violation in schema.violations(part, inner, layout=layout)
            if (path, at + violation.pointer) not in broken
        ]
        found = [each for each in found if not self._is_near_miss(each)]
        found = reduced(found, value, _whole_schema(self._parts), self._file.path)
        self._problems += [
            _placed(_alone(each) if each.violation.pointer == "/file" else each) for each in found
        ]
        self._judge_card(value)
        self._judge_ratings(value)

    def _is_near_miss(self, found: Found) -> bool:
        """Whether a value is wrong because it nearly is a placeholder, which then is the error."""
        for index, known in enumerate(self._problems):
            if known.code == "placeholder.near-miss" and known.pointer == found.pointer:
                self._problems[index] = replace(known, severity="error")
                return True
        return False

    def _layouts(
        self, value: dict[str, Any], contents: Mapping[str, Any]
    ) -> Iterator[tuple[str, str, Marks, Any, bool]]:
        """Layouts to judge by their kind: not those for a template of the user's own, whose keys nobody knows."""
        if "card" in self._parts and "template_id" not in _mapping(value, "card"):
            for content in contents.values():
                if isinstance(content, Layout):
                    yield content.pointer, content.path, content.marks, content.value, True

    def _judge_card(self, value: dict[str, Any]) -> None:
        """What the kind of the card makes impossible."""
        if "card" not in self._parts:
            return
        part, kind = source(self._parts["card"]), self._parts["card"].partition("/")[2]
        if "template_id" in _mapping(value, "card") and not part.get("x-own-template", True):
            message = f"cards of kind {kind} have no template of their own"
            self._say(
                "/card/template_id", "card.template-id", message, "remove `template_id` and `content_key`"
            )
        if _mapping(value, "feedback").get("buttons") and not part.get("x-callbacks", True):
            message = f"nobody hears of clicks on a card of kind {kind}: these buttons cannot work"
            self._say(
                "/feedback/buttons", "card.no-callback", message, "use `card: {kind: ai}`", warning=True
            )

    def _judge_ratings(self, value: dict[str, Any]) -> None:
        buttons = _mapping(value, "feedback").get("buttons")
        seen: dict[str, int] = {}
        for index, button in enumerate(buttons if isinstance(buttons, list) else ()):
            rating = button.get("rating") if isinstance(button, dict) else None
            if isinstance(rating, str) and seen.setdefault(rating, index) != index:
                message = f"item {index + 1} of `buttons` has the same rating as item {seen[rating] + 1}"
                self._say(
                    f"/feedback/buttons/{index}/rating", "feedback.same-rating", message, "give each its own"
                )

    def _say(
        self, at: str, code: str, message: str, hint: str, *, warning: bool = False, span: Span | None = None
    ) -> None:
        place = span or span_at(self._file.marks, at)
        severity: Severity = "warning" if warning else "error"
        self._problems.append(problem(self._file.path, place, at, code, message, hint, severity))


def _chosen(value: dict[str, Any]) -> dict[str, str]:
    """The schema of each part whose ``type`` or ``kind`` is known."""
    properties = source("bot")["properties"]
    kinds = properties["card"]["properties"]["kind"]
    names = {
        "credentials": ("types", value.get("type", properties["type"]["default"])),
        "agent": ("agents", _mapping(value, "agent").get("type")),
        "card": ("cards", _mapping(value, "card").get("kind", kinds["default"])),
    }
    return {key: f"{group}/{name}" for key, (group, name) in names.items() if name in schema.names(group)}


def whole_schema(value: dict[str, Any]) -> Schema:
    """The schema of a bot file, with the parts that its ``type`` and ``agent.type`` choose in their places."""
    return _whole_schema(_chosen(value))


def _whole_schema(parts: Mapping[str, str]) -> Schema:
    """The schema of the whole file, with the chosen parts in their places."""
    bot = source("bot")
    chosen = {key: source(part) for key, part in parts.items() if key != "card"}
    return {**bot, "properties": {**bot["properties"], **chosen}}


def _wrong_name(name: str) -> bool:
    return not re.search(source("bot")["properties"]["name"]["pattern"], name)


def _mapping(value: dict[str, Any], key: str) -> dict[str, Any]:
    """What a key holds; nothing where that is no mapping."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _alone(found: Found) -> Found:
    """A layout's `file` with other keys beside it, or without a path, where it is one of them."""
    hint = "move the other keys into that file, or remove `file`; its path is a text"
    violation = replace(found.violation, message="`file` stands alone in a layout", hint=hint)
    return replace(found, violation=violation) if found.violation.code == "schema.unknown-key" else found


def _placed(found: Found) -> Problem:
    """A violation as a problem: what is missing or empty is placed at the key of what it is missing from."""
    violation, pointer, marks = found.violation, found.pointer, found.marks
    if violation.code == "schema.missing":
        parent = pointer.rpartition("/")[0]
        span = span_at(marks, parent, key=True) if parent else _START
    else:
        span = span_at(marks, pointer, key=violation.at_key)
        if (span.line, span.column) == (span.end_line, span.end_column):
            span = span_at(marks, pointer, key=True)
    return problem(found.path, span, pointer, violation.code, violation.message, violation.hint)
