"""Reads questions and answers from Markdown files: a heading is a question, the text below it the answer."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from imbot.spec import Folder, TextFile

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})")
_ALIASES = re.compile(r"[*_]*(?:别名|又名|also)[*_]*\s*[:：][*_]*\s*(.+)", re.IGNORECASE)
_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*`]+|(?<!\w)_+|_+(?!\w)")


@dataclass(frozen=True, slots=True)
class KnowledgeEntry:
    """One question with its answer.

    ``title`` is the heading, with its parent if it would be ambiguous alone. ``aliases`` are other ways to
    ask. ``parents`` are the headings above it, the outermost first. ``file`` is relative to the folder.
    """

    title: str
    answer: str
    file: str
    heading: str
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(slots=True)
class _Section:
    heading: str
    parents: tuple[str, ...]
    lines: list[str]


def read_entries(folder: Folder) -> list[KnowledgeEntry]:
    """Every heading in the folder that has a text, in the order of the files."""
    found = [entry for file in folder.files for entry in _entries(file, _relative(file.path, folder.path))]
    headings = Counter(entry.heading for entry in found)
    return [_unambiguous(entry) if headings[entry.heading] > 1 else entry for entry in found]


def _entries(file: TextFile, name: str) -> Iterator[KnowledgeEntry]:
    for section in _sections(file.text):
        aliases, answer = _split_aliases(section.lines)
        if answer:
            yield KnowledgeEntry(section.heading, answer, name, section.heading, aliases, section.parents)


def _sections(text: str) -> Iterator[_Section]:
    """The headings with the lines below them; lines above the first heading are dropped."""
    current = _Section("", (), [])
    levels: list[tuple[int, str]] = []
    fence = ""
    for line in _without_front_matter(text.splitlines()):
        fence, was_fenced = _fence_after(line, fence), bool(fence)
        heading = None if fence or was_fenced else _HEADING.fullmatch(line)
        if not heading:
            current.lines.append(line)
            continue
        if current.heading:
            yield current
        level = len(heading[1])
        levels = [(above, title) for above, title in levels if above < level]
        current = _Section(_plain(heading[2] or ""), tuple(title for _, title in levels), [])
        levels.append((level, current.heading))
    if current.heading:
        yield current


def _fence_after(line: str, fence: str) -> str:
    """The fence that is open after this line, given the one open before it."""
    mark = _FENCE.match(line)
    if not mark:
        return fence
    if not fence:
        return mark[1]
    closes = mark[1].startswith(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines and lines[0].lstrip("\ufeff").rstrip() == "---":
        for number, line in enumerate(lines[1:], 1):
            if line.rstrip() in ("---", "..."):
                return lines[number + 1 :]
    return lines


def _split_aliases(lines: list[str]) -> tuple[tuple[str, ...], str]:
    """Other ways to ask, from the lines right below the heading, and the answer after them."""
    aliases: list[str] = []
    start = 0
    for line in lines:
        named = _ALIASES.fullmatch(line.strip())
        if line.strip() and not named:
            break
        if named:
            aliases += [alias for part in re.split("[|｜]", named[1]) if (alias := _plain(part))]
        start += 1
    return tuple(aliases), "\n".join(lines[start:]).rstrip()


def _plain(heading: str) -> str:
    """The text of a heading without markup."""
    return " ".join(_MARKUP.sub(r"\1", heading).split())


def _unambiguous(entry: KnowledgeEntry) -> KnowledgeEntry:
    title = " › ".join((*entry.parents[-1:], entry.heading))
    return KnowledgeEntry(title, entry.answer, entry.file, entry.heading, entry.aliases, entry.parents)


def _relative(path: str, folder: str) -> str:
    return path.removeprefix(folder.rstrip("/") + "/") if folder else path
