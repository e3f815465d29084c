"""Secrets that are written in a bot file: as values, or as keys because of a typing mistake."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from imbot.config import schema
from imbot.config.loader.schema_choice import whole_schema
from imbot.config.placeholders import Placeholder, parse_placeholders, placeholder_span
from imbot.config.schema import Schema
from imbot.config.schema.editor import walk
from imbot.config.yamlfile import YamlFile, span_at
from imbot.config.yamlfile.lines import Lines
from imbot.errors import Span
from imbot.text.masking import is_maskable
from imbot.text.pointers import escape, split_pointer
from imbot.text.suggestions import suggest

_SECRETISH = re.compile(
    "secret|passw|passphrase|pwd|token|api[-_ ]?key|[-_](?:access|private)?key$|authorization|credential|cookie"
    "|private[-_ ]?key|access[-_ ]?key|密码|密钥|口令|令牌",
    re.IGNORECASE,
)
_SIGN = re.compile(r"[\s:：=]+")


def literals(file: YamlFile) -> frozenset[str]:
    """Every secret written in a file that can be masked in texts."""
    values = (literal for _, literal in secret_values(file))
    return frozenset(filter(is_maskable, (*values, *(literal for _, literal in secret_keys(file)))))


def secret_values(file: YamlFile) -> Iterator[tuple[Span, str]]:
    """The places of secret values with their texts.

    The text is empty for a mapping, a list or a mixed value.
    """
    for at, value in _values(file.value, _schema_of(file), ""):
        yield from literal_parts(value, file.text, span_at(file.marks, at))


def secret_keys(file: YamlFile) -> Iterator[tuple[Span, str]]:
    """Keys that hold a secret because of a typing mistake, and the part of them that is the secret.

    ``token abc`` lacks its colon, and the comma in ``{token: abc,def}`` begins another key.
    """
    lines, sections = Lines(file.text), guarded_sections()
    for at, span in file.marks.keys.items():
        parts = split_pointer(at)
        if not sections.get(parts[0], True):
            continue
        key = parts[-1]
        sign = _SIGN.search(key)
        bare = not lines.line(span.end_line)[span.end_column - 1 :].lstrip().startswith(":")
        literal = key[sign.end() :] if sign else key if bare else ""
        if is_maskable(literal) and literal not in key_names()[1]:
            yield span, literal


def _schema_of(file: YamlFile) -> Schema:
    """The schema of a file; a test file has its own, a layout has none, as it holds no secrets by design."""
    if file.path.endswith(".test.yaml"):
        return schema.source("test")
    known = schema.source("bot")["properties"].keys()
    guarded = [section for section, secrets in guarded_sections().items() if secrets]
    of_a_bot = any(key in known or suggest(key, guarded) for key in file.value)
    return whole_schema(file.value) if of_a_bot else {}


def _values(value: Any, node: Schema, at: str) -> Iterator[tuple[str, Any]]:
    """The values that are secret by the schema, or may be meant as a secret, with their pointers."""
    if node.get("writeOnly") or (not isinstance(value, dict | list) and _holds_secrets(node)):
        yield at, value
    elif isinstance(value, dict):
        for key, item in value.items():
            inside = f"{at}/{escape(key)}"
            known = schema.member(node, key)
            free = key not in node.get("properties", {})  # a name of the user's own, such as of a variable
            if (free and known is not None and is_secret_name(key)) or (
                known is None and _may_be_secret(key, node)
            ):
                yield inside, item
            else:
                yield from _values(item, known or {}, inside)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, node.get("items", {}), f"{at}/{index}")


def _holds_secrets(node: Schema) -> bool:
    return any(inner.get("writeOnly") is True for inner in walk(node))


def _may_be_secret(key: str, node: Schema) -> bool:
    """Whether an unknown key may be meant to hold a secret."""
    near = suggest(key, node.get("properties", {}))
    if near:
        return _holds_secrets(node["properties"][near])
    return is_secret_name(key) or (_holds_secrets(node) and key not in key_names()[1])


def literal_parts(value: Any, text: str, span: Span) -> Iterator[tuple[Span, str]]:
    """The parts of a value that are literal, as place and text: all of it, or defaults of its placeholders.

    ``text`` is that of the file, ``span`` the place of the value in it.
    """
    pieces = parse_placeholders(value) if isinstance(value, str) else []
    found = [piece for piece in pieces if isinstance(piece, Placeholder)]
    if len(found) < len(pieces) or not found:
        yield span, "" if found or isinstance(value, dict | list) else str(value)
        return
    for piece in found:
        if piece.default:
            yield placeholder_span(piece, value, text, span), piece.default


@cache
def guarded_sections() -> dict[str, bool]:
    """The top-level keys of a bot file that hold other keys, and whether those may hold secrets."""
    properties = schema.source("bot")["properties"]
    sections = {key: inner for key, inner in properties.items() if inner.get("type") in ("object", "array")}
    return {key: "x-part" in inner or _holds_secrets(inner) for key, inner in sections.items()}


@cache
def is_secret_name(name: str, *, guess: bool = True) -> bool:
    """Whether a key of that name holds a secret in any mapping; with ``guess``, also if it is misspelt."""
    secret, plain = key_names()
    if name in secret or name in plain:
        return name in secret
    return bool(_SECRETISH.search(name)) or (guess and suggest(name, secret | plain) in secret)


@cache
def key_names() -> tuple[frozenset[str], frozenset[str]]:
    """The names of all keys of all schemas: those that hold secrets, and the others."""
    secret: set[str] = set()
    plain: set[str] = set()
    parts = [f"{group}/{name}" for group in ("types", "agents") for name in schema.names(group)]
    for part in ("bot", *parts):
        for node in walk(schema.source(part)):
            for key, inner in node.get("properties", {}).items():
                others = inner.get("additionalProperties")
                hides = inner.get("writeOnly") or (isinstance(others, dict) and others.get("writeOnly"))
                (secret if hides else plain).add(key)
    return frozenset(secret), frozenset(plain - secret)
