from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from imbot.config import schema
from imbot.config.schema import editor as bundling

REPOSITORY = Path(__file__).parents[3]
CREDENTIALS = {"client_id": "<<ID>>", "client_secret": "<<file:/run/secrets/x>>"}
BOT = {"credentials": CREDENTIALS, "agent": {"type": "echo"}}


@pytest.fixture(scope="module")
def editor():
    return Draft202012Validator(schema.bundle())


def card(**keys):
    return BOT | {"card": keys}


def agent(**keys):
    return BOT | {"agent": keys}


@pytest.mark.parametrize("bundle", [schema.bundle, schema.bundle_defaults, schema.bundle_inheriting])
def test_the_bundle_is_a_valid_schema_that_needs_no_other_file(bundle):
    whole = bundle()
    Draft202012Validator.check_schema(whole)
    for node in bundling.walk(whole):
        assert str(node.get("$ref", "#/")).startswith("#/"), node
        assert not any(key.startswith("x-") for key in node), node
        assert node.get("format") != "duration", "another notation in the standard"


def test_every_example_bot_is_valid(editor):
    for path in (REPOSITORY / "bots").glob("*.yaml"):
        if path.name.endswith(".test.yaml"):
            continue
        assert not list(editor.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8")))), path


@pytest.mark.parametrize(
    "value",
    [
        BOT,
        BOT | {"throttle": {"pace": "<<PACE:-fixed>>", "chunks": "<<N>>", "interval": "<<S>>s"}},
        BOT | {"enabled": "<<ON:?say whether>>", "commands": {"new": ["<<WORD>>"]}},
        agent(
            type="openai", base_url="<<URL>>", model="<<M>>", temperature="<<env:T>>", headers={"a": "<<K>>"}
        ),
        card(kind="ai", vars={"a": "<<A>>", "b": [1]}),
        card(templates={"final": {"file": "cards/final.yaml"}}),
        card(templates={"final": {"msgContent": "{{ answer }}", "msgButtons": "{{ buttons }}"}}),
        card(templates={"final": {"msgContent": 1, "msgButtons": [{"text": "x", "if": "answer"}]}}),
        card(template_id="x", content_key="y", templates={"final": {"anything": [1]}}),
        card(
            kind="standard", templates={"final": {"contents": [{"type": "divider", "for": "x in citations"}]}}
        ),
        card(kind="markdown", templates={"final": {"title": "x", "text": "{{ answer }}"}}),
    ],
)
def test_what_a_bot_file_may_say_is_accepted(editor, value):
    assert not list(editor.iter_errors(value))


@pytest.mark.parametrize(
    "value",
    [
        BOT | {"titel": "x"},
        BOT | {"type": "<<TYPE>>"},
        BOT | {"throttle": {"chunks": "5"}},
        BOT | {"credentials": {"client_id": "x"}},
        BOT | {"credentials": CREDENTIALS | {"token": "x"}},
        agent(type="echo", model="x"),
        agent(type="<<AGENT>>"),
        agent(type="openai", model="m"),
        card(kind="<<KIND>>"),
        card(template_id="x"),
        card(templates={"final": {"msgContnt": "{{ answer }}"}}),
        card(templates={"final": {"file": "a.yaml", "msgContent": "x"}}),
        card(templates={"final": {"msgContent": "x", "msgButtons": "none"}}),
        card(kind="markdown", templates={"final": {"msgContent": "x"}}),
        card(kind="standard", templates={"final": {"contents": [{"type": "nothing"}]}}),
        card(templates={"final": "cards/final.yaml"}),
    ],
)
def test_what_a_bot_file_may_not_say_is_refused(editor, value):
    assert list(editor.iter_errors(value))


def test_a_description_tells_the_default():
    described = schema.bundle()["properties"]["throttle"]["properties"]
    assert described["interval"]["description"].endswith("\n\nDefault: `1s`")
    assert schema.bundle()["properties"]["enabled"]["description"].endswith("Default: `true`")


def test_every_placeholder_of_the_language_matches():
    accepts = Draft202012Validator(bundling.PLACEHOLDER).is_valid
    for text in (
        "<<A>>",
        "<<env:a_1>>",
        "<<file:/run/x.y>>",
        "<<A:-b c>>",
        "<<A:-x:>>",
        "<<A:?say>>",
        "a<<A>>b",
    ):
        assert accepts(text), text
    for text in ("<<1A>>", "<< A >>", "<A>", "A", 5):
        assert not accepts(text), text


# -- shared defaults

DEFAULTS = {"agent": {"type": "openai", "base_url": "<<URL>>"}, "throttle": {"pace": "<<PACE>>"}}


@pytest.mark.parametrize(
    "value",
    [
        {},
        DEFAULTS,
        card(template_id="x") | {"credentials": None, "agent": {"type": "echo"}},
        card(kind="standard", templates={"final": {"header": {"title": {"type": "text", "text": "x"}}}}),
    ],
)
def test_nothing_is_required_of_defaults(value):
    value = {key: item for key, item in value.items() if key != "credentials"}
    assert not list(Draft202012Validator(schema.bundle_defaults()).iter_errors(value))


@pytest.mark.parametrize(
    "value",
    [
        BOT,
        {"name": "a"},
        {"credentials": {}},
        {"titel": "x"},
        {"agent": {"base_url": "x"}},
        {"agent": {"type": "echo", "modle": "m"}},
        {"throttle": {"pace": "fxied"}},
        {"feedback": {"buttons": [{"label": "x"}]}},
        {"card": {"templates": {"final": {"msgContnt": "{{ answer }}"}}}},
    ],
)
def test_what_bots_cannot_share_or_nobody_knows_is_refused_in_defaults(value):
    assert list(Draft202012Validator(schema.bundle_defaults()).iter_errors(value))


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ({"credentials": CREDENTIALS}, True),
        ({"credentials": CREDENTIALS, "agent": {"model": "m"}, "name": "a"}, True),
        (agent(type="openai", model="m"), True),
        ({"agent": {"type": "echo"}}, False),
        ({"credentials": {"client_id": "x"}}, False),
        (agent(type="openai", modle="m"), False),
    ],
)
def test_a_bot_that_inherits_has_only_what_is_its_own_to_give(value, right):
    assert Draft202012Validator(schema.bundle_inheriting()).is_valid(value) is right
