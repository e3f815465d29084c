"""Resolves the placeholders of a bot file and reads the files it names, guided by its schema.

For each value the schema says whether a placeholder is allowed, which type it gets, and whether it is a path.
What cannot be resolved is reported once and replaced by a harmless value, so that the rest can still be
validated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from errno import EFBIG
from pathlib import Path
from typing import Any

from imbot.config.loader.coerce import converted, stand_in, types_of
from imbot.config.loader.contents import IN_TEMPLATE, ContentError, Contents
from imbot.config.loader.snapshot import EnvVariables, Reader
from imbot.config.placeholders import (
    NearMiss,
    Placeholder,
    PlaceholderError,
    near_misses,
    parse_placeholders,
    placeholder_span,
    resolve,
)
from imbot.config.schema import Schema
from imbot.config.yamlfile import MAX_BYTES, YamlFile
from imbot.errors import ConfigError, Problem, Severity
from imbot.spec import Folder, Layout, TextFile
from imbot.text.pointers import escape, span_at, texts_in
from imbot.text.suggestions import did_you_mean

_NOT_HERE = (
    "placeholder.not-here",
    "a placeholder is not allowed here",
    "write the value itself",
)
_FEW = 2  # characters by which the length of a similar variable may differ
_MOST = 100  # problems of one sort that are reported
_NESTED = "placeholders cannot be nested: give a plain default, or set the variable itself"
_SCALARS = {"boolean": "true or false", "integer": "a whole number", "number": "a number"}


@dataclass(frozen=True, slots=True)
class Options:
    """What happens to an unset placeholder.

    ``invent``: under ``credentials`` it gets a made-up value. ``no_env``: it counts as set.
    """

    invent: bool = False
    no_env: bool = False


@dataclass(slots=True)
class ResolvedValues:
    """What was found besides the values.

    - ``contents``: the files that were read, by the pointer of their path.
    - ``secrets``: pointers of values that became secret because a file went into them.
    - ``broken``: file and pointer of values that have an error already.
    - ``meant``: texts that templates include but that do not exist, each with the one probably meant.
    - ``invented``: pointers of values that were made up from the bot's name.
    """

    contents: dict[str, TextFile | Folder | Layout] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)
    meant: Mapping[str, str] = field(default_factory=dict)
    invented: set[str] = field(default_factory=set)


class Resolver:
    """Resolves one bot file; ``name`` is the bot's, for made-up values."""

    def __init__(self, file: YamlFile, folder: Path, reader: Reader, options: Options, name: str) -> None:
        self.found = ResolvedValues()
        self._file = file
        self._folder = folder
        self._reader = reader
        self._contents = Contents(folder, reader)
        self._variables = EnvVariables(reader)
        self._options = options
        self._name = name
        self._unset: set[str] = set()

    def value(self, value: Any, schema: Schema, at: str = "") -> Any:
        """The value with everything in it resolved."""
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
        if any(isinstance(piece, Placeholder) for piece in parse_placeholders(key)):
            message = "a placeholder is not allowed in a key"
            self._problem("placeholder.in-key", message, "write the key itself", inside, key=True)
        other = schema.get("additionalProperties")
        default = other if isinstance(other, dict) else {}
        return self.value(value, schema.get("properties", {}).get(key, default), inside)

    # -- texts

    def _text(self, text: str, schema: Schema, at: str) -> Any:
        pieces = parse_placeholders(text)
        found = [piece for piece in pieces if isinstance(piece, Placeholder)]
        if refused := _refusal(schema):
            if found:
                self._problem(*refused, at, found=(found[0], text))
                return stand_in(schema, text)
            if schema.get("x-file", "template") != "template":
                self._named_file(text, schema["x-file"], at)
            return text
        for miss in near_misses(text)[:_MOST]:
            if any(miss.start < piece.start < miss.end for piece in found):
                self._problem(
                    "placeholder.nested",
                    "a placeholder inside a placeholder",
                    _NESTED,
                    at,
                    found=(miss, text),
                )
                return stand_in(schema, text)
            message = "this looks like a placeholder but is not one"
            self._problem(
                "placeholder.near-miss", message, miss.hint, at, found=(miss, text), severity="warning"
            )
        if not found:
            return "".join(piece for piece in pieces if isinstance(piece, str))
        return self._filled(text, pieces, found, schema, at)

    def _filled(
        self, text: str, pieces: list[str | Placeholder], found: list[Placeholder], schema: Schema, at: str
    ) -> Any:
        secret = bool(schema.get("writeOnly") or schema.get("x-identity"))
        values = [
            piece if isinstance(piece, str) else self._looked_up(piece, text, at, secret=secret)
            for piece in pieces
        ]
        if None in values:
            return self._invented(text, schema, at)
        if any(piece.source == "file" for piece in found):
            self._keep_secret(found, text, schema, at)
        filled = "".join(value for value in values if value is not None)
        if len(pieces) > 1:
            return filled
        return self._typed(filled, found[0], text, schema, at)

    def _looked_up(self, found: Placeholder, text: str, at: str, *, secret: bool) -> str | None:
        """The value of a placeholder; None if it has none, with a problem unless the options forgive it."""
        try:
            return resolve(text[found.start : found.end], self._variables, self._secret_file).text
        except PlaceholderError as error:
            if not self._forgiven(at) and found.name not in self._unset and len(self._unset) < _MOST:
                self._unset.add(found.name)  # reported once, however often it is used
                hint = self._meant(found) if error.code == "placeholder.unset" else ""
                cures = [error.hint, "" if secret else error.otherwise]  # nobody writes a secret as a default
                hint = hint or ", ".join(filter(None, cures))
                self._problem(error.code, error.message, hint, at, found=(found, text))
            return None

    def _meant(self, found: Placeholder) -> str:
        """A hint with the variable that was probably meant; compares only those of similar length."""
        if found.source == "file":
            return ""
        near = [name for name in self._reader.variables() if abs(len(name) - len(found.name)) <= _FEW]
        return did_you_mean(found.name, [name for name in near if name != found.name])

    def _secret_file(self, name: str) -> str:
        content = self._reader.secret(self._folder / name)
        if len(content) > MAX_BYTES:
            raise OSError(EFBIG, f"it is larger than {MAX_BYTES:,} bytes")
        return content.decode("utf-8-sig")

    def _forgiven(self, at: str) -> bool:
        return self._options.no_env or (self._options.invent and at.startswith("/credentials/"))

    def _invented(self, text: str, schema: Schema, at: str) -> Any:
        if self._options.invent and at.startswith("/credentials/") and types_of(schema) == ["string"]:
            if schema.get("writeOnly"):
                return "dev"
            self.found.invented.add(at)
            return f"dev-{self._name}"
        return stand_in(schema, text)

    def _typed(self, value: str, found: Placeholder, text: str, schema: Schema, at: str) -> Any:
        """The value as the type that the schema asks for, if that is not text."""
        kinds = types_of(schema)
        if "string" in kinds:
            return value
        if not kinds:  # any value may be here, such as in `card.vars`
            kinds = schema.get("x-read-as", ["boolean"]) if found.source == "env" else []
            return next((typed for kind in kinds if (typed := converted(value, kind)) is not None), value)
        for kind in ("boolean", "integer", "number"):
            if kind in kinds and (typed := converted(value, kind)) is not None:
                return typed
        wanted = " or ".join(_SCALARS[kind] for kind in kinds if kind in _SCALARS)
        message = (
            f"the value of {found.name} must be {wanted}" if wanted else "a placeholder is not allowed here"
        )
        hint = "the value is not shown, as it may be a secret" if wanted else "write the value itself"
        self._problem("placeholder.type", message, hint, at, found=(found, text))
        return stand_in(schema, text)

    def _keep_secret(self, found: list[Placeholder], text: str, schema: Schema, at: str) -> None:
        if schema.get("writeOnly") or schema.get("x-identity"):
            return
        if "type" not in schema:
            self.found.secrets.add(at)
            return
        first = next(piece for piece in found if piece.source == "file")
        message = "a value from a file counts as a secret, but this key is shown to people"
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
        if any(isinstance(piece, Placeholder) for piece in parse_placeholders(name)):
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
        """Every file that these texts, and the layouts found so far, may include; by name."""
        layouts = (content.value for content in self.found.contents.values() if isinstance(content, Layout))
        strings = [text for layout in layouts for _, text in texts_in(layout, "")]
        templates = [*texts, *strings]
        files, problems = self._contents.included(templates)
        self.found.problems += problems
        self.found.meant = self._contents.meant([*templates, *(file.text for file in files.values())], files)
        return files

    def _check_templates(self, file: YamlFile, value: Any, at: str) -> None:
        for place, text in texts_in(value, at):
            found = [piece for piece in parse_placeholders(text) if isinstance(piece, Placeholder)]
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
            span = placeholder_span(*found, file.text_at(span), span)
        if severity == "error":
            self.found.broken.add((file.path, at))
        self.found.problems.append(
            Problem.at(file.path, span, code, message, hint, pointer=at, severity=severity)
        )


def _refusal(schema: Schema) -> tuple[str, str, str] | None:
    """Code, message and hint if no placeholder is allowed here, else None."""
    if "x-template" in schema:
        return IN_TEMPLATE
    return _NOT_HERE if schema.keys() & {"x-literal", "x-names", "x-file", "const"} else None
