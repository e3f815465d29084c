import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from imbot import bundle, schema

REPOSITORY = Path(__file__).parent.parent
GROUPS = ("agents", "cards", "types")
PARTS = ["bot", *(f"{group}/{name}" for group in GROUPS for name in schema.names(group))]
CREDENTIALS = {"client_id": "x", "client_secret": "hunter2"}
BOT = {"credentials": {}, "agent": {"type": "echo"}}


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A folder of schemas to write to, in the place of the real one."""
    monkeypatch.setattr(schema, "folder", lambda: tmp_path)

    def clear():
        for cached in (schema.names, schema.source, schema._validator):
            cached.cache_clear()

    clear()
    yield lambda **files: [
        (tmp_path / f"{name}.schema.json").write_text(json.dumps(content)) for name, content in files.items()
    ]
    clear()


def found(part, value, **options):
    return [(each.pointer, each.at_key, each.code) for each in schema.violations(part, value, **options)]


def only(part, value, **options):
    (violation,) = schema.violations(part, value, **options)
    return violation


# -- the files


def test_the_schemas_of_the_repository_are_found_from_a_checkout():
    assert schema.folder() == REPOSITORY / "schemas"


def test_names_lists_the_parts_of_a_group():
    assert schema.names("agents") == ("echo", "faq", "openai")
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
    assert source["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def properties(part):
    for node in bundle.walk(schema.source(part)):
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


def test_reading_schemas_does_not_load_the_validator():
    code = (
        "import sys; from imbot import schema; schema.source('bot'); assert 'jsonschema' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- violations


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"throttle": {"pacee": "fixed"}}, ("/throttle/pacee", True, "schema.unknown-key")),
        ({"throttle": {"pace": "fxed"}}, ("/throttle/pace", False, "schema.enum")),
        ({"throttle": {"chunks": 0}}, ("/throttle/chunks", False, "schema.range")),
        ({"throttle": {"chunks": "5"}}, ("/throttle/chunks", False, "schema.type")),
        ({"throttle": {"chunks": True}}, ("/throttle/chunks", False, "schema.type")),
        ({"throttle": {"chunks": 1.5}}, ("/throttle/chunks", False, "schema.type")),
        ({"throttle": {"interval": "2 s"}}, ("/throttle/interval", False, "schema.pattern")),
        ({"throttle": {"interval": "0s"}}, ("/throttle/interval", False, "schema.pattern")),
        ({"throttle": None}, ("/throttle", False, "schema.type")),
        ({"title": ""}, ("/title", False, "schema.length")),
        ({"title": 5}, ("/title", False, "schema.type")),
        ({"name": "no spaces"}, ("/name", False, "schema.pattern")),
        ({"name": ".hidden"}, ("/name", False, "schema.pattern")),
        ({"commands": {"new": ["a", 1]}}, ("/commands/new/1", False, "schema.type")),
        ({"commands": {"new": ["a", "a"]}}, ("/commands/new", False, "schema.unique")),
        (
            {"feedback": {"buttons": [{"label": "x"}]}},
            ("/feedback/buttons/0/rating", False, "schema.missing"),
        ),
        ({"card": {"template_id": "x"}}, ("/card/template_id", True, "schema.needs")),
        ({"card": {"content_key": "x"}}, ("/card/content_key", True, "schema.needs")),
        ({"type": "dingtalk"}, ("/type", False, "schema.enum")),
        ({"agent": {"type": "opnai"}}, ("/agent/type", False, "schema.enum")),
        ({"agent": {}}, ("/agent/type", False, "schema.missing")),
        ({"a/b~c": 1}, ("/a~1b~0c", True, "schema.unknown-key")),
    ],
)
def test_a_mistake_is_one_violation_at_its_place(value, expected):
    assert found("bot", BOT | value) == [expected]


@pytest.mark.parametrize("name", ["helpdesk", "客服-1", "A.b_c", "x" * 64])
def test_a_good_name_is_accepted(name):
    assert found("bot", BOT | {"name": name}) == []


def test_violations_come_together():
    value = {"throttle": {"pacee": 1, "chunks": 0}, "titel": "x", "enabled": "yes", "agent": {}}
    codes = sorted(code for *_, code in found("bot", value))
    assert codes == [
        "schema.missing",
        "schema.missing",
        "schema.range",
        "schema.type",
        "schema.unknown-key",
        "schema.unknown-key",
    ]


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"throttle": {"pacee": "fixed"}}, "did you mean `pace`?"),
        ({"throttle": {"max-updates": 3}}, "did you mean `max_updates`?"),
        ({"throttle": {"pace": "finalonly"}}, "did you mean `final_only`?"),
        ({"agent": {"type": "OpenAI"}}, "did you mean `openai`?"),
        ({"history": {"zzz": 1}}, "known here: turns, chars"),
        ({"title": 5}, "put it in quotes"),
        ({"throttle": {"interval": 2}}, "a number with its unit: `500ms`, `2s`, `5m` or `1h`"),
        ({"throttle": {"interval": "soon"}}, "a number with its unit: `500ms`, `2s`, `5m` or `1h`"),
        ({"name": "no spaces"}, 'for example "helpdesk"'),
        ({"card": {"templates": {"final": "x.yaml"}}}, 'for example {"file": "cards/final.yaml"}'),
        ({"feedback": None}, "remove the key, or give it a value"),
    ],
)
def test_a_hint_says_what_to_do(value, hint):
    assert only("bot", BOT | value).hint == hint


def test_a_hint_does_not_propose_a_key_that_is_there():
    assert "did you mean" not in only("bot", BOT | {"title": "x", "titel": "y"}).hint


def test_a_misspelt_required_key_is_one_mistake():
    violation = only("types/dingtalk-stream", {"client_id": "x", "client_secrt": "hunter2"})
    assert (violation.pointer, violation.hint) == ("/client_secrt", "did you mean `client_secret`?")


@pytest.mark.parametrize("value", [5, "", None, ["hunter2"], {"hunter2": 1}])
def test_a_violation_never_shows_a_value(value):
    violation = only("types/dingtalk-stream", CREDENTIALS | {"client_secret": value})
    assert violation.pointer == "/client_secret"
    assert "hunter2" not in f"{violation.message} {violation.hint}"


def test_a_key_that_cannot_be_one_is_named():
    value = {"type": "openai", "base_url": "http://x", "model": "m", "headers": {"a b": "c"}}
    violation = only("agents/openai", value)
    assert (violation.pointer, violation.at_key, violation.code) == ("/headers/a b", True, "schema.key")


def test_of_alternatives_only_the_one_meant_is_judged(parts):
    either = {
        "anyOf": [
            {"type": "string"},
            {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}},
        ]
    }
    parts(either={"type": "object", "properties": {"to": either}})
    assert found("either", {"to": {"url": 5}}) == [("/to/url", False, "schema.type")]
    assert found("either", {"to": {}}) == [("/to/url", False, "schema.missing")]
    assert found("either", {"to": 5}) == [("/to", False, "schema.invalid")]


# -- layouts


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
