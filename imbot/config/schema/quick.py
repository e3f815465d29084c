"""A schema as one function: whether a value keeps to it, told fast and without saying why not.

``schema`` asks here first and lets the library find the reasons, so that a sound value costs little and
the library is imported for the first wrong one only.
"""

import json
import re
from collections.abc import Callable, Mapping, Sized
from typing import Any

from imbot.config.schema.editor import Schema

Test = Callable[[Any], bool]

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "number": (int, float),
    "null": (type(None),),
}
# what says nothing about a value, besides our own x-...
_NOTES = frozenset({
    "$schema", "$id", "$defs", "title", "description", "markdownDescription", "patternErrorMessage", "default",
    "examples", "format", "writeOnly", "deprecated",
})  # fmt: skip
_OF_MAPPINGS = frozenset(("properties", "additionalProperties"))
_OF_CONDITIONS = frozenset(("then", "else"))


class UnknownKeywordError(Exception):
    """A schema asks for what only the library can judge."""


def keeping(schema: Schema) -> Test | None:
    """What tells whether a value keeps to a schema; None where only the library can judge."""
    try:
        for node in schema.get("$defs", {}).values():
            _test_of(node, schema)
        return _test_of(schema, schema)
    except UnknownKeywordError:
        return None


def _test_of(schema: Any, root: Schema) -> Test:
    if isinstance(schema, bool):
        return lambda _: schema
    tests = [make(schema, root) for keyword, make in _MAKERS.items() if keyword in schema]
    if _OF_MAPPINGS & schema.keys():
        tests.append(_members(schema, root))
    for keyword in schema.keys() - _MAKERS.keys() - _NOTES - _OF_MAPPINGS - _OF_CONDITIONS:
        if not keyword.startswith("x-"):
            raise UnknownKeywordError(keyword)
    return tests[0] if len(tests) == 1 else _all(tests)


def _all(tests: list[Test]) -> Test:
    def keeps(value: Any) -> bool:
        for test in tests:  # noqa: SIM110  `all` of a generator takes three times as long
            if not test(value):
                return False
        return True

    return keeps


def _type(schema: Schema, _: Schema) -> Test:
    wanted = schema["type"]
    names = [wanted] if isinstance(wanted, str) else wanted
    if any(name != "integer" and name not in _KINDS for name in names):
        raise UnknownKeywordError(names)
    kinds = tuple(kind for name in names for kind in _KINDS.get(name, ()))
    whole, boolean = "integer" in names, "boolean" in names

    def keeps(value: Any) -> bool:
        if isinstance(value, bool):
            return boolean
        return isinstance(value, kinds) or (whole and _is_whole(value))

    return keeps


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _members(schema: Schema, root: Schema) -> Test:
    """``properties`` and ``additionalProperties`` together."""
    known = {key: _test_of(node, root) for key, node in schema.get("properties", {}).items()}
    others = _test_of(schema.get("additionalProperties", True), root)

    def keeps(value: Any) -> bool:
        if isinstance(value, dict):
            for key, item in value.items():
                if not known.get(key, others)(item):
                    return False
        return True

    return keeps


def _items(schema: Schema, root: Schema) -> Test:
    test = _test_of(schema["items"], root)
    return lambda value: not isinstance(value, list) or all(map(test, value))


def _property_names(schema: Schema, root: Schema) -> Test:
    test = _test_of(schema["propertyNames"], root)
    return lambda value: not isinstance(value, dict) or all(map(test, value))


def _required(schema: Schema, _: Schema) -> Test:
    needed = frozenset(schema["required"])
    return lambda value: not isinstance(value, dict) or needed <= value.keys()


def _dependent(schema: Schema, _: Schema) -> Test:
    needs: Mapping[str, list[str]] = schema["dependentRequired"]

    def keeps(value: Any) -> bool:
        return not isinstance(value, dict) or all(
            value.keys() >= set(needed) for key, needed in needs.items() if key in value
        )

    return keeps


def _const(schema: Schema, _: Schema) -> Test:
    return _one_of([schema["const"]])


def _enum(schema: Schema, _: Schema) -> Test:
    return _one_of(schema["enum"])


def _one_of(options: list[Any]) -> Test:
    if any(isinstance(option, dict | list) for option in options):
        raise UnknownKeywordError("a mapping or list to be equal to")
    texts = frozenset(option for option in options if isinstance(option, str))
    others = [option for option in options if not isinstance(option, str)]

    def keeps(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts
        return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in others)

    return keeps


def _pattern(schema: Schema, _: Schema) -> Test:
    search = re.compile(schema["pattern"]).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _size(
    keyword: str, kind: type[Sized], keeps: Callable[[int, int], bool]
) -> Callable[[Schema, Schema], Test]:
    def make(schema: Schema, _: Schema) -> Test:
        limit = schema[keyword]
        return lambda value: not isinstance(value, kind) or keeps(len(value), limit)

    return make


def _bound(keyword: str, keeps: Callable[[float, float], bool]) -> Callable[[Schema, Schema], Test]:
    def make(schema: Schema, _: Schema) -> Test:
        limit = schema[keyword]
        return lambda value: (
            isinstance(value, bool) or not isinstance(value, int | float) or keeps(value, limit)
        )

    return make


def _unique(schema: Schema, _: Schema) -> Test:
    wanted = schema["uniqueItems"]
    return lambda value: not wanted or not isinstance(value, list) or not twice(value)


def twice(items: list[Any]) -> bool:
    """Whether an item stands in a list twice; a look at each, not at each pair."""
    return len({json.dumps(item, sort_keys=True) for item in items}) < len(items)


def _condition(schema: Schema, root: Schema) -> Test:
    test = _test_of(schema["if"], root)
    then, other = (_test_of(schema.get(way, True), root) for way in ("then", "else"))
    return lambda value: then(value) if test(value) else other(value)


def _each(schema: Schema, root: Schema) -> Test:
    return _all([_test_of(node, root) for node in schema["allOf"]])


def _reference(schema: Schema, root: Schema) -> Test:
    """A definition of the same file, made into a test when first needed: it may hold itself."""
    place, _, name = schema["$ref"].rpartition("/")
    if place != "#/$defs" or name not in root.get("$defs", ()):
        raise UnknownKeywordError(schema["$ref"])
    tests: list[Test] = []

    def keeps(value: Any) -> bool:
        if not tests:
            tests.append(_test_of(root["$defs"][name], root))
        return tests[0](value)

    return keeps


def _at_most(size: float, limit: float) -> bool:
    return size <= limit


def _at_least(size: float, limit: float) -> bool:
    return size >= limit


_MAKERS: dict[str, Callable[[Schema, Schema], Test]] = {
    "type": _type,
    "$ref": _reference,
    "const": _const,
    "enum": _enum,
    "minLength": _size("minLength", str, _at_least),
    "maxLength": _size("maxLength", str, _at_most),
    "minItems": _size("minItems", list, _at_least),
    "maxItems": _size("maxItems", list, _at_most),
    "minProperties": _size("minProperties", dict, _at_least),
    "maxProperties": _size("maxProperties", dict, _at_most),
    "minimum": _bound("minimum", _at_least),
    "maximum": _bound("maximum", _at_most),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "required": _required,
    "dependentRequired": _dependent,
    "propertyNames": _property_names,
    "items": _items,
    "if": _condition,
    "allOf": _each,
}
