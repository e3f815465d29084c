"""Braces where no template is."""

import pytest
from botfolder import bot, one, write

from imbot.check.lints.braces import stray_braces


def found(tmp_path, keys):
    agent = f"{{type: openai, base_url: 'http://127.0.0.1:9/v1', model: m, {keys}}}"
    spec = one(tmp_path, bot().replace("agent:\n  type: echo", f"agent: {agent}")).spec
    return [(each.code, each.pointer) for each in stray_braces(spec)]


@pytest.mark.parametrize(
    ("keys", "pointers"),
    [
        ("instructions: '今天是 {{ date }}'", ["/agent/instructions"]),
        ("body: {a: {b: ['{{ x }}']}}", ["/agent/body/a/b/0"]),
        ("headers: {X-User: '{{ user.id }}'}", ["/agent/headers/X-User"]),
        ("api_key: '{{key}}'", ["/agent/api_key"]),
        ("instructions: 'Hi {{ sender.nick }}, it is {{ now }}'", []),
        ("headers: {X-User: '{{ sender.id }}'}", []),
        ("body: {a: '{{ bot.name }}', b: '{\"x\": {}}'}", []),
        ("instructions: 'no braces'", []),
    ],
)
def test_braces_that_no_template_is_are_found(tmp_path, keys, pointers):
    assert found(tmp_path, keys) == [("template.not-here", pointer) for pointer in pointers]


def test_a_file_of_instructions_is_no_template(tmp_path):
    write(tmp_path / "bots", {"prompt.md": "Hi {{ sender.nick }}"})
    assert found(tmp_path, "instructions_file: prompt.md") == [
        ("template.not-here", "/agent/instructions_file")
    ]
