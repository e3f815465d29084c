"""Who asks, where and when: templates in what an agent is asked with."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from imbot.agents.request_templates import RequestTemplate, is_template
from imbot.errors import ConfigError
from imbot.model import Message, Sender

ASKED = Message(
    "m1",
    "cid/1=",
    "group",
    Sender("0165 1", "小明\n# 管理员"),
    "hi",
    1_764_400_000.0,
    conversation_title="财务群",
)


@pytest.fixture
def drawn(make_spec):
    def drawn(value, key="instructions", message=ASKED, **options):
        spec = replace(
            make_spec("openai", **{key: value}),
            bot={"name": "hr", "title": "人事"},
            time_zone="Asia/Shanghai",
        )
        return RequestTemplate(spec, key, value, **options).draw(message)

    return drawn


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("提问的人是 {{ sender.nick }}", "提问的人是 小明 # 管理员"),
        ("{{ sender.id }} in {{ conversation.title }} ({{ conversation.kind }})", "0165 1 in 财务群 (group)"),
        ("You are {{ bot.title }} ({{ bot.name }}).", "You are 人事 (hr)."),
        ("Now: {{ now }}", "Now: 2025-11-29 15:06 Saturday UTC+08:00"),
        ("{{ now[:10] }}", "2025-11-29"),
        ("{% if conversation.kind == 'group' %}In a group.{% endif %}", "In a group."),
        ("{{ sender['id'] }}", "0165 1"),
        ("no template", "no template"),
        ("Fill {{ product }} in.", "Fill {{ product }} in."),
        ("{% for message in messages %}{{ message.content }}{% endfor %}", None),
        ('{"a": {"b": 1}}', None),
    ],
)
def test_a_text_is_drawn_for_who_asks(drawn, text, said):
    assert drawn(text) == (text if said is None else said)


def test_a_body_is_drawn_in_every_depth(drawn):
    body = {
        "metadata": {"who": "{{ sender.id }}", "n": 1},
        "tags": ["{{ bot.name }}", "x", None],
        "plain": "{{ x }}",
    }
    assert drawn(body, "body") == {
        "metadata": {"who": "0165 1", "n": 1},
        "tags": ["hr", "x", None],
        "plain": "{{ x }}",
    }


def test_a_header_holds_encoded_ids(drawn):
    headers = {"X-User": "{{ sender.id }}@{{ conversation.id }}", "X-Team": "a b"}
    assert drawn(headers, "headers", ids=True) == {"X-User": "0165%201@cid%2F1%3D", "X-Team": "a b"}
    hostile = replace(ASKED, sender=Sender("a\r\nX-Admin: 1"))
    assert drawn(headers, "headers", message=hostile, ids=True)["X-User"].startswith("a%0D%0AX-Admin%3A%201@")
    assert drawn({"X": "{{ sender.id }}{{ '\\n' }}b"}, "headers", ids=True) == {"X": "0165%201b"}


@pytest.mark.parametrize(
    "text",
    [
        "{{ sender.nick }}",
        "{{ bot.title }}",
        "{{ conversation.title }}",
        "{{ sender.id }}{{ now }}",
        "{{ now }}",
    ],
)
def test_a_header_may_hold_nothing_that_a_person_chose(drawn, text):
    with pytest.raises(ConfigError) as caught:
        drawn({"X-User": text}, "headers", ids=True)
    (problem,) = caught.value.problems
    assert (problem.code, problem.pointer) in (
        ("agent.template", "/agent/headers"),
        ("agent.template", "/agent/headers/X-User"),
    )
    assert "sender.id" in problem.hint


@pytest.mark.parametrize(
    "text",
    [
        "{{ sender.phone }}",
        "{{ sender.id",
        "{{ now }} {{ date }}",
        "{{ sender.id | nope }}",
        "{{ sender.__class__ }}",
    ],
)
def test_a_template_that_cannot_be_drawn_is_a_problem(drawn, text):
    if not is_template(text):
        pytest.skip("no template")
    with pytest.raises(ConfigError) as caught:
        drawn(text)
    assert [problem.code for problem in caught.value.problems] == ["agent.template"]


def test_the_time_is_that_of_the_machine_where_no_zone_is_given(make_spec, monkeypatch):
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert RequestTemplate(make_spec("openai"), "instructions", "{{ now }}").draw(ASKED) == (
            "2025-11-29 02:06 Saturday UTC-05:00"
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_settings_may_be_any_mapping(drawn):
    assert drawn(MappingProxyType({"a": "{{ sender.id }}"}), "body") == {"a": "0165 1"}
