"""The filters that a template may use: Jinja's own, each with its price, and a few replacements.

As with all operations, the price of a filter is charged before it runs: see ``prices``.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from imbot.templates.budget import (
    ITEM_COST,
    TooExpensiveError,
    UnsafeTemplateError,
    hold,
    plain_copy,
    to_text,
)
from imbot.templates.prices import (
    CALL_COST,
    COMPARED,
    Price,
    charge,
    items,
    lines,
    nothing,
    pairs,
    printf,
    search,
    search_backwards,
    shown,
    whole,
)
from imbot.text.plain import plain_markdown

Filter = Callable[..., Any]

_MOST_DIGITS = 15
_LONGEST_ATTRIBUTE = 100  # characters of `a.b.c`, which is followed for every item
_SLOW = 10  # of a character in filters that match patterns
_WORD = re.compile(r"\S+")


def filter_table(library: Mapping[str, Filter]) -> dict[str, Filter]:
    """The filters by name; ``library`` are Jinja's own."""
    known = {**library, "string": to_text, "tojson": _tojson, "plain": _plain}
    return {name: priced(name, known[name], price) for name, price in _PRICES.items()}


def priced(name: str, function: Filter, price: Price) -> Filter:
    """A filter or test whose operands and price are charged before it runs, and its result afterwards."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0  # Jinja passes its context to some of them

    @wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        operands = [hold(value) for value in args[first:]]
        named = {key: hold(value) for key, value in kwargs.items()}
        charge(name, price, *operands, **named)
        return hold(function(*args[:first], *operands, **named))

    return charged


def _plain(value: Any) -> str:
    return plain_markdown(to_text(value))


def _tojson(value: Any) -> str:
    return json.dumps(plain_copy(value), ensure_ascii=False)


# Parameters have the names of Jinja's.


def _attribute(values: Any, attribute: Any = None, *_: Any, **__: Any) -> int:
    """Of an operation on an attribute of each item."""
    if not isinstance(attribute, str):
        return items(values)
    if len(attribute) > _LONGEST_ATTRIBUTE:
        raise TooExpensiveError(f"an attribute is longer than {_LONGEST_ATTRIBUTE} characters")
    parts = 1 + attribute.count(".") + attribute.count(",")
    return items(values) + CALL_COST * parts * _count(values)


def _count(values: Any) -> int:
    return len(values) if isinstance(values, str | list | tuple | dict) else 0


def _map(values: Any, *_: Any, attribute: Any = None, default: Any = None, **__: Any) -> int:
    return _attribute(values, attribute) + _count(values) * (CALL_COST + shown(default))


def _select(values: Any, *_: Any, **__: Any) -> int:
    return items(values) + CALL_COST * _count(values)


def _sort(
    values: Any, reverse: Any = False, case_sensitive: Any = False, attribute: Any = None, *_: Any
) -> int:
    del reverse, case_sensitive
    count = _count(values)
    return _attribute(values, attribute) + ITEM_COST * count * count.bit_length() // 4


def _dictsort(values: Any, *_: Any, **__: Any) -> int:
    return _sort(values)


def _groupby(values: Any, attribute: Any = None, default: Any = None, *_: Any, **__: Any) -> int:
    return _sort(values, attribute=attribute) + _count(values) * shown(default)


def _best(values: Any, case_sensitive: Any = False, attribute: Any = None) -> int:
    del case_sensitive
    return _attribute(values, attribute)


def _sum(values: Any, attribute: Any = None, start: Any = 0) -> int:
    if not isinstance(start, int | float):
        raise UnsafeTemplateError("`sum` adds numbers only")
    return _attribute(values, attribute)


def _batch(values: Any, linecount: Any, fill_with: Any = None) -> float:
    return items(values) + whole(linecount) * (ITEM_COST + shown(fill_with))


def _slice(values: Any, slices: Any, fill_with: Any = None) -> float:
    return items(values) + whole(slices) * (ITEM_COST + shown(fill_with))


def _center(_: Any, width: Any = 80) -> float:
    return whole(width)


def _format(pattern: Any, *values: Any, **named: Any) -> float:
    return printf(to_text(pattern), named or values)


def _indent(text: str, width: Any = 4, *_: Any, **__: Any) -> float:
    return lines(text) * (1 + (len(width) if isinstance(width, str) else whole(width)))


def _join(values: Any, d: Any = "", attribute: Any = None) -> int:
    return _attribute(values, attribute) + _count(values) * len(to_text(d))


def _replace(text: Any, old: Any, new: Any, *_: Any, **__: Any) -> int:
    whole, sought = to_text(text), to_text(old)
    return search(whole, sought) + (whole.count(sought) + 1) * len(to_text(new))


def _round(_: Any, precision: Any = 0, *__: Any, **___: Any) -> int:
    if abs(whole(precision)) > _MOST_DIGITS:
        raise TooExpensiveError(f"a number is rounded to more than {_MOST_DIGITS} digits")
    return 0


def _wordwrap(text: str, width: Any = 79, _: Any = True, wrapstring: Any = None, **__: Any) -> float:
    columns = max(whole(width), 1)
    longest = max((word.end() - word.start() for word in _WORD.finditer(text)), default=0)
    copied = longest * longest // columns  # a long word is copied anew for each line that it fills
    breaks = (len(text) // columns + lines(text)) * len(to_text(wrapstring or "\n"))
    return _SLOW * len(text) + breaks + copied // COMPARED


def _slow(text: Any) -> int:
    return _SLOW * (len(text) if isinstance(text, str) else shown(text))


def _to_text(value: Any, *_: Any, **__: Any) -> int:
    return 0 if isinstance(value, str) else shown(value)


_PRICES: Mapping[str, Price] = {
    "abs": nothing,
    "batch": _batch,
    "capitalize": _to_text,
    "center": _center,
    "count": nothing,
    "d": nothing,
    "default": nothing,
    "dictsort": _dictsort,
    "filesizeformat": nothing,
    "first": nothing,
    "float": nothing,
    "format": _format,
    "groupby": _groupby,
    "indent": _indent,
    "int": nothing,
    "items": pairs,
    "join": _join,
    "last": nothing,
    "length": nothing,
    "list": items,
    "lower": _to_text,
    "map": _map,
    "max": _best,
    "min": _best,
    "plain": _slow,
    "reject": _select,
    "rejectattr": lambda values, attribute=None, *_: _attribute(values, attribute) + _select(values),
    "replace": _replace,
    "reverse": items,
    "round": _round,
    "select": _select,
    "selectattr": lambda values, attribute=None, *_: _attribute(values, attribute) + _select(values),
    "slice": _slice,
    "sort": _sort,
    "string": _to_text,
    "sum": _sum,
    "title": _slow,
    "tojson": _to_text,
    "trim": lambda text, chars=None: search_backwards(to_text(text), chars),
    "truncate": _to_text,
    "unique": _best,
    "upper": _to_text,
    "urlencode": shown,
    "wordcount": _slow,
    "wordwrap": _wordwrap,
}
