"""A bot file's values with their placeholders filled in and its files read, along its schema.

The schema says of each place whether a placeholder may stand there, which type it becomes, and
whether it is a path. What cannot be filled in is reported once and replaced by a harmless value, so
that the schema's own judgement still covers all the rest.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from errno import EFBIG
from pathlib import Path
from typing import Any

from imbot.errors import ConfigError, Problem, Severity
from imbot.loader.contents import IN_TEMPLATE, ContentError, Contents
from imbot.loader.snapshot import Reader, Variables
from imbot.placeholders import NearMiss, Placeholder, PlaceholderError, near_misses, parse, resolve, span_of
from imbot.schema import Schema
from imbot.spec import Folder, Layout, Span, TextFile
from imbot.yamlfile import MAX_BYTES, YamlFile
from imbot.yamlfile.pointers import escape, span_at

_NOT_HERE = (
    "placeholder.not-here",
    "this is needed before anything else is known, so it takes no placeholder",
    "write the value itself",
)
_SCALARS = {"boolean": "true or false", "integer": "a whole number", "number": "a number"}


@dataclass(frozen=True, slots=True)
class Options:
    """What happens to an unset placeholder.

    ``invent``: under ``credentials`` something is made up for it. ``no_env``: it counts as set.
    """

    invent: bool = False
    no_env: bool = False


@dataclass(slots=True)
class Resolved:
    """What was found on the way: files by the pointer of their path, and what is wrong where."""

    contents: dict[str, TextFile | Folder | Layout] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)


class Resolver:
    """One bot file's way through its schema; ``name`` is the bot's, for made-up values."""

    def __init__(self, file: YamlFile, folder: Path, reader: Reader, options: Options, name: str) -> None:
        self.found = Resolved()
        self._file = file
        self._folder = folder
        self._reader = reader
        self._contents = Contents(folder, reader)
        self._variables = Variables(reader)
        self._options = options
        self._name = name

    def value(self, value: Any, schema: Schema, at: str = "") -> Any:
        """The value as it is meant, with everything inside it."""
        if schema.get("x-file") == "template" and isinstance(value, dict):
            self._layout(value, at)
            return value
        if isinstance(value, dict):
            return {key: self._member(key, item, schema, at) for key, item in value.items()}
        if isinstance(value, list):
            items = schema.get("items", {})
            return [self.value(item, items, f"{at}/{index}") for index, item in enumerate(value)]
        return self._text(value, schema, at) if isinstance(value, str) else value

    def _member(self, key: str, value: Any, schema: Schema, at: str) -> Any:
        inside = f"{at}/{escape(key)}"
        if any(isinstance(piece, Placeholder) for piece in parse(key)):
            message = "a key takes no placeholder"
            self._problem("placeholder.in-key", message, "write the key itself", inside, key=True)
        other = schema.get("additionalProperties")
        default = other if isinstance(other, dict) else {}
        return self.value(value, schema.get("properties", {}).get(key, default), inside)

    # -- texts

    def _text(self, text: str, schema: Schema, at: str) -> Any:
        pieces = parse(text)
        found = [piece for piece in pieces if isinstance(piece, Placeholder)]
        if refused := _refusal(schema):
            if found:
                self._problem(*refused, at, found=(found[0], text))
                return _stand_in(schema, text)
            if schema.get("x-file", "template") != "template":
                self._named_file(text, schema["x-file"], at)
            return text
        for miss in near_misses(text):
            message = "this looks like a placeholder and is none"
            self._problem(
                "placeholder.near-miss", message, miss.hint, at, found=(miss, text), severity="warning"
            )
        if not found:
            return "".join(piece for piece in pieces if isinstance(piece, str))
        return self._filled(text, pieces, found, schema, at)

    def _filled(
        self, text: str, pieces: list[str | Placeholder], found: list[Placeholder], schema: Schema, at: str
    ) -> Any:
        values = [piece if isinstance(piece, str) else self._looked_up(piece, text, at) for piece in pieces]
        if None in values:
            return self._invented(text, schema, at)
        if any(piece.source == "file" for piece in found):
            self._keep_secret(found, text, schema, at)
        filled = "".join(value for value in values if value is not None)
        if len(pieces) > 1:
            return filled
        return self._typed(filled, found[0], text, schema, at)

    def _looked_up(self, found: Placeholder, text: str, at: str) -> str | None:
        """What a placeholder stands for; None, and a problem unless that is forgiven, for nothing."""
        try:
            return resolve(text[found.start : found.end], self._variables, self._secret_file).text
        except PlaceholderError as error:
            if not self._forgiven(at):
                self._problem(error.code, error.message, error.hint, at, found=(found, text))
            return None

    def _secret_file(self, name: str) -> str:
        content = self._reader.content(self._folder / name)
        if len(content) > MAX_BYTES:
            raise OSError(EFBIG, f"it is larger than {MAX_BYTES:,} bytes")
        return content.decode("utf-8-sig")

    def _forgiven(self, at: str) -> bool:
        return self._options.no_env or (self._options.invent and at.startswith("/credentials/"))

    def _invented(self, text: str, schema: Schema, at: str) -> Any:
        if self._options.invent and at.startswith("/credentials/") and _types(schema) == ["string"]:
            return "dev" if schema.get("writeOnly") else f"dev-{self._name}"
        return _stand_in(schema, text)

    def _typed(self, value: str, found: Placeholder, text: str, schema: Schema, at: str) -> Any:
        """The value as the type the schema wants, where it wants something else than text."""
        kinds = _types(schema)
        if not kinds or "string" in kinds:
            return value
        for kind in ("boolean", "integer", "number"):
            if kind in kinds and (typed := _converted(value, kind)) is not None:
                return typed
        wanted = " or ".join(_SCALARS[kind] for kind in kinds if kind in _SCALARS)
        message = (
            f"what {found.name} stands for must be {wanted}" if wanted else "a placeholder cannot stand here"
        )
        hint = "it is not shown here, as it may be a secret" if wanted else "write the value itself"
        self._problem("placeholder.type", message, hint, at, found=(found, text))
        return _stand_in(schema, text)

    def _keep_secret(self, found: list[Placeholder], text: str, schema: Schema, at: str) -> None:
        if schema.get("writeOnly") or schema.get("x-identity"):
            return
        if "type" not in schema:
            self.found.secrets.add(at)
            return
        first = next(piece for piece in found if piece.source == "file")
        message = "what comes from a file is a secret, and this value is shown"
        self._problem(
            "placeholder.shown", message, "read it from the environment: <<NAME>>", at, found=(first, text)
        )

    # -- files

    def _named_file(self, name: str, kind: str, at: str) -> None:
        try:
            self.found.contents[at] = (
                self._contents.knowledge(name) if kind == "knowledge" else self._contents.text(name)
            )
        except ContentError as error:
            self._problem(error.code, error.message, error.hint, at)

    def _layout(self, value: dict[str, Any], at: str) -> None:
        name = value.get("file")
        if len(value) != 1 or not isinstance(name, str):
            self.found.contents[at] = Layout(value, self._file.path, at, self._file.marks)
            self._check_templates(self._file, value, at)
            return
        if parse(name) != [name]:
            self._problem(*_NOT_HERE, f"{at}/file")
            return
        try:
            file = self._contents.layout(name)
        except ContentError as error:
            self._problem(error.code, error.message, error.hint, f"{at}/file")
        except ConfigError as error:
            self.found.problems += error.problems
        else:
            self.found.contents[at] = Layout(file.value, file.path, "", file.marks)
            self._check_templates(file, file.value, "")

    def included(self, texts: Iterable[str]) -> dict[str, TextFile]:
        """Every file that these texts and the layouts found so far may include."""
        layouts = (content.value for content in self.found.contents.values() if isinstance(content, Layout))
        strings = [text for layout in layouts for _, text in _strings(layout, "")]
        files, problems = self._contents.included([*texts, *strings])
        self.found.problems += problems
        return files

    def _check_templates(self, file: YamlFile, value: Any, at: str) -> None:
        for place, text in _strings(value, at):
            found = [piece for piece in parse(text) if isinstance(piece, Placeholder)]
            if found:
                self._problem(*IN_TEMPLATE, place, found=(found[0], text), file=file)

    def _problem(
        self,
        code: str,
        message: str,
        hint: str,
        at: str,
        *,
        found: tuple[Placeholder | NearMiss, str] | None = None,
        key: bool = False,
        severity: Severity = "error",
        file: YamlFile | None = None,
    ) -> None:
        file = file or self._file
        span = span_at(file.marks, at, key=key)
        if found:
            span = span_of(*found, file.text, span)
        if severity == "error" and file is self._file:
            self.found.broken.add(at)
        self.found.problems.append(problem(file.path, span, at, code, message, hint, severity))


def problem(
    path: str, span: Span, at: str, code: str, message: str, hint: str = "", severity: Severity = "error"
) -> Problem:
    """A problem at a place of a file."""
    place = (span.line, span.column, span.end_line, span.end_column)
    return Problem(path, *place, at, code, severity, message, hint)


def _refusal(schema: Schema) -> tuple[str, str, str] | None:
    """Why no placeholder may stand here, if none may."""
    if "x-template" in schema:
        return IN_TEMPLATE
    return _NOT_HERE if schema.keys() & {"x-literal", "x-names", "x-file", "const"} else None


def _types(schema: Schema) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _converted(value: str, kind: str) -> bool | int | float | None:
    if kind == "boolean":
        return {"true": True, "false": False}.get(value.strip().lower())
    if re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
        return int(value)
    if kind == "number" and re.fullmatch(r"\s*-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,2})?\s*", value):
        return float(value)
    return None


def _stand_in(schema: Schema, text: str) -> Any:
    """A harmless value of the right form, for one that is not known."""
    plain = schema.keys().isdisjoint({"pattern", "enum"}) and "string" in (_types(schema) or ["string"])
    options = [
        schema.get("default"),
        *([text] if plain else ()),
        *schema.get("examples", ()),
        *schema.get("enum", ()),
    ]
    known = [
        option for option in options if option is not None and (option is text or "<<" not in str(option))
    ]
    return known[0] if known else text


def _strings(value: Any, at: str) -> Iterator[tuple[str, str]]:
    """Every text inside a value, keys included, with its pointer."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{at}/{escape(key)}", key
            yield from _strings(item, f"{at}/{escape(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, f"{at}/{index}")
