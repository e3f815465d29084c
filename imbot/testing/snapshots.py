"""Golden snapshots: whole cards as YAML that is easy to review, in ``snapshots/`` beside a test file."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from imbot.config.regular_file import read_text
from imbot.config.yamlfile import MAX_BYTES
from imbot.errors import START, ConfigError, Problem
from imbot.testing.casefile import CaseFile
from imbot.testing.stage import Shown

FOLDER = "snapshots"
_HEAD = "# Written by `imbot test --update`: read the difference before you keep it.\n"
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]")
_PLAIN = re.compile(r"[^\W\d_]([\w -]*\w)?")
_NO_TEXTS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class Snapshots:
    """The snapshots of one test file."""

    def __init__(self, folder: Path, stem: str, *, update: bool) -> None:
        self.update = update
        self._folder = folder / FOLDER
        self._stem = stem

    def path(self, name: str) -> Path:
        """The path of a snapshot."""
        return self._folder / f"{self._stem}.{name}.yaml"

    def read(self, name: str) -> str | None:
        """The text of a snapshot; None if there is none. Raises ConfigError if it cannot be read."""
        path = self.path(name)
        try:
            return read_text(path, MAX_BYTES).removeprefix(_HEAD)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            message = f"the snapshot cannot be read: {why}"
            raise ConfigError([Problem.at(str(path), START, "file.unreadable", message)]) from None

    def write(self, name: str, text: str) -> None:
        """Write a snapshot."""
        self._folder.mkdir(exist_ok=True)
        self.path(name).write_text(_HEAD + text, encoding="utf-8", newline="\n")


def unused(folder: Path, files: Iterable[CaseFile]) -> Iterator[Problem]:
    """Snapshots that no test file uses. ``files`` must be all test files of the folder."""
    used = {Snapshots(folder, each.stem, update=False).path(name) for each in files for name in _names(each)}
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        if path not in used and path.is_file() and _HEAD.encode() in path.read_bytes():
            message, hint = "no test file asks for this snapshot", "delete it, or name it in `expect`"
            yield Problem.at(str(path), START, "test.unused-snapshot", message, hint, severity="warning")


def _names(file: CaseFile) -> Iterator[str]:
    steps = (step for case in file.cases for step in case.steps)
    return (step.expect["snapshot"] for step in steps if "snapshot" in step.expect)


def drawn(shown: Shown, user: str) -> str:
    """An answer as a user sees it, as YAML."""
    if shown.phase is None:
        return snapshot_text({"messages": list(shown.messages)})
    return snapshot_text({"phase": str(shown.phase), "card": shown.card(user)})


def snapshot_text(value: Mapping[str, Any]) -> str:
    """A JSON value as readable YAML: texts of several lines become blocks."""
    return "\n".join(_mapping(value, "")) + "\n"


def _mapping(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _item(f"{indent}{_scalar(key)}:", item, f"{indent}  ")


def _list(value: list[Any], indent: str) -> Iterator[str]:
    for item in value:
        yield from _item(f"{indent}-", item, f"{indent}  ")


def _item(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        first, *rest = _mapping(value, indent)
        if head.endswith("-"):
            yield f"{head} {first.removeprefix(indent)}"
        else:
            yield from (head, first)
        yield from rest
    elif isinstance(value, list) and value:
        yield head
        yield from _list(value, indent)
    elif isinstance(value, str) and _is_block(value):
        yield f"{head} {_block_sign(value)}"
        yield from (f"{indent}{line}" if line else "" for line in value.removesuffix("\n").split("\n"))
    else:
        yield f"{head} {_scalar(value)}"


def _scalar(value: Any) -> str:
    """A scalar as JSON, which is also YAML; a plain word without quotes."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXTS:
        return value
    text = json.dumps(value, ensure_ascii=False)
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _is_block(text: str) -> bool:
    return "\n" in text.rstrip("\n") and not text[0].isspace() and not _ODD.search(text)


def _block_sign(text: str) -> str:
    if not text.endswith("\n"):
        return "|-"
    return "|+" if text.endswith("\n\n") else "|"
