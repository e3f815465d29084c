import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from imbot.config import schema
from imbot.config.schema import editor as bundling

REPOSITORY = Path(__file__).parents[3]
GROUPS = ("agents", "cards", "types")
PARTS = ["bot", *(f"{group}/{name}" for group in GROUPS for name in schema.names(group))]


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A folder of schemas to write to, in the place of the real one."""
    monkeypatch.setattr(schema, "folder", lambda: tmp_path)

    def clear():
        for cached in (
            schema.names,
            schema.source,
            schema._judged,
            schema._validator,
            schema._fast_validator,
        ):
            cached.cache_clear()

    clear()
    yield lambda **files: [
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(content)) for name, content in files.items()
    ]
    clear()


def found(part, value, **options):
    return [(each.pointer, each.at_key, each.code) for each in schema.violations(part, value, **options)]


# -- the files


def test_the_schemas_of_the_repository_are_found_from_a_checkout():
    assert schema.folder() == REPOSITORY / "schemas"


def test_names_lists_the_parts_of_a_group():
    assert schema.names("agents") == ("echo", "faq", "openai", "python")
    assert schema.names("nothing") == ()


def test_a_name_of_a_part_is_one_of_the_parts_there_are():
    assert schema.source("bot")["properties"]["agent"]["properties"]["type"]["enum"] == list(
        schema.names("agents")
    )


@pytest.mark.parametrize("part", PARTS)
def test_a_schema_is_valid_and_flat(part):
    source = schema.source(part)
    Draft202012Validator.check_schema(source)
    assert source["type"] == "object"
    assert source["additionalProperties"] is False
    assert not any("$ref" in node for node in bundling.walk(source))
    assert source["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def properties(part):
    for node in bundling.walk(schema.source(part)):
        inner = node.get("properties")
        if isinstance(inner, dict) and all(isinstance(value, dict) for value in inner.values()):
            yield from (
                (key, value) for key, value in inner.items() if value.keys() - {"const", "enum", "$ref"}
            )


@pytest.mark.parametrize("part", PARTS)
def test_every_property_says_what_it_is(part):
    for key, value in properties(part):
        assert {"title", "description", "examples"} <= value.keys(), key


@pytest.mark.parametrize("part", [part for part in PARTS if not part.startswith("cards/")])
def test_every_default_and_example_is_valid(part):
    for key, value in properties(part):
        written = [each for each in value["examples"] if "<<" not in json.dumps(each)]
        for each in [value["default"], *written] if "default" in value else written:
            if value.get("x-file") != "template" and key not in ("credentials", "agent"):
                assert not list(Draft202012Validator(value).iter_errors(each)), (key, each)


@pytest.mark.parametrize("part", PARTS)
def test_a_path_has_no_default(part):
    # defaults are filled in when every file has been read
    assert not [key for key, value in properties(part) if "x-file" in value and "default" in value]


def test_an_agent_schema_names_its_own_type():
    for name in schema.names("agents"):
        assert schema.source(f"agents/{name}")["properties"]["type"]["const"] == name


def test_reading_schemas_does_not_load_the_validators():
    code = (
        "import sys; from imbot.config import schema; schema.source('bot');"
        "assert not {'jsonschema', 'jsonschema_rs'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- judging


def test_a_keyword_without_words_of_its_own_is_a_violation_all_the_same(parts):
    parts(odd={"type": "object", "properties": {"to": {"not": {"type": "string"}, "examples": [5]}}})
    assert schema.violations("odd", {"to": "hunter2"}) == [
        schema.Violation(
            "/to", False, "schema.invalid", "`to` has a value that is not allowed", "for example 5"
        )
    ]


def test_a_layout_may_hold_templates_where_other_values_belong():
    layout = {"msgContent": "{{ answer }}", "msgButtons": "{{ buttons }}", "order": ["{{ 'msgContent' }}"]}
    assert found("cards/ai", layout, layout=True) == []
    assert found("cards/ai", layout) == [
        ("/msgButtons", False, "schema.type"),
        ("/order/0", False, "schema.enum"),
    ]


def test_items_of_a_layout_may_repeat_and_have_conditions():
    layout = {"contents": [{"type": "markdown", "text": "{{ x }}", "for": "x in suggestions", "if": "x"}]}
    assert found("cards/standard", layout, layout=True) == []
    assert {code for *_, code in found("cards/standard", layout)} == {"schema.unknown-key"}


def test_what_is_no_template_in_a_layout_is_judged_as_it_is():
    layout = {"msgContnt": "x", "msgButtons": "none", "order": ["msgTitel"]}
    assert sorted(found("cards/ai", layout, layout=True)) == [
        ("/msgButtons", False, "schema.type"),
        ("/msgContnt", True, "schema.unknown-key"),
        ("/order/0", False, "schema.enum"),
    ]
