"""Reads questions and answers from Markdown files: a heading is a question, the text below it the answer."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from imbot.spec import Folder, TextFile

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_OTHER_BLOCK = re.compile(r"\s*([-*+>|]|\d{1,9}[.)]\s)|\t| {4}")
_ATTRIBUTES = re.compile(r"\s*(\{:?\s*[#.][^{}]*\}|<a\s[^<>]*>\s*</a>)\s*$")
_NUMBER = re.compile(
    r"(\d{1,3}(\.\d{1,3})*(\\?[.)]\s|[、）])|[一二三四五六七八九十]{1,3}、|Q\d*\s*[:：.])\s*(?=\S)",
    re.IGNORECASE,
)
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
    for line, level, words in _lines(_without_front_matter(text.splitlines())):
        if not level:
            current.lines.append(line)
            continue
        if current.heading:
            yield current
        levels = [(above, title) for above, title in levels if above < level]
        current = _Section(_title(words), tuple(title for _, title in levels), [])
        levels.append((level, current.heading))
    if current.heading:
        yield current


def _lines(lines: list[str]) -> Iterator[tuple[str, int, str]]:
    """Each line; of a heading with its level and its words, and without the line that underlines it."""
    fence, free, at = "", True, 0
    while at < len(lines):
        line = lines[at]
        fence, was_fenced = _fence_after(line, fence), bool(fence)
        heading = None if fence or was_fenced else _HEADING.fullmatch(line)
        level, words = (len(heading[1]), heading[2] or "") if heading else (0, "")
        if free and not (heading or fence or was_fenced) and (level := _underlined(lines, at)):
            words, at = line.strip(), at + 1
        free = not line.strip()
        yield line, level, words
        at += 1


def _underlined(lines: list[str], at: int) -> int:
    """The level of a heading that is one line with a line of ``=`` or ``-`` below it; 0: it is none.

    Many people write such a line after an answer, to part it from what follows. So it counts only if the line stands
    free above, and if a text follows that is not another heading.
    """
    line, *below = lines[at : at + 2]
    mark = _UNDERLINE.fullmatch(below[0]) if below else None
    if not (mark and line.strip()) or _OTHER_BLOCK.match(line):
        return 0
    if mark[1][0] == "=":
        return 1
    following = next((text for text in lines[at + 2 :] if text.strip()), "")
    return 2 if following and not _HEADING.fullmatch(following) else 0


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


def _title(heading: str) -> str:
    """The question of a heading: without its number, its attributes (``{#id}``) and its markup."""
    bare = _ATTRIBUTES.sub("", heading)
    return _plain(_NUMBER.sub("", bare, count=1) if _NUMBER.match(bare) else bare)


def _plain(heading: str) -> str:
    """The text of a heading without markup."""
    return " ".join(_MARKUP.sub(r"\1", heading).split())


def _unambiguous(entry: KnowledgeEntry) -> KnowledgeEntry:
    title = " › ".join((*entry.parents[-1:], entry.heading))
    return KnowledgeEntry(title, entry.answer, entry.file, entry.heading, entry.aliases, entry.parents)


def _relative(path: str, folder: str) -> str:
    return path.removeprefix(folder.rstrip("/") + "/") if folder else path
