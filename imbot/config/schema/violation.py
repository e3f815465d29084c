"""Violations of a schema as messages, which never contain the value itself: it may be a secret.

``schema`` finds the faults; this module words them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

from imbot.text.masking import known_as
from imbot.text.pointers import pointer
from imbot.text.suggestions import did_you_mean, suggest

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}


_A_LETTER = 0.9  # similarity of words that differ in a letter or two
MOST_VIOLATIONS = 50  # reported of one part; a file with more is probably not a bot file


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """A value that breaks a keyword of its schema; ``wanted`` is what the keyword asks for."""

    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value breaks its schema.

    ``pointer`` leads from the validated value to the place; for a missing key, to where it would be.
    ``at_key``: the key is wrong, not its value. ``given`` is the pointer of the key that an unknown one
    resembles, if that key is present, too.
    """

    pointer: str
    at_key: bool
    code: str
    message: str
    hint: str = ""
    given: str = ""


def meant(fault: SchemaFault) -> Iterator[str]:
    """The absent known keys that the unknown ones resemble."""
    if fault.keyword != "additionalProperties" or fault.wanted is not False:
        return
    known = set(fault.schema.get("properties", ())) - set(fault.value)
    yield from filter(None, (suggest(key, known) for key in _unknown(fault)))


def _unknown(fault: SchemaFault) -> list[str]:
    known = fault.schema.get("properties", ())
    return [str(key) for key in islice((key for key in fault.value if key not in known), MOST_VIOLATIONS)]


def describe(fault: SchemaFault) -> Iterator[Violation]:
    """The violations of a fault; three keywords report several keys at once."""
    path = fault.path
    if fault.keyword == "additionalProperties" and fault.wanted is False:
        known = fault.schema.get("properties", {})
        otherwise = f"known here: {', '.join(known)}" if known else ""
        for key in _unknown(fault):
            hint, given = _hint(key, known, fault.value, otherwise)
            message = f"unknown key `{known_as(key)}`"
            where = pointer(*path, given) if given else ""
            yield Violation(pointer(*path, key), True, "schema.unknown-key", message, hint, where)
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
        message = f"`{known_as(fault.value)}` cannot be a key of {_label(path)}"
        form = fault.schema.get("x-form", "")
        yield Violation(pointer(*path, fault.value), True, "schema.key", message, form and f"it must {form}")
    else:
        code, demand, hint = _DEMANDS.get(fault.keyword, _other)(fault)
        yield Violation(pointer(*path), False, code, f"{_label(path)} {demand}", hint)


def _hint(key: str, known: Iterable[str], value: Mapping[str, Any], otherwise: str) -> tuple[str, str]:
    """The hint for an unknown key, and the present key that it resembles, if it does."""
    there = [name for name in known if name in value]
    free = suggest(key, [name for name in known if name not in value])
    if free and not get_close_matches(key, there, n=1, cutoff=_A_LETTER):
        return f"did you mean `{free}`?", ""
    given = suggest(key, there)
    return (f"did you mean `{given}`?" if given else otherwise), given


def _purpose(fault: SchemaFault, key: str) -> str:
    schema = fault.schema.get("properties", {}).get(key, {})
    examples = schema.get("examples") or schema.get("enum") or ["..."]
    purpose: str = schema.get("description", "").partition(". ")[0].rstrip(".")
    return f"add {key}: {flow(examples[0])}" + (f" ({purpose})" if purpose else "")


def flow(value: Any) -> str:
    """A value in YAML, on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in ("true", "false", "null"):
        return value
    return json.dumps(value, ensure_ascii=False)


def _label(path: tuple[str, ...]) -> str:
    if not path:
        return "the value"
    if len(path) > 1 and path[-1].isdigit():
        return f"item {int(path[-1]) + 1} of `{path[-2]}`"
    return f"`{path[-1]}`"


# keyword -> code, message and hint; none of them shows the value
Demand = tuple[str, str, str]


def _is_duration(schema: Mapping[str, Any]) -> bool:
    return "duration" in (schema.get("format"), schema.get("x-format"))


def _type(fault: SchemaFault) -> Demand:
    wanted = fault.wanted
    kinds = [wanted] if isinstance(wanted, str) else list(wanted)
    demand = "must be " + " or ".join(_KINDS[kind] for kind in kinds)
    if fault.value is None:
        return "schema.type", f"is empty; it {demand}", "remove the key, or give it a value"
    if _is_duration(fault.schema):
        return "schema.type", "must be a duration", _DURATION
    if "enum" in fault.schema:
        return "schema.type", f"must be one of: {', '.join(map(str, fault.schema['enum']))}", _usual(fault)
    if "object" in kinds and isinstance(fault.value, str) and _GLUED.match(fault.value):
        return (
            "schema.type",
            demand,
            ", ".join(filter(None, ("write a space after the colon", _example(fault)))),
        )
    if "string" in kinds and isinstance(fault.value, bool | int | float):
        return "schema.type", demand, "put it in quotes"
    if "boolean" in kinds:
        return "schema.type", demand, _BOOLEANS.get(str(fault.value).strip().lower(), _BOOLEAN)
    if isinstance(fault.value, str) and _NUMBER.fullmatch(fault.value):
        return "schema.type", demand, "write it without quotes"
    return "schema.type", demand, _example(fault)


_GLUED = re.compile(r"[A-Za-z_]\w*[:：][^\s/]")
_BOOLEAN = "write true or false"
_BOOLEANS = dict.fromkeys(("yes", "on", "y", "1", "true"), "write true, without quotes")
_BOOLEANS |= dict.fromkeys(("no", "off", "n", "0", "false"), "write false, without quotes")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# words that YAML reads as text without quotes, in any context
_PLAIN = re.compile(r"(?!-?[0-9.]+$)(?:[^\W_]|<<|[/])(?:[\w<>./-]|:(?=\S)| (?=[\w<]))*")
_DURATION = "a whole number with its unit: `500ms`, `2s`, `5m` or `1h`"


def _enum(fault: SchemaFault) -> Demand:
    known = [str(option) for option in fault.wanted]
    hint = did_you_mean(fault.value, known, _usual(fault)) if isinstance(fault.value, str) else _usual(fault)
    return "schema.enum", f"must be one of: {', '.join(known)}", hint


def _pattern(fault: SchemaFault) -> Demand:
    if isinstance(fault.value, str) and _has_one_break_too_many(fault.value, fault.wanted):
        return "schema.pattern", "ends with a line break", _NO_BREAK
    if _is_duration(fault.schema):
        zero = isinstance(fault.value, str) and re.fullmatch(r"0+(ms|s|m|h)", fault.value)
        return "schema.pattern", "must be more than zero" if zero else "must be a duration", _DURATION
    form = fault.schema.get("x-form", "have another form")
    return "schema.pattern", f"must {form}", _example(fault)


def _has_one_break_too_many(value: str, pattern: str) -> bool:
    """Whether a text would be right without the line break at its end."""
    bare = value.rstrip("\r\n")
    return bare != value and bool(re.search(pattern, bare))


_NO_BREAK = "write it on the line of its key; of a variable, leave the line break out when you set it"


def _example(fault: SchemaFault) -> str:
    examples = fault.schema.get("examples") or [""]
    return f"for example {flow(examples[0])}" if examples[0] != "" else ""


def _limit(code: str, demand: str) -> Callable[[SchemaFault], Demand]:
    return lambda fault: (code, demand.format(fault.wanted), _usual(fault))


def _bound(demand: str) -> Callable[[SchemaFault], Demand]:
    return lambda fault: ("schema.length", demand.format(fault.wanted), "")


def _usual(fault: SchemaFault) -> str:
    return f"the default is {flow(fault.schema['default'])}" if "default" in fault.schema else _example(fault)


def _too_short(fault: SchemaFault) -> Demand:
    if fault.wanted == 1:
        return "schema.length", "must not be empty", "remove the key, or give it a value"
    return "schema.length", f"is too short: at least {fault.wanted} characters", ""


def _twice(_: SchemaFault) -> Demand:
    return "schema.unique", "has the same item twice", "remove one of them"


def _other(fault: SchemaFault) -> Demand:
    return "schema.invalid", "has a value that is not allowed", _example(fault)


_DEMANDS: dict[str, Callable[[SchemaFault], Demand]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _limit("schema.range", "must be at least {}"),
    "maximum": _limit("schema.range", "must be at most {}"),
    "minLength": _too_short,
    "maxLength": _bound("is too long: at most {} characters"),
    "minItems": _bound("has too few items: at least {}"),
    "maxItems": _bound("has too many items: at most {}"),
    "minProperties": _bound("has too few keys: at least {}"),
    "uniqueItems": _twice,
}
