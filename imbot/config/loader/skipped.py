"""Files that are probably meant as bots, but that no bot is read from: their names or their folders are wrong."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from imbot.config.file_names import names_bot
from imbot.config.loader.defaults import DEFAULTS_FILES
from imbot.config.regular_file import read_regular
from imbot.errors import START, Problem

_NEARLY = re.compile(r"(?P<stem>[^._].*)\.(?:ya?ml|ymal|yalm|yam|ya?ml\.txt)", re.IGNORECASE)
_OF_A_BOT = re.compile(rb"^[\"']?(?:agent|credentials)[\"']?[ \t]*:", re.MULTILINE)
_ENOUGH = 64 * 1024  # bytes of a file in which the keys of a bot are looked for
_MOST = 20


def skipped_files(folder: Path, used: Iterable[str]) -> list[Problem]:
    """A warning for each such file below a bots folder; ``used`` are the files that its bots use. Blocks."""
    known = {os.path.normpath(path) for path in used}
    found: list[Problem] = []
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        here = Path(top)
        for name in sorted(names):
            path = here / name
            if os.path.normpath(path) in known or name.lower().endswith(".test.yaml"):
                continue
            found += _misnamed(path) if here == folder else _too_deep(path, folder)
            if len(found) == _MOST:
                return found
    return found


def _misnamed(path: Path) -> Iterator[Problem]:
    if not names_bot(path.name) and (nearly := _NEARLY.fullmatch(path.name)):
        message = "no bot is read from this file: the names of bot files end in .yaml or .yml"
        yield _skipped(path, message, f"rename it to {nearly['stem']}.yaml")


def _too_deep(path: Path, folder: Path) -> Iterator[Problem]:
    """A bot file in a folder below. Where that has defaults of its own, it is a bots folder itself."""
    if not names_bot(path.name) or any((path.parent / name).exists() for name in DEFAULTS_FILES):
        return
    try:
        content = read_regular(path, _ENOUGH)
    except OSError:
        return
    if len({*_OF_A_BOT.findall(content)}) > 1:
        message = f"no bot is read from this file: bot files lie directly in {folder}"
        yield _skipped(path, message, f"move it there, or run `imbot run {path.parent}` for that folder")


def _skipped(path: Path, message: str, hint: str) -> Problem:
    return Problem.at(str(path), START, "file.skipped", message, hint, severity="warning")
