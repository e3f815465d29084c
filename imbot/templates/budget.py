"""What drawing may cost: one allowance a card, paid for every step taken and every value made.

Templates come from people, and a slip in one (a loop in a loop, a text doubled forty times) must
not hold up the process. ``templates`` and ``filters`` charge here; nothing they make stays unseen.
"""

import json
import math
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from contextvars import ContextVar, Token
from typing import Any

from imbot.text.sanitize import well_formed

STEP_COST = 40  # what one node of a template costs each time it runs, in characters made
ITEM_COST = 25  # what one item of a list or mapping costs
SHOWN_COST = 10  # how much dearer a character is that is shown than one that is only made
ALLOWANCE = 2_000_000
CARRIED = 50  # allowed besides, for each character people and agents wrote: no answer is too long
DEEPEST = 20

_MOST_BITS = 1024
_SCALARS = frozenset({int, float, bool, type(None)})
_LAZY = (Iterator, KeysView, ValuesView, ItemsView)


class TooExpensiveError(Exception):
    """A template wants more than its allowance, or one value too large."""


class UnsafeTemplateError(Exception):
    """A template does what templates may not; ``hint`` says what to do instead, ``line`` is 0 where unknown."""

    def __init__(self, message: str, hint: str = "", *, line: int = 0) -> None:
        self.hint = hint
        self.line = line
        super().__init__(message)


_running: ContextVar["Budget"] = ContextVar("running")


class Budget:
    """The allowance of one drawing, open while its ``with`` block runs."""

    __slots__ = ("_left", "_token")

    def __init__(self, carried: int = 0) -> None:
        self._left = ALLOWANCE + CARRIED * carried

    def __enter__(self) -> None:
        self._token: Token[Budget] = _running.set(self)

    def __exit__(self, *_: object) -> None:
        _running.reset(self._token)

    def pay(self, cost: int) -> None:
        """Take from what is left. Raises TooExpensiveError when that is not enough."""
        self._left -= cost
        if self._left < 0:
            raise TooExpensiveError("the template takes too many steps or makes too much text")


def to_value(value: Any) -> Any:
    """A value as JSON knows it, charged as what it is: shown on a card."""
    if type(value) is str:
        spend(SHOWN_COST * len(value))
        return well_formed(value)
    return plain_copy(hold(value))


def spend(cost: int) -> None:
    """Charge the drawing that runs now."""
    _running.get().pay(cost)


def hold(value: Any) -> Any:
    """Charge for a value a template made; lazy ones are drawn out into lists.

    What is no plain value (a macro, an undefined name) passes: it is judged where it is shown or kept.
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
    """Refuse whole numbers of that many bits; arithmetic on them takes long."""
    if bits > _MOST_BITS:
        raise TooExpensiveError("a number grows too large")


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        spend(ITEM_COST)
        yield value


def _weigh(value: Any, depth: int) -> None:
    """Charge for a value and all in it; what stands in it twice counts twice."""
    if isinstance(value, str):
        spend(ITEM_COST + len(value))
    elif isinstance(value, list | tuple | dict):
        if not depth:
            raise TooExpensiveError(f"a value is nested more than {DEEPEST} deep")
        spend(ITEM_COST)
        for item in value.values() if isinstance(value, dict) else value:
            _weigh(item, depth - 1)
    elif type(value) in _SCALARS:
        spend(ITEM_COST)
    else:
        _said(value)


def _said(value: Any) -> str:
    """What an object that is no plain value says; only an `if` without `else` may, and says nothing."""
    if str(value):  # an undefined name says here which one it is
        kind = type(value).__name__.lower()
        raise UnsafeTemplateError(f"a {kind} is not a value", "use texts, numbers, lists and mappings only")
    return ""


def plain_copy(value: Any) -> Any:
    """A value as JSON knows it, free of anything a template made it from."""
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
    """A value inside a text: nothing for null, JSON for what is no text."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    value = plain_copy(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
