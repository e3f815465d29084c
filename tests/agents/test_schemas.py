import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from imbot.agents import AGENT_TYPES

FOLDER = Path(__file__).parents[2] / "schemas" / "agents"


@pytest.fixture(params=sorted(AGENT_TYPES))
def schema(request):
    return json.loads((FOLDER / f"{request.param}.schema.json").read_text("utf-8"))


def test_every_type_has_a_schema():
    assert {file.name.removesuffix(".schema.json") for file in FOLDER.iterdir()} == set(AGENT_TYPES)


def test_it_is_flat_closed_and_explained(schema):
    Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    for name, described in schema["properties"].items():
        assert {"title", "description", "examples"} <= described.keys(), name


def test_its_examples_and_defaults_are_valid(schema):
    for name, described in schema["properties"].items():
        values = [*described["examples"], *([described["default"]] if "default" in described else [])]
        plain = [value for value in values if "<<" not in str(value)]
        assert all(Draft202012Validator(described).is_valid(value) for value in plain), name


def test_keys_and_headers_are_secrets():
    properties = json.loads((FOLDER / "openai.schema.json").read_text("utf-8"))["properties"]
    assert properties["api_key"]["writeOnly"]
    assert properties["headers"]["additionalProperties"]["writeOnly"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("base_url", "dashscope.aliyuncs.com/v1"),
        ("base_url", "https://"),
        ("base_url", "https://a b/v1"),
        ("api_key", "two words"),
        ("api_key", ""),
        ("headers", {"a b": "x"}),
        ("headers", {"a": "x\ny"}),
        ("temperature", 3),
    ],
)
def test_what_no_server_could_take_is_refused(key, value):
    properties = json.loads((FOLDER / "openai.schema.json").read_text("utf-8"))["properties"]
    assert not Draft202012Validator(properties[key]).is_valid(value)
