"""The budget of drawing: each card has an allowance, and every step and every value made is charged to it.

Templates are written by people, and a mistake in one (a loop in a loop, a text doubled forty times) must not
block the process. ``sandbox`` and ``filters`` charge here for everything they make.
"""

import json
import math
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from contextvars import ContextVar, Token
from itertools import chain
from typing import Any

from imbot.text.sanitize import well_formed

STEP_COST = 40  # of one node of a template each time it runs; the unit is one character made
ITEM_COST = 25  # of one item of a list or mapping
SHOWN_COST = 10  # of one character that is shown, besides making it
ALLOWANCE = 2_000_000
CARRIED = 50  # added to the allowance for each character of the answer, so that no answer is too long
DEEPEST = 20  # levels of nested values

_MOST_BITS = 1024
_SCALARS = frozenset({int, float, bool, type(None)})
_LAZY = (Iterator, KeysView, ValuesView, ItemsView)


class TooExpensiveError(Exception):
    """A template needs more than its allowance, or makes a value that is too large."""


class UnsafeTemplateError(Exception):
    """A template does something it may not do; ``line`` is 0 if it is not known."""

    def __init__(self, message: str, hint: str = "", *, line: int = 0) -> None:
        self.hint = hint
        self.line = line
        super().__init__(message)


_running: ContextVar["Budget"] = ContextVar("running")


class Budget:
    """The allowance of one drawing, open while its ``with`` block runs."""

    __slots__ = ("_left", "_token")

    def __init__(self, carried: int = 0) -> None:
        self._left: float = ALLOWANCE + CARRIED * carried

    def __enter__(self) -> None:
        self._token: Token[Budget] = _running.set(self)

    def __exit__(self, *_: object) -> None:
        _running.reset(self._token)

    def pay(self, cost: float) -> None:
        """Charge a cost. Raises TooExpensiveError if the allowance is used up."""
        self._left -= max(cost, 0)
        if not self._left >= 0:  # also if the cost is not a number
            raise TooExpensiveError("the template takes too many steps or makes too much text")


def to_value(value: Any) -> Any:
    """The value as plain JSON values, charged as shown on a card."""
    if type(value) is str:
        spend(SHOWN_COST * len(value))
        return well_formed(value)
    return plain_copy(hold(value))


def spend(cost: float) -> None:
    """Charge the drawing that runs now."""
    _running.get().pay(cost)


def hold(value: Any) -> Any:
    """Charge for a value that a template made, and return it; lazy values become lists.

    Other objects (a macro, an undefined name) pass: they are refused where they are shown or stored.
    """
    kind = type(value)
    if kind is str:
        spend(len(value))
    elif kind is int:
        check_bits(value.bit_length())
    elif kind in _SCALARS:
        pass
    elif isinstance(value, str):
        return hold(str(value))
    elif isinstance(value, _LAZY) and kind.__module__ == "builtins":  # not `loop`: that would end the loop
        return hold(list(_counted(value)))
    elif isinstance(value, list | tuple | dict):
        _weigh(value, DEEPEST)
    return value


def check_bits(bits: int) -> None:
    """Raise TooExpensiveError for integers of too many bits, because arithmetic on them takes long."""
    if bits > _MOST_BITS:
        raise TooExpensiveError("a number grows too large")


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        spend(ITEM_COST)
        yield value


def _weigh(value: Any, depth: int) -> None:
    """Charge for a value and everything in it; what occurs twice counts twice."""
    if isinstance(value, str):
        spend(ITEM_COST + len(value))
    elif isinstance(value, list | tuple | dict):
        if not depth:
            raise TooExpensiveError(f"a value is nested more than {DEEPEST} deep")
        spend(ITEM_COST)
        for item in chain.from_iterable(value.items()) if isinstance(value, dict) else value:
            _weigh(item, depth - 1)
    elif type(value) in _SCALARS:
        spend(ITEM_COST)
    else:
        _said(value)


def _said(value: Any) -> str:
    """The text of an object that is not a plain value: empty for an `if` without `else`, else an error."""
    if str(value):  # for an undefined name this raises, with the name
        kind = type(value).__name__.lower()
        raise UnsafeTemplateError(f"a {kind} is not a value", "use texts, numbers, lists and mappings only")
    return ""


def plain_copy(value: Any) -> Any:
    """The value as plain JSON values, a copy without objects of the template."""
    if isinstance(value, float) and not math.isfinite(value):
        raise UnsafeTemplateError("a number is too large to be shown")
    if isinstance(value, str):
        return well_formed(value)
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return {to_text(key): plain_copy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_copy(item) for item in value]
    return _said(value)


def to_text(value: Any) -> str:
    """A value as part of a text: empty for null, JSON for other values that are not text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    value = plain_copy(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
