import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbot.config import schema
from imbot.config.schema.quick import keeping

PARTS = ["bot", "test"]
PARTS += [f"{group}/{name}" for group in ("types", "agents", "cards") for name in schema.names(group)]
NASTY = [
    None, True, False, 0, 1, -1, 1.0, 1.5, 20.0, 10**30, "", "a", "长", "1", "2s", "0s", "x" * 300, [], {},
    ["a", "a"], ["a", "b"], [1, True], [1, 1.0], [{}, {}], {"a": 1}, {"file": "x"}, {"for": "x in y"}, "{{ x }}",
]  # fmt: skip


def library_of(node):
    return schema._validators()(node)


@pytest.mark.parametrize("part", PARTS)
def test_every_schema_of_ours_can_be_judged_quickly(part):
    assert keeping(schema.source(part)) is not None


@pytest.mark.parametrize(
    "node",
    [
        {"type": "integer"},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"const": 1},
        {"const": True},
        {"enum": ["a", 0, None]},
        {"minLength": 1, "maxLength": 1},
        {"minItems": 1, "maxItems": 1},
        {"minProperties": 1, "maxProperties": 1},
        {"minimum": 1, "maximum": 2},
        {"pattern": "^[0-9]+s$"},
        {"uniqueItems": True},
        {"uniqueItems": False},
        {"required": ["a"]},
        {"dependentRequired": {"a": ["b"], "file": []}},
        {"properties": {"a": {"type": "string"}}},
        {"properties": {"a": True}, "additionalProperties": False},
        {"additionalProperties": {"type": "string"}},
        {"items": {"type": "string"}},
        {"items": False},
        {"propertyNames": {"maxLength": 1}},
        {"if": {"type": "string"}, "then": {"minLength": 2}},
        {"if": {"type": "string"}, "then": True, "else": False},
        {"if": {"uniqueItems": True}, "then": False},
        {"allOf": [{"type": "string"}, {"minLength": 1}]},
        {"$defs": {"tree": {"items": {"$ref": "#/$defs/tree"}, "type": "array"}}, "$ref": "#/$defs/tree"},
        {"title": "only words", "x-ours": 1},
    ],
    ids=json.dumps,
)
def test_a_keyword_means_what_the_library_says(node):
    keeps, library = keeping(node), library_of(node)

    assert [keeps(value) for value in NASTY] == [library.is_valid(value) for value in NASTY]


@pytest.mark.parametrize(
    "node",
    [
        {"oneOf": [{}]},
        {"properties": {"a": {"patternProperties": {}}}},
        {"type": "decimal"},
        {"const": []},
        {"enum": [{}]},
        {"$ref": "https://example.com/x"},
        {"$ref": "#/$defs/none"},
        {"$defs": {"a": {"not": {}}}, "properties": {"a": {"$ref": "#/$defs/a"}}},
    ],
    ids=json.dumps,
)
def test_what_only_the_library_can_judge_is_left_to_it(node):
    assert keeping(node) is None


def words(node):
    """Every key and example of a schema: what values that come near it are made of."""
    found = set()
    for inner in schema.editor.walk(node):
        found |= inner.get("properties", {}).keys()
        texts = [inner.get("const"), inner.get("default"), *inner.get("enum", ()), *inner.get("examples", ())]
        found |= {text for text in texts if isinstance(text, str)}
    return sorted(found)


def values_near(node):
    scalars = st.sampled_from(
        [*words(node), *(value for value in NASTY if not isinstance(value, dict | list))]
    )
    keys = st.sampled_from(words(node))
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


@pytest.mark.parametrize("part", PARTS)
def test_both_ways_agree_on_values_near_a_schema(part):
    node = schema.source(part)
    keeps, library = keeping(node), library_of(node)

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(values_near(node))
    def agree(value):
        assert keeps(value) == library.is_valid(value)

    agree()
