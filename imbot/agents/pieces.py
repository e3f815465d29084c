"""Cuts a finished text into pieces that arrive one by one, never within a visible character."""

import unicodedata

_JOINER = "\u200d"


def pieces(text: str, count: int) -> list[str]:
    """The text in at most ``count`` pieces of about equal length; joined they are the text."""
    size = max(1, -(-len(text) // count))
    cut: list[str] = []
    start = 0
    while start < len(text):
        end = _boundary(text, start + size)
        cut.append(text[start:end])
        start = end
    return cut


def _boundary(text: str, at: int) -> int:
    """The first offset from ``at`` on between two visible characters."""
    while at < len(text) and _joined(text, at):
        at += 1
    return min(at, len(text))


def _joined(text: str, at: int) -> bool:
    """Whether the characters before and after ``at`` are shown as one."""
    before, after = text[at - 1], text[at]
    if _flag(before) and _flag(after):
        run = at  # a flag is a pair of letters: after an odd number of them we are inside one
        while run > 0 and _flag(text[run - 1]):
            run -= 1
        return (at - run) % 2 == 1
    return before == _JOINER or (before == "\r" and after == "\n") or _extends(after)


def _flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _extends(char: str) -> bool:
    """Marks, joiners, skin tones, tags, and the inner parts of Korean syllables."""
    return (
        char == _JOINER
        or unicodedata.category(char) in ("Mn", "Mc", "Me")
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
    )
