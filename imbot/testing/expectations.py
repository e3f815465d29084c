"""Checks the expectations of a step against its outcome, one by one."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from imbot.config.loader.build import seconds
from imbot.config.yamlfile import pointer, split_pointer
from imbot.problems import counted
from imbot.testing.snapshots import Snapshots, drawn
from imbot.testing.stage import Shown

NO_RATING = "none"

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer as one user sees it. ``rating`` is the rating that this user gave, if any."""

    shown: Shown
    phase: str
    answer: str
    user: str
    rating: str | None


@dataclass(frozen=True, slots=True)
class Miss:
    """An expectation that is not met. ``at`` is its pointer in the test file.

    ``expected`` and ``got`` are the whole texts, if comparing them helps.
    """

    at: str
    message: str
    expected: str = ""
    got: str = ""


class _Absent:
    """The type of ``ABSENT``, which stands for a value that does not exist."""


ABSENT = _Absent()


def misses(expect: Mapping[str, Any], at: str, outcome: Outcome, snapshots: Snapshots) -> Iterator[Miss]:
    """The expectations that are not met; ``at`` is the pointer of ``expect`` in the file."""
    for key, wanted in expect.items():
        here = f"{at}/{key}"
        if key == "snapshot":
            yield from _snapshot(wanted, here, outcome, snapshots)
        else:
            yield from _JUDGES[key](wanted, here, outcome)


def at_pointer(value: Any, to: str) -> Any:
    """The value at a JSON pointer, or ``ABSENT``. The pointer may lead into a text that holds JSON."""
    for part in split_pointer(to):
        if isinstance(value, str):
            value = _json(value)
        if isinstance(value, Mapping):
            value = value.get(part, ABSENT)
        elif isinstance(value, list):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else ABSENT
        else:
            return ABSENT
    return value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ABSENT


# -- one check for each key


def _phase(wanted: str, at: str, outcome: Outcome) -> Iterator[Miss]:
    if outcome.phase != wanted:
        yield Miss(at, "the phase is not as expected", wanted, outcome.phase)


def _text(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    yield from _value(wanted, at, "the text", outcome.shown.text(outcome.user))


def _answer(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    yield from _value(wanted, at, "the answer", outcome.answer)


def _card(wanted: Mapping[str, Any], at: str, outcome: Outcome) -> Iterator[Miss]:
    card = outcome.shown.card(outcome.user)
    for to, value in wanted.items():
        here = at + pointer(to)
        found = at_pointer(card, to)
        if isinstance(value, dict) and "absent" in value:
            if found is not ABSENT:
                yield Miss(f"{here}/absent", f"there is a value at {to}", "nothing", _shown(found))
        elif found is ABSENT:
            keys = ", ".join(card) or "no card is shown"
            yield Miss(here, f"there is no value at {to}", got=f"a card with: {keys}" if card else keys)
        else:
            yield from _value(value, here, f"the value at {to}", found)


def _never(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    for here, text in _each(wanted, at):
        read = next((each for each in outcome.shown.every_text() if text in each), None)
        if read is not None:
            yield Miss(here, f"people have read {_shown(text)}", got=read)


def _updates(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    yield from _count(wanted, at, "update", outcome.shown.updates)


def _calls(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    yield from _count(wanted, at, "call", outcome.shown.calls)


def _first_card(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    yield from _time(wanted, at, "the first card", outcome.shown.said_at, outcome.shown.first_at)


def _total(wanted: Any, at: str, outcome: Outcome) -> Iterator[Miss]:
    yield from _time(wanted, at, "the end of the answer", outcome.shown.said_at, outcome.shown.last_at)


def _feedback(wanted: str, at: str, outcome: Outcome) -> Iterator[Miss]:
    rating = outcome.rating or NO_RATING
    if rating != wanted:
        yield Miss(at, "the stored rating is not as expected", wanted, rating)


def _snapshot(name: str, at: str, outcome: Outcome, snapshots: Snapshots) -> Iterator[Miss]:
    drawing = drawn(outcome.shown, outcome.user)
    kept = snapshots.read(name)
    if kept == drawing:
        return
    if snapshots.update:
        snapshots.write(name, drawing)
    elif kept is None:
        yield Miss(at, f"there is no snapshot {snapshots.path(name)}; `--update` writes it", got=drawing)
    else:
        message = f"the card differs from {snapshots.path(name)}; `--update` keeps it as it is now"
        yield Miss(at, message, kept, drawing)


_JUDGES: dict[str, Callable[[Any, str, Outcome], Iterator[Miss]]] = {
    "phase": _phase,
    "text": _text,
    "answer": _answer,
    "card": _card,
    "never": _never,
    "updates": _updates,
    "calls": _calls,
    "first_card": _first_card,
    "total": _total,
    "feedback": _feedback,
}


# -- shared by these checks


def _value(wanted: Any, at: str, what: str, found: Any) -> Iterator[Miss]:
    """Compare a value with the wanted one, or with a mapping of conditions."""
    if not isinstance(wanted, dict):
        yield from _equals(wanted, at, what, found)
        return
    text = found if isinstance(found, str) else _shown(found)
    if "equals" in wanted:
        yield from _equals(wanted["equals"], f"{at}/equals", what, found)
    for here, part in _each(wanted.get("contains", []), f"{at}/contains"):
        if part not in text:
            yield Miss(here, f"{what} does not contain {_shown(part)}", got=text)
    for here, part in _each(wanted.get("not_contains", []), f"{at}/not_contains"):
        if part in text:
            yield Miss(here, f"{what} contains {_shown(part)}", got=text)
    if "matches" in wanted and not re.search(wanted["matches"], text):
        yield Miss(f"{at}/matches", f"{what} does not match {wanted['matches']}", got=text)


def _equals(wanted: Any, at: str, what: str, found: Any) -> Iterator[Miss]:
    same_kind = isinstance(wanted, bool) == isinstance(found, bool)  # 1 is not true
    if wanted != found or not same_kind:
        both_texts = isinstance(wanted, str) and isinstance(found, str)
        shown = (wanted, found) if both_texts else (_shown(wanted), _shown(found))
        yield Miss(at, f"{what} is not as expected", *shown)


def _each(wanted: str | list[str], at: str) -> Iterator[tuple[str, str]]:
    """One or several texts, each with its place."""
    if isinstance(wanted, str):
        yield at, wanted
    else:
        yield from ((f"{at}/{number}", text) for number, text in enumerate(wanted))


def _count(wanted: Any, at: str, noun: str, found: int) -> Iterator[Miss]:
    """Compare a number with the wanted one, or with its bounds."""
    message = f"the number of {noun}s is not as expected"
    if isinstance(wanted, dict):
        yield from _bounds(wanted, at, message, found, lambda n: counted(n, noun))
    elif found != wanted:
        yield Miss(at, message, counted(wanted, noun), counted(found, noun))


def _time(wanted: Mapping[str, str], at: str, what: str, began: float, ended: float | None) -> Iterator[Miss]:
    if ended is None:
        yield Miss(at, "nothing is shown yet")
        return
    # the sum of many float delays differs from the written bound in its last digits: rounded below
    bounds = {key: seconds(bound) for key, bound in wanted.items()}
    message = f"the time until {what} is not as expected"
    yield from _bounds(bounds, at, message, round(ended - began, 6), lambda s: f"{s:g} s")


def _bounds(
    wanted: Mapping[str, N], at: str, message: str, found: N, words: Callable[[N], str]
) -> Iterator[Miss]:
    low, high = wanted.get("at_least"), wanted.get("at_most")
    if low is not None and found < low:
        yield Miss(f"{at}/at_least", message, f"at least {words(low)}", words(found))
    if high is not None and found > high:
        yield Miss(f"{at}/at_most", message, f"at most {words(high)}", words(found))


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) else None)
