"""Bot files without the secrets written in them, to be stored; and complete again, with today's secrets.

``reload.last_good`` stores what the loader has read. It stores the value as JSON, which is YAML, too, and not
the text: comments may hold old secrets, and an alias may repeat a secret in a second place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from imbot.config import schema
from imbot.config.loader.snapshot import PathRead, Reading
from imbot.config.placeholders import Placeholder, parse_placeholders
from imbot.config.schema import Schema
from imbot.config.yamlfile import read_yaml, split_pointer
from imbot.errors import ConfigError, ImbotError
from imbot.text.pointers import escape

_NO_SECRETS = {"", "bearer", "basic", "token"}  # words before a placeholder in an `Authorization` header
_UNPRINTABLE = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\uf8ff\ufeff\ufff0-\uffff]")
_HEADER = re.compile(r"(\s*)([^\s#:'\"{}\[\],&*!|>%@`-][^\s#:]*):(\s.*)?\Z", re.DOTALL)
_BEGINS = re.compile(r"\s*[^\s#\-}\]]")  # a line that does not continue the value of the key above
_DEEPEST = 8  # how many levels of mappings are split into lines


class SecretGoneError(ImbotError):
    """Secrets that were cut out are not in today's file at ``path``; ``pointers`` are their places."""

    def __init__(self, pointers: Sequence[str], path: str) -> None:
        self.pointers = tuple(pointers)
        keys = ", ".join(f"`{'.'.join(split_pointer(each))}`" for each in pointers)
        super().__init__(
            f"{keys} cannot be read from {path}; imbot keeps no copy of a secret written in a file"
        )


def without_secrets(content: bytes) -> tuple[bytes, tuple[str, ...]]:
    """A valid bot or defaults file with null for each secret written in it, and the pointers of those."""
    cut: list[str] = []
    value = _stripped(read_yaml(content, "").value, [schema.source("bot")], "", False, cut)
    return _json(value), tuple(cut)


def with_secrets(kept: bytes, cut: Sequence[str], today: Any, path: str) -> bytes:
    """The complete file: each place that was cut gets its value from ``today``, the file now at ``path``.

    Raises SecretGoneError if one is missing there.
    """
    if not cut:
        return kept
    value = json.loads(kept)
    found = {at: _value_at(today, split_pointer(at)) for at in cut}
    if gone := [at for at, secret in found.items() if secret is None]:
        raise SecretGoneError(gone, path)
    for at, secret in found.items():
        *parents, last = split_pointer(at)
        holder = _value_at(value, parents)
        holder[int(last) if isinstance(holder, list) else last] = secret
    return _json(value)


def readable_values(content: bytes) -> Any:
    """The values of a file; of a broken one, those of the blocks that can be parsed."""
    try:
        return read_yaml(content, "").value
    except ConfigError:
        text = content.decode("utf-8-sig", errors="replace")
        return _blocks(text.splitlines(keepends=True), _DEEPEST)


def folder_of(contents: Mapping[Path, bytes]) -> dict[str, PathRead]:
    """Reads for a ``Snapshot`` that sees only these files, and secret files on the disk."""

    def content(path: Path) -> Reading:
        if path not in contents:
            raise FileNotFoundError(2, "it was not kept")
        return Reading(contents[path], contents[path])

    def names(path: Path) -> Reading:
        found = {other.relative_to(path).parts[0] for other in contents if path in other.parents}
        return Reading(None, tuple(sorted(found)))

    def below(suffix: str, path: Path) -> Reading:
        found = (other for other in contents if path in other.parents and other.suffix == suffix)
        return Reading(None, tuple(sorted(other.relative_to(path).as_posix() for other in found)))

    return {
        "content": content, "names": names, "real": lambda path: Reading(path, path),
        "markdown": partial(below, ".md"), "texts": partial(below, ".j2"),
    }  # fmt: skip


def _stripped(value: Any, schemas: Sequence[Schema], at: str, secret: bool, cut: list[str]) -> Any:
    """The value with null for every literal secret, by all the schemas it may have."""
    secret = secret or any(each.get("writeOnly") for each in schemas)
    if isinstance(value, dict):
        return {
            key: _stripped(item, _members(schemas, key), f"{at}/{escape(key)}", secret, cut)
            for key, item in value.items()
        }
    if isinstance(value, list):
        items = [each["items"] for each in schemas if "items" in each]
        return [_stripped(item, items, f"{at}/{i}", secret, cut) for i, item in enumerate(value)]
    if value is None or not _literal(value, secret=secret):
        return value
    cut.append(at)
    return None


def _members(schemas: Sequence[Schema], key: str) -> list[Schema]:
    """The schemas that a member may have; for a part of the file, those of all its types."""
    found = []
    for each in schemas:
        other = each.get("additionalProperties")
        member = each.get("properties", {}).get(key, other if isinstance(other, dict) else {})
        group = member.get("x-part")
        found += [schema.source(f"{group}/{name}") for name in schema.names(group)] if group else [member]
    return found


def _literal(value: Any, *, secret: bool) -> bool:
    """Whether a value is a secret of which at least a part is written in the file itself."""
    if not isinstance(value, str):
        return secret
    pieces = parse_placeholders(value)
    placeholders = [piece for piece in pieces if isinstance(piece, Placeholder)]
    if not secret and not any(each.source == "file" for each in placeholders):
        return False
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return any(each.default for each in placeholders) or any(
        text.strip().lower() not in _NO_SECRETS for text in texts
    )


def _value_at(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        if isinstance(value, list):
            value = value[int(key)] if key.isdigit() and int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _json(value: Any) -> bytes:
    """JSON that the YAML reader accepts: escapes what YAML forbids, and uses no surrogate pairs."""
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _blocks(lines: Sequence[str], depth: int) -> dict[str, Any]:
    """The keys of a broken block mapping that can be parsed on their own."""
    found: dict[str, Any] = {}
    for key, block in _split(lines):
        try:
            found |= read_yaml("".join(block).encode(), "").value
        except ConfigError:
            if depth and (inner := _blocks(block[1:], depth - 1)):
                found[key] = inner
    return found


def _split(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    """The keys of a block mapping with the least indentation, each with its lines.

    Other lines with that indentation are dropped, together with what is below them.
    """
    headers = {i: found for i, line in enumerate(lines) if (found := _HEADER.match(line))}
    left = min((len(found[1]) for found in headers.values()), default=0)
    starts = [i for i, line in enumerate(lines) if _BEGINS.match(line[: left + 1])]
    blocks = zip(starts, [*starts, len(lines)][1:], strict=True)
    return [(headers[start][2], list(lines[start:end])) for start, end in blocks if start in headers]
