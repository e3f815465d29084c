"""What is wrong with a value, in our own words: never the value itself, which may be a secret.

``schema`` finds the faults, this module says them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from imbot.yamlfile.pointers import pointer

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A value at a path that breaks a keyword of its schema, which wants something else."""

    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way a value breaks its schema.

    ``pointer`` leads from the judged value to the place; ``at_key``: the key is wrong, not what it
    holds. The pointer of a missing key is where it would stand.
    """

    pointer: str
    at_key: bool
    code: str
    message: str
    hint: str = ""


def suggest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, or an empty string."""
    plain = {name.lower().replace("-", "_"): name for name in known}
    close = get_close_matches(word.lower().replace("-", "_"), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else ""


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A hint naming the word that was probably meant."""
    meant = suggest(word, known)
    return f"did you mean `{meant}`?" if meant else otherwise


def meant(fault: Fault) -> Iterator[str]:
    """The known keys that unknown ones were probably meant to be."""
    if fault.keyword != "additionalProperties" or fault.wanted is not False:
        return
    known = set(fault.schema.get("properties", ())) - set(fault.value)
    yield from filter(None, (suggest(key, known) for key in _unknown(fault)))


def _unknown(fault: Fault) -> list[str]:
    return [key for key in fault.value if key not in fault.schema.get("properties", ())]


def describe(fault: Fault) -> Iterator[Violation]:
    """The fault in our own words: three keywords report on several keys at once."""
    path = fault.path
    if fault.keyword == "additionalProperties" and fault.wanted is False:
        known = fault.schema.get("properties", {})
        otherwise = f"known here: {', '.join(known)}" if known else ""
        for key in _unknown(fault):
            free = [name for name in known if name not in fault.value]
            hint = did_you_mean(key, free, otherwise)
            yield Violation(pointer(*path, key), True, "schema.unknown-key", f"unknown key `{key}`", hint)
    elif fault.keyword == "required":
        yield from (
            Violation(
                pointer(*path, key), False, "schema.missing", f"`{key}` is missing", _purpose(fault, key)
            )
            for key in fault.wanted
            if key not in fault.value
        )
    elif fault.keyword == "dependentRequired":
        for key, needed in fault.wanted.items():
            for other in needed if key in fault.value else ():
                if other not in fault.value:
                    message = f"`{key}` needs `{other}` beside it"
                    yield Violation(
                        pointer(*path, key), True, "schema.needs", message, _purpose(fault, other)
                    )
    elif fault.keyword == "propertyNames":
        message = f"`{fault.value}` cannot be a key of {_label(path)}"
        yield Violation(pointer(*path, fault.value), True, "schema.key", message)
    else:
        code, demand, hint = _DEMANDS.get(fault.keyword, _other)(fault)
        yield Violation(pointer(*path), False, code, f"{_label(path)} {demand}", hint)


def _purpose(fault: Fault, key: str) -> str:
    purpose: str = fault.schema.get("properties", {}).get(key, {}).get("description", "")
    return f"{key}: {purpose.partition('. ')[0].rstrip('.')}" if purpose else ""


def _label(path: tuple[str, ...]) -> str:
    if not path:
        return "the value"
    if len(path) > 1 and path[-1].isdigit():
        return f"item {int(path[-1]) + 1} of `{path[-2]}`"
    return f"`{path[-1]}`"


# keyword -> code, what the value must be, and a hint; none of them shows the value
Demand = tuple[str, str, str]


def _type(fault: Fault) -> Demand:
    wanted = fault.wanted
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    demand = "must be " + " or ".join(_KINDS[kind] for kind in kinds)
    if fault.value is None:
        return "schema.type", f"is empty; it {demand}", "remove the key, or give it a value"
    if fault.schema.get("format") == "duration":
        return "schema.type", "must be a duration", _DURATION
    if "string" in kinds and isinstance(fault.value, bool | int | float):
        return "schema.type", demand, "put it in quotes"
    return "schema.type", demand, _example(fault)


_DURATION = "a number with its unit: `500ms`, `2s`, `5m` or `1h`"


def _enum(fault: Fault) -> Demand:
    known = [str(option) for option in fault.wanted]
    hint = did_you_mean(fault.value, known) if isinstance(fault.value, str) else ""
    return "schema.enum", f"must be one of: {', '.join(known)}", hint


def _pattern(fault: Fault) -> Demand:
    if fault.schema.get("format") == "duration":
        return "schema.pattern", "must be a duration", _DURATION
    return "schema.pattern", "does not have the right form", _example(fault)


def _example(fault: Fault) -> str:
    examples = fault.schema.get("examples") or [""]
    return f"for example {json.dumps(examples[0], ensure_ascii=False)}" if examples[0] != "" else ""


def _limit(code: str, demand: str) -> Callable[[Fault], Demand]:
    return lambda fault: (code, demand.format(fault.wanted), "")


def _other(fault: Fault) -> Demand:
    return "schema.invalid", "has a value that is not allowed", _example(fault)


_DEMANDS: dict[str, Callable[[Fault], Demand]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _limit("schema.range", "must be at least {}"),
    "maximum": _limit("schema.range", "must be at most {}"),
    "minLength": _limit("schema.length", "is too short: at least {} characters"),
    "maxLength": _limit("schema.length", "is too long: at most {} characters"),
    "minItems": _limit("schema.length", "has too few items: at least {}"),
    "maxItems": _limit("schema.length", "has too many items: at most {}"),
    "uniqueItems": _limit("schema.unique", "has the same item twice"),
}
