"""Cutting Markdown so that each part is valid on its own: code blocks and tables stay whole or are continued.

``turn.truncate`` cuts answers for cards, platforms cut them for messages, and templates get closed code
blocks.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

LEAST = 600  # bytes: in a smaller part there might only be room for what is repeated from the part before

FENCE = re.compile(r"[ \t]{0,40}(`{3,20}(?=[^`]*$)|~{3,20}(?!~))")
HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
LIST_ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])\s")
ROW = re.compile(r"\s*\|.*\|\s*$")
DELIMITER = re.compile(r"\s*(\|\s*)?(:?-+:?\s*\|\s*)+(:?-+:?\s*)?$")

_MARKS = re.compile(r"\s*([>#|]+|[-*+]\s|\d{1,9}[.)]\s|\[[ xX]\]\s)")
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,2000}\)")
_BAR = re.compile(r"(?<!\\)\|")
_CLOSING = 120  # bytes kept free to close a code block
_OPENING = 60  # bytes up to which the first line of a code block is repeated in the next part
_LONGEST_OPENING = 200  # characters; a longer line is text that begins with such a mark
_SENTENCE = re.compile(r"[。！？；…!?;][”’」』）)\"']*|[.]\s|[，、,]|\s")


def size(text: str) -> int:
    """The bytes of a text as a JSON string, which is what platforms count."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))


def closed(text: str) -> str:
    """The text; if it ends inside a code block, that block is closed."""
    opening = ""
    for line, block in lines_and_blocks(text):
        opening = block if block and not ends(line, block) else "" if block else _opening(line)
    return f"{text}\n{_mark(opening)}" if opening else text


def first_line(text: str, most: int = 100) -> str:
    """The first line that says something, without its marks, and cut: for places that show one plain line."""
    for line, block in lines_and_blocks(text):
        if (_opening(line) and not block) or (block and ends(line, block)):
            continue
        words = line[: most * 4]
        while mark := _MARKS.match(words):
            words = words[mark.end() :]
        words = _LINK.sub(r"\1", words).replace("**", "").replace("`", "").strip(" \t|*_")
        if words.strip("-=:| "):
            return words if len(words) <= most else f"{words[:most]}…"
    return ""


def split(text: str, limit: int) -> Iterator[str]:
    """The text in parts of at most ``limit`` bytes each, at least one, see ``cut``."""
    while True:
        part, text = cut(text, limit)
        yield part
        if not text:
            return


def cut(text: str, limit: int) -> tuple[str, str]:
    """A first part of at most ``limit`` bytes (``LEAST`` or more), and the rest; empty: all of it fits.

    Cut between paragraphs, list items or lines where there are any. A code block that is cut is
    closed in one part and opened again in the next; a table that is cut repeats its head.
    """
    if len(text) <= limit and size(text) <= limit:
        return text, ""
    fitting = bisect_right(range(limit), limit - _CLOSING, key=lambda end: size(text[:end])) - 1
    border = _best(text, fitting, limit // 8)
    head, rest = text[: border.at].removesuffix("\n"), text[border.at :]
    if border.block:
        return f"{head}\n{_mark(border.block)}", f"{_repeated(border.block)}\n{rest}"
    return head.rstrip("\n"), f"{border.head}{rest}"


def lines_and_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the opening line of the code block it is in.

    Empty outside of one, and for the opening line.
    """
    block = ""
    for line in text.split("\n"):
        yield line, block
        if not block:
            block = _opening(line)
        elif ends(line, block):
            block = ""


def begins_table(line: str, after: str) -> bool:
    """Whether a line is the head of a table, given the line after it. The outer bars may be missing."""
    columns = _columns(line)
    return columns > 0 and bool(DELIMITER.match(after)) and columns == _columns(after)


def _columns(row: str) -> int:
    """How many cells a line of a table has; 0 if it is none."""
    cells = _BAR.split(row.strip().removeprefix("|").removesuffix("|"))
    return len(cells) if "|" in row else 0


def ends(line: str, block: str) -> bool:
    """Whether a line ends the code block that began with that opening line."""
    mark, opened = FENCE.match(line), FENCE.match(block)
    return bool(mark and opened and mark[1].startswith(opened[1]) and not line[mark.end() :].strip())


@dataclass(frozen=True, slots=True)
class _Border:
    """A place where the text may be cut: before a line, or within one. The lower ``rank``, the better.

    ``block`` is the opening line of the code block it is in, ``head`` the head of the table to repeat.
    """

    at: int
    rank: int
    block: str = ""
    head: str = ""


def _best(text: str, fitting: int, room: int) -> _Border:
    """The best place to cut: a good one must use at least a quarter of the room, others at least half."""
    borders = [
        border
        for border in _borders(text, fitting, room)
        if border.at > (fitting // 4 if border.rank < 3 else fitting // 2)
    ]
    if borders:
        return min(borders, key=lambda border: (border.rank, -border.at))
    *_, (_, block) = lines_and_blocks(text[: fitting + 1])
    return _Border(_inside(text, fitting), 9, block)


def _borders(text: str, fitting: int, room: int) -> Iterator[_Border]:
    """The borders before every line that fits.

    Heads of tables are repeated if they are at most ``room`` bytes.
    """
    at, before, head, rows, after_heading = 0, "", "", 0, False
    last = text.find("\n", fitting)
    given = [*lines_and_blocks(text if last < 0 else text[:last]), ("", "")]
    for (line, block), (after, _) in pairwise(given):
        table = begins_table(line, after) or (rows == 1 and DELIMITER.match(line)) or (head and "|" in line)
        row = not block and bool(ROW.match(line) or table)
        rows = rows + 1 if row else 0
        if rows < 2:
            head = line if row else ""
        elif rows == 2:
            head = f"{head}\n{line}\n" if DELIMITER.match(line) else ""
        if 0 < at <= fitting and line.strip():
            if block:
                yield _Border(at, 8 if before == block or ends(line, block) else 4, block)
            elif rows == 2 or (rows == 3 and head):
                yield _Border(at, 8)
            else:
                repeated = head if rows > 3 and size(head) <= room else ""
                yield _Border(at, _rank(line, before, rows, after_heading=after_heading), head=repeated)
        if line.strip():
            after_heading = not block and bool(HEADING.match(line))
        before, at = line, at + len(line) + 1


def _rank(line: str, before: str, rows: int, *, after_heading: bool) -> int:
    """How bad it is to cut before this line, outside of code: 0 is best."""
    if after_heading or rows > 1:
        return 3
    item = LIST_ITEM.match(line)
    if item and item[1]:
        return 2 if len(item[1]) < 4 else 3
    if not before.strip() and not line.startswith(" "):
        return 0
    return 0 if HEADING.match(line) else 1 if item or not before.strip() else 2


def _inside(text: str, fitting: int) -> int:
    """Where to cut a long line: after a sentence in the last quarter, else between any two characters."""
    sentences = [found.end() for found in _SENTENCE.finditer(text, fitting * 3 // 4, fitting)]
    if sentences:
        return sentences[-1]
    at = fitting
    while at > fitting - 20 and at > 1 and _joined(text[at - 1], text[at]):
        at -= 1
    return at


def _joined(before: str, after: str) -> bool:
    """Whether two characters are shown as one: an emoji with its variants, a letter with its accents."""
    return (
        "\u200d" in (before, after)
        or after == "\ufe0f"
        or bool(unicodedata.combining(after))
        or ("\U0001f3fb" <= after <= "\U0001f3ff")
    )


def _opening(line: str) -> str:
    return line if len(line) <= _LONGEST_OPENING and FENCE.match(line) else ""


def _mark(block: str) -> str:
    found = FENCE.match(block)
    return found[0] if found else ""


def _repeated(block: str) -> str:
    return block if size(block) <= _OPENING else _mark(block)
