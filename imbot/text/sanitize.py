"""Characters that cannot be shown, or that a terminal obeys: removed from chats, written out in all other outputs."""

import re

_HALVES = re.compile("[\ud800-\udfff]")
# Besides control characters those that end a line for some programs, and those that turn the direction of text.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
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


def printable(text: str) -> str:
    """The text on one line, with control characters and lone surrogates escaped, safe for a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda found: _written_out(ord(found[0]), "\\x{:02x}"), text)


def printable_json(text: str) -> str:
    """A JSON document with the same characters as JSON's own escapes; its layout stays."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(
        lambda found: found[0] if found[0] == "\n" else _written_out(ord(found[0]), "\\u{:04x}"), text
    )


def _written_out(code: int, short: str) -> str:
    return short.format(code) if code < 0x100 else f"\\u{code:04x}"
