"""Removes characters that cannot be shown from texts of people and agents."""

import re

_HALVES = re.compile("[\ud800-\udfff]")
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]")


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced, as they cannot be encoded."""
    if not _HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def readable(text: str) -> str:
    """The well-formed text without control characters and carriage returns; tabs and line breaks stay."""
    if text.isprintable():  # the quick case: most pieces of text are
        return text
    return _UNSHOWN.sub("", well_formed(text))
