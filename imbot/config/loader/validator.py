"""Validates the values of a file: resolves placeholders, and checks every part with its schema.

``botfile`` uses it for bot files, ``defaults`` for the defaults, where nothing is required because each bot
may add it.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imbot.config import schema
from imbot.config.loader.merge_problems import Found, merge_problems
from imbot.config.loader.resolve import Options, ResolvedValues, Resolver
from imbot.config.loader.schema_choice import chosen, kinds_of, mapping, with_parts
from imbot.config.loader.snapshot import Reader
from imbot.config.schema import Schema, source
from imbot.config.yamlfile import YamlFile
from imbot.config.yamlfile.lines import Lines
from imbot.errors import START, Marks, Problem, Severity, Span
from imbot.spec import Layout, TextFile
from imbot.text.pointers import span_at, split_pointer


@dataclass(frozen=True, slots=True)
class Validated:
    """A file's resolved value, its schema, the files it names, and all problems.

    ``wrong`` are the pointers of values that break a schema.
    """

    value: dict[str, Any]
    whole: Schema
    found: ResolvedValues
    files: Mapping[str, TextFile]
    problems: tuple[Problem, ...]
    wrong: frozenset[str]


@dataclass(slots=True)
class Validator:
    """Validates one bot file or defaults file.

    ``name`` is the bot's. ``told`` are pointers of values whose errors are reported elsewhere. ``partial``:
    nothing is required, as another file may add it.
    """

    file: YamlFile
    folder: Path
    reader: Reader
    options: Options
    name: str = ""
    told: Collection[str] = ()
    partial: bool = False
    _parts: dict[str, str] = field(default_factory=dict)
    _problems: list[Problem] = field(default_factory=list)
    _wrong: set[str] = field(default_factory=set)

    def validate(self) -> Validated:
        """Resolve and check the whole file."""
        self._parts = chosen(self.file.value)
        whole = with_parts(self._parts)
        resolver = Resolver(self.file, self.folder, self.reader, self.options, self.name)
        value = resolver.value(self.file.value, whole)
        found = resolver.found
        texts = mapping(value, "texts").values()
        files = resolver.included(text for text in texts if isinstance(text, str))
        self._problems += found.problems
        self._judge(value, found.contents, found.broken | {(self.file.path, at) for at in self.told})
        return Validated(value, whole, found, files, tuple(self._problems), frozenset(self._wrong))

    def _judge(
        self, value: dict[str, Any], contents: Mapping[str, Any], broken: set[tuple[str, str]]
    ) -> None:
        validated = [("bot", "", self.file.path, self.file.marks, value, False)]
        for key, part in self._parts.items():
            if key != "card" and isinstance(value.get(key), dict):
                validated.append((part, f"/{key}", self.file.path, self.file.marks, value[key], False))
        validated += [(self._parts["card"], *place) for place in self._layouts(value, contents)]
        found = [
            Found(violation, at, path, marks)
            for part, at, path, marks, inner, layout in validated
            for violation in schema.violations(
                part, inner, layout=layout, partial=self.partial and path == self.file.path
            )
            if (path, at + violation.pointer) not in broken
        ]
        self._wrong |= {each.pointer for each in found if each.path == self.file.path}
        found = [each for each in found if not self._is_near_miss(each)]
        found = merge_problems(found, value, with_parts(self._parts), self.file.path)
        self._problems += [
            self._placed(_alone(each) if each.violation.pointer == "/file" else each) for each in found
        ]
        self._judge_card(value)
        self._judge_ratings(value)
        self._judge_commands(value)

    def _is_near_miss(self, found: Found) -> bool:
        """Whether a value is only wrong because it is nearly a placeholder.

        That warning then becomes the error.
        """
        for index, known in enumerate(self._problems):
            if known.code == "placeholder.near-miss" and known.pointer == found.pointer:
                self._problems[index] = replace(known, severity="error")
                return True
        return False

    def _layouts(
        self, value: dict[str, Any], contents: Mapping[str, Any]
    ) -> Iterator[tuple[str, str, Marks, Any, bool]]:
        """The layouts to check with the schema of their kind.

        The keys of a user's own template are not known.
        """
        if "card" in self._parts and "template_id" not in mapping(value, "card"):
            for content in contents.values():
                if isinstance(content, Layout):
                    yield content.pointer, content.path, content.marks, content.value, True

    def _judge_card(self, value: dict[str, Any]) -> None:
        """Check what the card's kind does not support."""
        if "card" not in self._parts:
            return
        part, kind = source(self._parts["card"]), self._parts["card"].partition("/")[2]
        kinds = kinds_of(value)
        if kind not in kinds:
            hint = f"`{value['type']}` has no cards of kind `{kind}`"
            self._say("/card/kind", "schema.enum", f"`kind` must be one of: {', '.join(kinds)}", hint)
            return
        if "template_id" in mapping(value, "card") and not part.get("x-own-template", True):
            message = f"cards of kind `{kind}` cannot use a template of your own"
            self._say(
                "/card/template_id", "card.template-id", message, "remove `template_id` and `content_key`"
            )
        if not part.get("x-callbacks", True):
            message = f"clicks on cards of kind `{kind}` cannot reach the bot, so these buttons do nothing"
            for owner, key in (("feedback", "buttons"), ("card", "actions")):
                if mapping(value, owner).get(key):
                    at, cure = f"/{owner}/{key}", "use `card: {kind: ai}`"
                    self._say(at, "card.no-callback", message, cure, warning=True)

    def _judge_ratings(self, value: dict[str, Any]) -> None:
        buttons = mapping(value, "feedback").get("buttons")
        seen: dict[str, int] = {}
        for index, button in enumerate(buttons if isinstance(buttons, list) else ()):
            rating = button.get("rating") if isinstance(button, dict) else None
            if isinstance(rating, str) and seen.setdefault(rating, index) != index:
                message = f"item {index + 1} of `buttons` has the same rating as item {seen[rating] + 1}"
                self._say(
                    f"/feedback/buttons/{index}/rating",
                    "feedback.same-rating",
                    message,
                    "give each its own rating",
                )

    def _judge_commands(self, value: dict[str, Any]) -> None:
        """Check that no word stands under two commands: only the first of them could ever be used."""
        own = mapping(value, "commands")
        first: dict[str, str] = {}
        for command, part in source("bot")["properties"]["commands"]["properties"].items():
            words = own.get(command, part["default"])
            for index, word in enumerate(words if isinstance(words, list) else ()):
                other = (
                    first.setdefault(word.strip().casefold(), command) if isinstance(word, str) else command
                )
                if other == command or not own:
                    continue
                at = f"/commands/{command}/{index}" if command in own else f"/commands/{other}"
                message = (
                    f"`{word}` is a word of both `{other}` and `{command}`, so it never does `{command}`"
                )
                self._say(
                    at, "commands.same-word", message, "give each command words of its own", warning=True
                )

    def _say(self, at: str, code: str, message: str, hint: str, *, warning: bool = False) -> None:
        severity: Severity = "warning" if warning else "error"
        place = span_at(self.file.marks, at)
        self._problems.append(
            Problem.at(self.file.path, place, code, message, hint, pointer=at, severity=severity)
        )

    def _placed(self, found: Found) -> Problem:
        """A violation as a problem. A missing or empty key is placed at the key of the mapping around it."""
        violation, pointer, marks = found.violation, found.pointer, found.marks
        if violation.code == "schema.missing":
            parent = pointer.rpartition("/")[0]
            span = span_at(marks, parent, key=True) if parent else START
            if span.path not in ("", self.file.path):
                return self._lacking(found, span.path)
        else:
            span = span_at(marks, pointer, key=violation.at_key)
            if (span.line, span.column) == (span.end_line, span.end_column):
                span = span_at(marks, pointer, key=True)
                if self._is_commented_out(found.path, span):
                    hint = "# begins a comment behind a space: put the text in quotes"
                    violation = replace(violation, hint=hint)
        return Problem.at(
            found.path,
            span,
            violation.code,
            violation.message,
            violation.hint + _given(found),
            pointer=pointer,
        )

    def _is_commented_out(self, path: str, key: Span) -> bool:
        """Whether nothing but a comment follows a key that has no value."""
        if path != self.file.path:
            return False
        rest = Lines(self.file.text_at(key)).line(key.end_line)[key.end_column - 1 :]
        return bool(re.match(r"\s*:\s+#", rest))

    def _lacking(self, found: Found, base: str) -> Problem:
        """A key that is missing in an inherited mapping: the problem is placed in the bot's own file."""
        parent = found.pointer.rpartition("/")[0]
        while parent and span_at(found.marks, parent, key=True).path:
            parent = parent.rpartition("/")[0]
        span = span_at(found.marks, parent, key=True) if parent else START
        holder, key = ".".join(split_pointer(found.pointer)[:-1]), found.key
        message = f"`{key}` is missing in `{holder}`; its other keys come from {base}"
        return Problem.at(
            found.path, span, found.violation.code, message, found.violation.hint, pointer=found.pointer
        )


def _given(found: Found) -> str:
    """For the hint: where the key is that an unknown one resembles, unless that is inherited."""
    if not (found.violation.given and found.violation.hint.startswith("did you mean")):
        return ""
    span = span_at(found.marks, found.at + found.violation.given, key=True)
    return "" if span.path not in ("", found.path) else f" It is already given at line {span.line}"


def _alone(found: Found) -> Found:
    """The violation of a layout whose `file` has other keys beside it, or is not a path."""
    hint = "move the other keys into that file, or remove `file`; its value must be a path"
    violation = replace(found.violation, message="`file` must be the only key of a layout", hint=hint)
    return replace(found, violation=violation) if found.violation.code == "schema.unknown-key" else found
