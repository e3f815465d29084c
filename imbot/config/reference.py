"""The reference of bot files: what the schemas say about every key, by its dotted name.

``throttle.interval`` is a key, ``agent.openai.model`` a key of an agent type,
``credentials.dingtalk-stream.client_id`` one of a platform type and ``card.ai.msgContent`` one of a card
kind's layouts. ``imbot explain`` prints an entry, ``docs/keys.md`` has all of them.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from imbot.config import schema
from imbot.config.schema import Schema

_GROUPS = {"credentials": "types", "agent": "agents", "card": "cards"}
_KINDS = {
    "object": "mapping",
    "array": "list",
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}
_LEAST = {"minimum": "at least {}", "minLength": "at least {} characters", "minItems": "at least {} items"}
_MOST = {
    "maximum": "at most {}",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "uniqueItems": "no item twice",
}


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key; ``below`` are the names of the keys inside it."""

    name: str
    schema: Mapping[str, Any]
    required: bool
    below: tuple[str, ...]

    @property
    def description(self) -> str:
        """What it is for."""
        return str(self.schema.get("description", ""))

    @property
    def kind(self) -> str:
        """Its type: with the allowed words, or the bounds."""
        return ", ".join(_kind(self.schema))

    @property
    def default(self) -> str:
        """Its default; empty if there is none."""
        return value_text(self.schema["default"]) if "default" in self.schema else ""

    @property
    def examples(self) -> tuple[str, ...]:
        """Examples of its value."""
        return tuple(value_text(example) for example in self.schema.get("examples", ()))


@cache
def entries() -> Mapping[str, KeyEntry]:
    """Every key by its dotted name, in the order of the schemas."""
    return {entry.name: entry for entry in _below(schema.source("bot"), "")}


def find_keys(word: str) -> list[KeyEntry]:
    """The entries for a name or a JSON pointer: the one of that name, else all whose names end in it."""
    name = ".".join(part for part in re.split(r"[./\[\]]+", word.strip()) if part and not part.isdigit())
    if name in entries():
        return [entries()[name]]
    parts = name.split(".")
    return [entry for entry in entries().values() if parts and _ends_in(entry.name.split("."), parts)]


def _ends_in(whole: list[str], parts: list[str]) -> bool:
    """Whether a name ends in these parts; the type in its middle (``agent.openai.model``) may be left out."""
    shorter = [whole[0], *whole[2:]] if whole[0] in _GROUPS and len(whole) > 2 else whole
    return parts in (whole[-len(parts) :], shorter)


def _below(node: Schema, name: str) -> Iterator[KeyEntry]:
    for key, inner in node.get("properties", {}).items():
        yield from _entry(inner, f"{name}.{key}".lstrip("."), required=key in node.get("required", ()))
    for group in (_GROUPS[name],) if name in _GROUPS else ():
        for part in schema.names(group):
            yield from _entry(schema.source(f"{group}/{part}"), f"{name}.{part}", required=False)


def _entry(node: Schema, name: str, *, required: bool) -> Iterator[KeyEntry]:
    items = node.get("items")
    inner = list(_below(items if isinstance(items, dict) and "properties" in items else node, name))
    depth = name.count(".") + 1
    yield KeyEntry(name, node, required, tuple(each.name for each in inner if each.name.count(".") == depth))
    yield from inner


def _kind(node: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in node:
        yield "one of " + ", ".join(f"`{word}`" for word in node["enum"])
        return
    if "const" in node:
        yield f"`{node['const']}`"
        return
    kinds = node.get("type", [])
    named = [_KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    yield "duration" if node.get("format") == "duration" else " or ".join(named) or "anything"
    if 1 in (node.get("minLength"), node.get("minItems")):
        yield "not empty"
    else:
        yield from (words.format(node[bound]) for bound, words in _LEAST.items() if bound in node)
    yield from (words.format(node[bound]) for bound, words in _MOST.items() if bound in node)
    if "x-file" in node:
        yield "below the bots folder"
    if node.get("writeOnly"):
        yield "secret"


def value_text(value: Any) -> str:
    """A value as it would be written in YAML, on one line."""
    if isinstance(value, str):
        plain = re.fullmatch(r"[^\s\"'#:{}\[\],&*!|>%@`-][^\"#:{}\[\],\n]*", value)
        return value if plain and not _reads_otherwise(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{value_text(key)}: {value_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    return json.dumps(value)


def _reads_otherwise(text: str) -> bool:
    """Whether YAML would read a text without quotes as another type."""
    return text in ("true", "false", "null", "~") or bool(re.fullmatch(r"[-+.\d][\d._eE+-]*", text))


# -- the document -----------------------------------------------------------------------------------

_HEAD = """\
# Keys of a bot file

Every key, with its type and default. `imbot explain KEY` prints one of them, and an editor with a YAML language server
shows them while you write. [The bot file](bot-file.md) is the overview. `<<NAME>>` and `<<file:PATH>>` are allowed in every
value, except where the key says otherwise.

<!-- written by `imbot explain --all keys` -->
"""


def keys_page() -> str:
    """All entries as one Markdown document."""
    top = [entry for entry in entries().values() if "." not in entry.name]
    sections = (_section(entry) for entry in entries().values() if entry.below)
    return "\n".join([_HEAD, _table(top), *sections]).rstrip()


def _section(entry: KeyEntry) -> str:
    below = [entries()[name] for name in entry.below]
    return f"## {entry.name}\n\n{entry.description}\n\n{_table(below)}"


def _table(rows: list[KeyEntry]) -> str:
    head = "| key | what | type | default | example |\n|---|---|---|---|---|\n"
    return head + "".join(f"{_row(entry)}\n" for entry in rows)


def _row(entry: KeyEntry) -> str:
    key = entry.name.rpartition(".")[2]
    name = f"[`{key}`](#{entry.name.replace('.', '')})" if entry.below else f"`{key}`"
    default = "**required**" if entry.required else _code(entry.default)
    example = "" if entry.below else "; ".join(map(_code, entry.examples))
    cells = (name, entry.description, entry.kind, default, example)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`" if text else ""
