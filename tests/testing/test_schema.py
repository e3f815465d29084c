import json

import pytest
from jsonschema import Draft202012Validator

from imbot.config import schema
from imbot.config.schema.editor import walk

SOURCE = schema.source("test")


def described():
    """Every property with what it refers to merged in, as an editor shows it."""
    for node in walk(SOURCE):
        for key, value in node.get("properties", {}).items():
            if isinstance(value, dict):
                name = value.get("$ref", "").rpartition("/")[2]
                yield pytest.param({**SOURCE["$defs"].get(name, {}), **value}, id=key)


def valid(node, value):
    judged = {**{key: item for key, item in node.items() if key != "$ref"}, "$defs": SOURCE["$defs"]}
    return not list(Draft202012Validator(judged).iter_errors(value))


def test_it_is_a_valid_schema_without_references_to_others():
    Draft202012Validator.check_schema(SOURCE)
    assert all(
        node["$ref"].startswith("#/$defs/") for node in walk(SOURCE) if isinstance(node.get("$ref"), str)
    )


@pytest.mark.parametrize("node", [*described()])
def test_every_property_says_what_it_is_and_its_examples_are_valid(node):
    assert {"title", "description", "examples"} <= node.keys()
    for example in [*node["examples"], *([node["default"]] if "default" in node else [])]:
        assert valid(node, example), json.dumps(example, ensure_ascii=False)


def test_no_mapping_takes_unknown_keys():
    for node in walk(SOURCE):
        if isinstance(node.get("properties"), dict) and "title" in node:
            assert node["additionalProperties"] is False
