import pytest

from imbot.config import schema
from imbot.config.reference import entries, find_keys, value_text
from imbot.config.yamlfile import read_yaml


def test_every_key_of_every_schema_has_an_entry():
    names = entries().keys()

    assert {"throttle.interval", "feedback.buttons.label", "card.templates.final"} <= names
    for group, key in (("types", "credentials"), ("agents", "agent"), ("cards", "card")):
        for part in schema.names(group):
            assert {
                f"{key}.{part}.{name}" for name in schema.source(f"{group}/{part}")["properties"]
            } <= names


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("throttle.interval", ["throttle.interval"]),
        ("/throttle/interval", ["throttle.interval"]),
        ("interval", ["throttle.interval"]),
        ("feedback.buttons[0].label", ["feedback.buttons.label"]),
        ("/feedback/buttons/0/label", ["feedback.buttons.label"]),
        ("agent.openai.model", ["agent.openai.model"]),
        ("agent.model", ["agent.openai.model"]),
        ("openai.model", ["agent.openai.model"]),
        ("credentials.client_id", ["credentials.dingtalk-stream.client_id"]),
        ("idle", ["timeouts.idle", "conversation.idle"]),
        ("throttle.intervall", []),
        ("", []),
    ],
)
def test_a_name_is_found_however_it_is_written(word, names):
    assert [entry.name for entry in find_keys(word)] == names


def test_an_entry_tells_type_bounds_default_and_examples():
    updates, key = entries()["throttle.max_updates"], entries()["agent.openai.api_key"]

    assert (updates.kind, updates.default, updates.required) == (
        "whole number, at least 1, at most 1000",
        "20",
        False,
    )
    assert entries()["throttle.pace"].kind == "one of `adaptive`, `fixed`, `economy`, `final_only`"
    assert entries()["timeouts.idle"].kind == "duration"
    assert entries()["title"].kind == "text, not empty, at most 100 characters"
    assert entries()["agent.faq.knowledge"].required
    assert "secret" in key.kind


@pytest.mark.parametrize(
    "value",
    ["plain", "with space", "- x", "a: b", "#", "", "12", "1.5", "true", "null", "你好", "a, b", "<<NAME:-x>>", "@a", "a\nb",
     "'", '"', 12, 1.5, True, None, [1, "2"], {"a": "b: c", "d e": []}],
)  # fmt: skip
def test_a_value_is_shown_as_yaml_that_means_it(value):
    assert read_yaml(f"x: {{y: [{value_text(value)}]}}".encode(), "a.yaml").value == {"x": {"y": [value]}}
