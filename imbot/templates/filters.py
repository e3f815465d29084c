"""The filters that a template may use: Jinja's own, each with its cost, and a few replacements.

The input and the output of a filter are charged. If the output may be far larger than the input, it is
charged before the filter runs, so that an enormous text is never made.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from imbot.templates.budget import ITEM_COST, TooExpensiveError, hold, plain_copy, spend, to_text

Filter = Callable[..., Any]

_LIBRARY = (
    "abs batch capitalize center count d default dictsort filesizeformat first float format groupby indent int "
    "items join last length list lower map max min reject rejectattr replace reverse round select selectattr "
    "slice sort sum title trim truncate unique upper urlencode wordcount wordwrap"
)
_MOST_DIGITS = 15
_SLOW = 10  # cost of a character in filters that match patterns


def filter_table(library: Mapping[str, Filter]) -> dict[str, Filter]:
    """The filters by name; ``library`` are Jinja's own."""
    known = {name: library[name] for name in _LIBRARY.split()}
    known |= {"string": to_text, "tojson": _tojson}
    return {name: _priced(function, _GROWTH.get(name)) for name, function in known.items()}


def _priced(function: Filter, growth: Callable[..., int] | None) -> Filter:
    first = 1 if hasattr(function, "jinja_pass_arg") else 0  # Jinja passes its context to some of them

    @wraps(function)
    def priced(*args: Any, **kwargs: Any) -> Any:
        args = (*args[:first], hold(args[first]), *args[first + 1 :])
        if growth is not None:
            spend(max(growth(*args[first:], **kwargs), 0))
        return hold(function(*args, **kwargs))

    return priced


def _tojson(value: Any) -> str:
    return json.dumps(plain_copy(value), ensure_ascii=False)


def check_format(pattern: str) -> None:
    """Raise TooExpensiveError for printf-style patterns with a huge width (``%1000000d``, ``%*d``)."""
    begin = "[%)]" if "%(" in pattern else "%"  # a key in brackets may hold brackets itself
    if re.search(begin + r"[#0\- +]*(?:\d*\.)?(?:\d{4}|\*)", pattern.replace("%%", "")):
        raise TooExpensiveError("a format pads a text too far")


# The approximate cost of the output besides the input; parameters have the names of Jinja's.


def _batch(_: Any, linecount: int, *__: Any, **___: Any) -> int:
    return linecount * ITEM_COST


def _slice(_: Any, slices: int, *__: Any, **___: Any) -> int:
    return slices * ITEM_COST


def _center(_: Any, width: int = 80) -> int:
    return width


def _format(pattern: Any, *_: Any, **__: Any) -> int:
    check_format(to_text(pattern))
    return 0


def _indent(text: str, width: int | str = 4, *_: Any, **__: Any) -> int:
    return (text.count("\n") + 1) * (width if isinstance(width, int) else len(width))


def _join(values: Any, d: str = "", *_: Any, **__: Any) -> int:
    return len(values) * len(to_text(d))


def _replace(text: Any, old: str, new: str, *_: Any, **__: Any) -> int:
    return (to_text(text).count(old) + 1) * len(new)


def _round(_: Any, precision: int = 0, *__: Any, **___: Any) -> int:
    if abs(precision) > _MOST_DIGITS:
        raise TooExpensiveError(f"a number is rounded to more than {_MOST_DIGITS} digits")
    return 0


def _wordwrap(text: str, width: int = 79, _: Any = True, wrapstring: str | None = None, **__: Any) -> int:
    lines = len(text) // max(width, 1) + text.count("\n") + 1
    return _SLOW * len(text) + lines * len(wrapstring or "\n")


def _slow(text: str) -> int:
    return _SLOW * len(text)


_GROWTH: Mapping[str, Callable[..., int]] = {
    "batch": _batch,
    "center": _center,
    "format": _format,
    "indent": _indent,
    "join": _join,
    "replace": _replace,
    "round": _round,
    "slice": _slice,
    "title": _slow,
    "wordcount": _slow,
    "wordwrap": _wordwrap,
}
