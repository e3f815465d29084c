"""The price of every method, operator and test that a template may use, charged before it runs.

A price follows from all operands, and covers what is made on the way and as the result. The units are those of
``budget``: a character or an item made. The tables are the list of what there is: an operation without a price is not
available to templates. ``filters`` has the prices of filters.

The operands of methods, tests and filters are charged by ``hold`` first, so their prices name what comes on top.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from imbot.templates.budget import ITEM_COST, TooExpensiveError, UnsafeTemplateError, check_bits, hold, spend

Price = Callable[..., float]

COMPARED = 64  # characters that can be compared or copied at the price of one that is made
CALL_COST = 40

_LONGEST_NUMBER = 330  # characters of a number as text, without its width and precision
_ESCAPED = 12  # characters that one may become when it is quoted or encoded
_NEEDLE = (
    100  # longer texts are searched for without comparing each character at each place; not so backwards
)
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def charge(name: str, price: Price, *operands: Any, **named: Any) -> None:
    """Charge for an operation of that name before it runs. Raises TypeError where its operands make no sense."""
    try:
        cost = price(*operands, **named)
    except TypeError as error:  # it names the function that was called
        raise TypeError(str(error).replace(f"{price.__name__}()", f"{name}()")) from None
    spend(CALL_COST + cost)


def whole(value: Any) -> float:
    """A number among the operands. Raises TypeError for what is none: a text times a price would be a long text."""
    if isinstance(value, int | float):
        return value
    raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")


def nothing(*_: Any, **__: Any) -> int:
    """Operands and result cover it."""
    return 0


def search(text: Any, sought: Any = "", *_: Any) -> int:
    """Of searching a text from its beginning."""
    if not (isinstance(text, str) and isinstance(sought, str)):
        return 0
    return len(text) * min(len(sought), _NEEDLE) // COMPARED


def search_backwards(text: Any, sought: Any = "", *_: Any) -> int:
    """Of comparing each character of a text with each of another."""
    return _length(text) * _length(sought) // COMPARED


def _cased(text: Any) -> int:
    return 2 * _length(text)  # besides the result: a character may become three


def _split(text: str, sep: str | None = None, maxsplit: int = -1) -> int:
    most = len(text) // 2 + 1 if sep is None else text.count(sep) + 1
    return search(text, sep) + int(ITEM_COST * (most if whole(maxsplit) < 0 else min(most, maxsplit + 1)))


def lines(text: str) -> int:
    """How many lines a text has at most, as `splitlines` counts them."""
    return sum(map(text.count, _LINE_ENDS)) + 1


def _splitlines(text: str, *_: Any, **__: Any) -> int:
    return ITEM_COST * lines(text)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else 0


def items(values: Any, *_: Any, **__: Any) -> int:
    """Of an operation on each item: the characters of a text become items, too."""
    return ITEM_COST * _length(values)


def pairs(values: Any = (), **_: Any) -> int:
    """Of a list of the entries of a mapping, or a mapping of a list of entries."""
    return ITEM_COST * (len(values) if isinstance(values, list | tuple | dict) else 0)


_TEXT: Mapping[str, Price] = {
    "capitalize": _cased,
    "count": search,
    "endswith": nothing,
    "find": search,
    "isalnum": nothing,
    "isalpha": nothing,
    "isdigit": nothing,
    "lower": _cased,
    "lstrip": search_backwards,
    "removeprefix": nothing,
    "removesuffix": nothing,
    "rfind": search_backwards,
    "rstrip": search_backwards,
    "split": _split,
    "splitlines": _splitlines,
    "startswith": nothing,
    "strip": search_backwards,
    "title": _cased,
    "upper": _cased,
}
METHODS: Mapping[type, Mapping[str, Price]] = {
    str: _TEXT,
    dict: {"get": nothing, "items": pairs, "keys": pairs, "values": pairs},
    list: {"count": nothing, "index": nothing},
}
"""The methods of plain values."""


# -- operators


def _add(left: Any, right: Any) -> int:
    sizes = [len(value) for value in (left, right) if isinstance(value, str | list | tuple)]
    return sum(sizes) * (1 if isinstance(left, str) else ITEM_COST)


def _multiply(left: Any, right: Any) -> int:
    if isinstance(left, int) and not isinstance(right, int):
        left, right = right, left
    if isinstance(left, int) and isinstance(right, int):
        check_bits(left.bit_length() + right.bit_length())
    elif isinstance(right, int) and isinstance(left, str | list | tuple):
        return max(right, 0) * len(left) * ITEM_COST
    return 0


def _power(left: Any, right: Any) -> int:
    if isinstance(left, int) and isinstance(right, int):
        check_bits(left.bit_length() * abs(right))
    return 0


def _modulo(left: Any, right: Any) -> float:
    return printf(hold(left), hold(right)) if isinstance(left, str) else 0


def printf(pattern: str, values: Any) -> float:
    """Of ``pattern % values``: the widths, and each value as often as it may be used."""
    check_widths(pattern)
    widths = sum(map(int, re.findall(r"\d+", pattern)))
    if isinstance(values, dict):
        return widths + pattern.count("%") * max(map(shown, values.values()), default=0)
    return widths + sum(map(shown, values if isinstance(values, tuple) else (values,)))


def check_widths(pattern: str) -> None:
    """Raise TooExpensiveError for printf-style patterns with a huge width (``%1000000d``, ``%*d``)."""
    begin = "[%)]" if "%(" in pattern else "%"  # a key in brackets may hold brackets itself
    if re.search(begin + r"[#0\- +]*(?:\d*\.)?(?:\d{4}|\*)", pattern.replace("%%", "")):
        raise TooExpensiveError("a format pads a text too far")


def shown(value: Any) -> int:
    """The most characters that a value may become in a text."""
    if isinstance(value, str):
        return _ESCAPED * len(value)
    if isinstance(value, list | tuple):
        return ITEM_COST + sum(map(shown, value))
    if isinstance(value, dict):
        return ITEM_COST + sum(shown(key) + shown(item) for key, item in value.items())
    return _LONGEST_NUMBER


OPERATORS: Mapping[str, Price] = {
    "+": _add,
    "-": nothing,
    "*": _multiply,
    "/": nothing,
    "//": nothing,
    "%": _modulo,
    "**": _power,
}
"""The operators of two values."""


# -- tests


def _number(value: Any, *_: Any) -> int:
    if not isinstance(value, int | float):  # `%` formats a text
        raise UnsafeTemplateError("this test is for numbers only")
    return 0


TEST_PRICES: Mapping[str, Price] = {
    **dict.fromkeys(
        [
            "!=",
            "<",
            "<=",
            "==",
            ">",
            ">=",
            "boolean",
            "defined",
            "eq",
            "equalto",
            "false",
            "float",
            "ge",
            "greaterthan",
            "gt",
            "integer",
            "iterable",
            "le",
            "lessthan",
            "lt",
            "lower",
            "mapping",
            "ne",
            "none",
            "number",
            "sameas",
            "sequence",
            "string",
            "true",
            "undefined",
            "upper",
        ],
        nothing,
    ),
    "divisibleby": _number,
    "even": _number,
    "odd": _number,
    "in": lambda value, values: search(values, value),
}
"""The tests."""
