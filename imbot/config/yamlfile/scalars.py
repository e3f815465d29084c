"""The values of YAML scalars: the core schema of YAML 1.2, without what JSON cannot express.

``no``, ``on``, ``12:30`` and ``2024-01-01`` are texts, ``0777`` is 777 and ``0o777`` is octal.
"""

import math
import re

CORE = "tag:yaml.org,2002:"
Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+)|0o(?P<oct>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_NUMBER_STARTS = frozenset("0123456789+-.")
_LONGEST_NUMBER = 100  # Python refuses to print integers of some thousand digits
_NUMBERS = (int, float)
_TYPES: dict[str, tuple[type, ...]] = {
    CORE + "null": (type(None),),
    CORE + "bool": (bool,),
    CORE + "int": (int,),
    CORE + "float": _NUMBERS,
}
_BREAK = re.compile(r"\r\n|\r|\n")
_BLOCK_HEADER = re.compile(r"(?:[&!]\S*\s+|#[^\r\n]*\s+)*[|>][^\r\n]*(?:\r\n|\r|\n|\Z)")
_BLOCK_LINE = re.compile(r"(?<! ) *+(?=[^ \r\n])")


class ScalarError(Exception):
    """A scalar without a valid value: code, message and hint of the problem."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        self.words = (code, message, hint)
        super().__init__(message)


def meaning(text: str, tag: str | None, *, quoted: bool) -> Scalar:
    """The value of a scalar; quoted ones and those tagged ``!!str`` are texts. Raises ScalarError."""
    if tag is None:
        return text if quoted else _plain(text)
    if tag in ("!", CORE + "str"):
        return text
    types = _TYPES.get(tag)
    value = _plain(text) if types else text
    if types is None or type(value) not in types:
        raise bad_tag()
    return float(value) if types is _NUMBERS and value is not None else value


def bad_tag() -> ScalarError:
    """The error for a tag that is unknown or does not fit its value."""
    message = "a text that begins with ! is a tag, and this one is unknown or does not fit"
    return ScalarError("yaml.tag", message, "remove it, or put the whole text in quotes")


def block_text(text: str, start: int, value: str) -> tuple[int, int]:
    """Where a block scalar's text begins: lines below its header at offset ``start``, and indentation."""
    header = _BLOCK_HEADER.match(text, start)
    begin = header.end() if header else start
    first, kept = _BLOCK_LINE.search(text, begin), _BLOCK_LINE.search(value)
    # a header may fix the indentation (``|2``): what is deeper belongs to the text
    indent = len(first[0]) - len(kept[0]) if first and kept else 0
    return len(_BREAK.findall(text[start:begin])), indent


def _plain(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    match = _NUMBER.fullmatch(text)
    return _number(match) if match else text


def _bad_number() -> ScalarError:
    message = "this number is too long, infinite or not a number"
    return ScalarError("yaml.number", message, "put it in quotes if it is a text")


def _number(match: re.Match[str]) -> int | float:
    kind, text = match.lastgroup, match[0]
    if kind == "special" or len(text) > _LONGEST_NUMBER:
        raise _bad_number()
    if kind == "float":
        value = float(text)
        if math.isinf(value):
            raise _bad_number()
        return value
    return int(text) if kind == "int" else int(text[2:], 8 if kind == "oct" else 16)
