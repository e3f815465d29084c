"""Markdown as DingTalk's messages take it: line breaks kept, long texts in parts."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
FENCE_ROOM = 120  # bytes for a code block that is closed in one part and opened again in the next


def keep_breaks(text: str) -> str:
    """The same text with its single line breaks marked: clients drop those that are not."""
    lines: list[str] = []
    for line, block in _lines(text):
        before = lines[-1] if lines else ""
        if before.strip() and line.strip() and not block and not FENCE.match(before):
            lines[-1] = before.rstrip() + "  "
        lines.append(line)
    return "\n".join(lines)


def split(text: str, limit: int) -> list[str]:
    """The text in parts of at most ``limit`` bytes each as JSON, cut where it hurts least.

    That is between paragraphs, else between lines, else anywhere. A code block that is cut is closed
    in one part and opened again in the next.
    """
    parts: list[str] = []
    while size(text) > limit:
        fitting = bisect_right(range(limit), limit - FENCE_ROOM, key=lambda end: size(text[:end])) - 1
        cut, block = _best_cut(text[:fitting])
        part, text = text[:cut], text[cut:].removeprefix("\n")
        if block:
            mark = FENCE.match(block)
            assert mark
            part = f"{part}\n{mark[0]}"
            text = f"{block if len(block) <= 40 else mark[0]}\n{text}"
        else:
            text = text.lstrip("\n")
        parts.append(part)
    return [*parts, text]


def size(text: str) -> int:
    """Bytes of a text inside a JSON body."""
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))


def _best_cut(text: str) -> tuple[int, str]:
    """Where to cut in the text's second half, and the opening of the code block that is cut."""
    paragraphs: list[int] = []
    lines: list[tuple[int, str]] = []
    start, block = 0, ""
    for line, block in _lines(text):
        if start > len(text) // 2:
            lines.append((start - 1, block))
            if not block and not line.strip():
                paragraphs.append(start - 1)
        start += len(line) + 1
    if paragraphs:
        return paragraphs[-1], ""
    return lines[-1] if lines else (len(text), block)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Each line, and the opening of the code block that began before it and holds it (empty: none)."""
    opening, fence = "", ""
    for line in text.split("\n"):
        yield line, opening
        mark = FENCE.match(line)
        if not opening and mark:
            opening, fence = line, mark[1]
        elif opening and mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
            opening, fence = "", ""
