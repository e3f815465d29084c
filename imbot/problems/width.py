"""How wide text is on a terminal: what decides under which characters a caret stands."""

import unicodedata

_JOINER = "\u200d"
_WIDENING = "\ufe0f"  # asks for the picture of a character that also has a plain form
_SKIN = range(0x1F3FB, 0x1F400)
_FLAG = range(0x1F1E6, 0x1F200)
_LATE_JAMO = range(0x1160, 0x1200)


def widths(text: str) -> list[int]:
    """The cells each character takes; what joins the one before it takes none."""
    found: list[int] = []
    for index, char in enumerate(text):
        before = text[index - 1] if index else ""
        if char == _WIDENING and found and found[-1] == 1:
            found[-1] = 2
        found.append(0 if _joins(char, before, found) else _alone(char))
    return found


def width(text: str) -> int:
    """The cells a text takes."""
    return sum(widths(text))


def _alone(char: str) -> int:
    code = ord(char)
    if code < 0x300:
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf") or code in _LATE_JAMO:
        return 0
    return 2 if code in _FLAG or unicodedata.east_asian_width(char) in "WF" else 1


def _joins(char: str, before: str, found: list[int]) -> bool:
    """Whether terminals draw a character into the picture before it."""
    if before == _JOINER:
        return len(found) > 1 and unicodedata.category(char) == "So"  # letters are only shaped by it
    if ord(char) in _SKIN:
        return bool(before) and found[-1] == 2
    # two letters make one flag
    return ord(char) in _FLAG and bool(before) and ord(before) in _FLAG and found[-1] == 2
