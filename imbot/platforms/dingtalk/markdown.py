"""Markdown as DingTalk shows it: line breaks kept, tables standing free, no code block left open."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from imbot.text.markdown import DELIMITER, FENCE, HEADING, LIST_ITEM, ROW, closed, lines_and_blocks


def platform_markdown(text: str) -> str:
    """The same text as the platform needs it.

    Single line breaks are marked, for clients drop those that are not; a table gets an empty line before
    and after it; code is left alone, and closed where it is open at the end.
    """
    if "\n" not in text:
        return closed(text)
    as_platform_markdown: list[str] = []
    table = False
    given = [*lines_and_blocks(closed(text)), ("", "")]
    for (line, block), (after, inside) in pairwise(given):
        begins = not table and not block and bool(ROW.match(line) and DELIMITER.match(after))
        if (begins and as_platform_markdown and as_platform_markdown[-1].strip()) or (
            table and line.strip() and not _row(line)
        ):
            as_platform_markdown.append("")
        table = begins or (table and _row(line))
        broken = not (block or inside or table) and _runs_on(line, after)
        as_platform_markdown.append(f"{line.rstrip()}  " if broken else line)
    return "\n".join(as_platform_markdown)


def as_platform_markdown(value: Any) -> Any:
    """Card data as it is sent: its texts as the platform's Markdown."""
    if isinstance(value, str):
        return platform_markdown(value) if "\n" in value else value
    if isinstance(value, Mapping):
        return {key: as_platform_markdown(item) for key, item in value.items()}
    return [as_platform_markdown(item) for item in value] if isinstance(value, list) else value


def _row(line: str) -> bool:
    return "|" in line


def _runs_on(line: str, after: str) -> bool:
    """Whether the next line belongs to the same paragraph, so that the break between them would vanish."""
    if not line.strip() or not after.strip() or FENCE.match(line) or HEADING.match(line):
        return False
    if _quoted(after) != _quoted(line):
        return False
    return not any(begins.match(after) for begins in (FENCE, HEADING, LIST_ITEM, ROW))


def _quoted(line: str) -> bool:
    return line.lstrip().startswith(">")
