"""Changes Markdown so that DingTalk shows it as it is meant: its line breaks, tables and code blocks."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from imbot.text.markdown import FENCE, HEADING, LIST_ITEM, begins_table, closed, lines_and_blocks

_NUMBER = re.compile(r" {0,3}(\d{1,9})[.)]\s")


def platform_markdown(text: str) -> str:
    """The same text as the platform needs it.

    Single line breaks are marked with two spaces, because clients drop other ones. A table gets an empty line
    before and after it. Code is left as it is; a code block that is open at the end is closed.
    """
    if "\n" not in text:
        return closed(text)
    given = [*lines_and_blocks(closed(text)), ("", "")]
    heads = [
        not (block or inside) and begins_table(line, after)
        for (line, block), (after, inside) in pairwise(given)
    ]
    as_platform_markdown: list[str] = []
    table = False
    for at, ((line, block), (after, inside)) in enumerate(pairwise(given)):
        begins = heads[at] and not table
        if (begins and as_platform_markdown and as_platform_markdown[-1].strip()) or (
            table and line.strip() and not _row(line)
        ):
            as_platform_markdown.append("")
        table = begins or (table and _row(line))
        broken = not (block or inside or table or any(heads[at + 1 : at + 2])) and _runs_on(line, after)
        as_platform_markdown.append(_broken(line) if broken else line)
    return "\n".join(as_platform_markdown)


def as_platform_markdown(value: Any) -> Any:
    """Card data as it is sent: all its texts with the changes of ``platform_markdown``."""
    if isinstance(value, str):
        return platform_markdown(value) if "\n" in value else value
    if isinstance(value, Mapping):
        return {key: as_platform_markdown(item) for key, item in value.items()}
    return [as_platform_markdown(item) for item in value] if isinstance(value, list) else value


def _row(line: str) -> bool:
    return "|" in line


def _broken(line: str) -> str:
    """The line with the mark of a break; a backslash at its end, which means the same, makes place for it."""
    bare = line.rstrip()
    slashes = len(bare) - len(bare.rstrip("\\"))
    return f"{bare[:-1] if slashes % 2 and bare == line else bare}  "


def _runs_on(line: str, after: str) -> bool:
    """Whether the next line belongs to the same paragraph, so that the break between them would vanish."""
    if not line.strip() or not after.strip() or FENCE.match(line) or HEADING.match(line):
        return False
    if _quoted(after) and not _quoted(line):
        return False
    if (number := _NUMBER.match(after)) and not LIST_ITEM.match(line):
        return number[1] != "1"  # only a list that begins with 1 ends a paragraph
    return not any(begins.match(after) for begins in (FENCE, HEADING, LIST_ITEM))


def _quoted(line: str) -> bool:
    return line.lstrip().startswith(">")
