import pytest

from imbot.config import schema

CREDENTIALS = {"client_id": "x", "client_secret": "hunter2"}
BOT = {"credentials": {}, "agent": {"type": "echo"}}


def found(part, value, **options):
    return [(each.pointer, each.at_key, each.code) for each in schema.violations(part, value, **options)]


def only(part, value, **options):
    (violation,) = schema.violations(part, value, **options)
    return violation


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


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"card": {"kind": "ia"}}, "did you mean `ai`?"),
        ({"card": {"actions": ["sotp"]}}, "did you mean `stop`?"),
        ({"conversation": {"group": "share"}}, "did you mean `shared`?"),
        ({"throttle": {"pace": "slow"}}, "the default is adaptive"),
        ({"throttle": {"pace": 5}}, "the default is adaptive"),
        ({"card": {"kind": ["ai"]}}, "the default is ai"),
    ],
)
def test_where_one_of_some_words_is_wanted_the_hint_is_one_of_them(value, hint):
    violation = only("bot", BOT | value)
    assert "must be one of: " in violation.message
    assert violation.hint == hint


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
        ({"throttle": {"interval": 2}}, "a whole number with its unit: `500ms`, `2s`, `5m` or `1h`"),
        ({"throttle": {"interval": "soon"}}, "a whole number with its unit: `500ms`, `2s`, `5m` or `1h`"),
        ({"name": "no spaces"}, "for example helpdesk"),
        ({"card": {"templates": {"final": "x.yaml"}}}, "for example {file: cards/final.yaml}"),
        ({"feedback": None}, "remove the key, or give it a value"),
    ],
)
def test_a_hint_says_what_to_do(value, hint):
    assert only("bot", BOT | value).hint == hint


def test_a_key_that_is_there_is_proposed_last_and_pointed_at():
    found = only("bot", BOT | {"title": "x", "titel": "y"})
    assert (found.hint, found.given) == ("did you mean `title`?", "/title")
    found = only("bot", BOT | {"throttle": {"chunks": 2, "chunk": 1}})
    assert found.given == "/throttle/chunks"
    found = only("bot", BOT | {"titel": "y"})
    assert (found.hint, found.given) == ("did you mean `title`?", "")


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


def test_a_value_that_is_no_mapping_at_all_is_a_violation():
    assert only("cards/ai", ["hunter2"]).message == "the value must be a mapping"


@pytest.mark.parametrize("key", [1, None, True, 1.5])
def test_a_key_that_is_no_text_is_unknown(key):
    violation = only("types/dingtalk-stream", CREDENTIALS | {key: "hunter2"})
    assert (violation.pointer, violation.message) == (f"/{key}", f"unknown key `{key}`")
