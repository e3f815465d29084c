"""Scanning files: what shows that a file has changed, without reading it.

``watch`` compares one scan with the next. Everything here blocks and is called in a thread.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from imbot.descriptors import why_none
from imbot.errors import ResourceError

_FILES = (".yaml", ".yml", ".env")  # a folder of such a name is in the place of a file

FileEntry = tuple[int, int, int, int]
"""Modification time and change time in ns, size, inode."""

_OTHERS = (".git", ".imbot", "__pycache__")  # folders that hold no parts of bots


def scan(folder: Path, used: Iterable[str]) -> dict[str, FileEntry]:
    """Every file below a folder, links followed, and those of the ``used`` paths elsewhere that exist.

    By path. Raises ResourceError if no file descriptor is left.
    """
    found = dict(_below(str(folder)))
    for path in used:
        if path not in found and (entry := entry_at(path)):
            found[path] = entry
    return found


def entry_at(path: str) -> FileEntry | None:
    """The entry of a file, or of what is in the place of one; None if there is none."""
    try:
        return _entry(os.stat(path), path)  # noqa: PTH116  a Path for each of thousands of files is slow
    except (OSError, ValueError):  # ValueError: no file has such a name
        return None


def is_below(folder: str, path: str) -> bool:
    """Whether a scan of the folder covers this path, so that a file it did not find did not exist."""
    return not os.path.relpath(path, folder).startswith("..")


def folder_id(folder: Path) -> tuple[int, int] | None:
    """Device and inode, which differ after the folder was removed and made again; None if there is none."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _below(folder: str) -> Iterator[tuple[str, FileEntry]]:
    waiting: list[tuple[str, tuple[str, ...]]] = [(folder, (os.path.realpath(folder),))]
    while waiting:
        top, parents = waiting.pop()
        for path, is_folder in _listed(top):
            if (not is_folder or path.endswith(_FILES)) and (entry := entry_at(path)):
                yield path, entry
            if is_folder and (real := os.path.realpath(path)) not in parents:  # a link may lead back up
                waiting.append((path, (*parents, real)))


def _listed(top: str) -> list[tuple[str, bool]]:
    try:
        with os.scandir(top) as entries:
            return [
                (entry.path.removeprefix("./"), _leads_on(entry))  # paths as the loader spells them
                for entry in entries
                if not _ignored(entry.name)
            ]
    except OSError as error:  # it vanished meanwhile, or cannot be listed
        if none_left := why_none(error):  # then it would seem that all files are gone
            raise ResourceError(f"{top} cannot be listed: {none_left}") from None
        return []


def _leads_on(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _ignored(name: str) -> bool:
    """Folders such as ``.git``, and ``..`` folders, in which Kubernetes keeps a volume's real files."""
    return name in _OTHERS or name.startswith("..")


def _entry(found: os.stat_result, path: str) -> FileEntry | None:
    if not stat.S_ISREG(found.st_mode):
        # What is in the place of a file is told apart by its sort alone. Other folders are seen by their files.
        is_folder = stat.S_ISDIR(found.st_mode)
        return None if is_folder and not path.endswith(_FILES) else (0, 0, stat.S_IFMT(found.st_mode), 0)
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
