"""Characters that texts from outside bring along and nothing can show; people's and agents' words pass here."""

import re

_HALVES = re.compile("[\ud800-\udfff]")
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


def well_formed(text: str) -> str:
    """The text with halves of characters joined, or replaced where one stands alone: no encoder takes them."""
    if not _HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def readable(text: str) -> str:
    """A well-formed text without control characters; tabs and line breaks stay, carriage returns go."""
    if text.isprintable():  # at a glance: most texts and pieces of them are
        return text
    return _UNSHOWN.sub("", well_formed(text))
