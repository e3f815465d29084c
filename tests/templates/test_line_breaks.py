import json
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # a line that holds words
        ("{% if x %}电话：{{ x }}{% endif %}\n工作时间", "电话：1\n工作时间"),
        ("{% for w in ['a', 'b'] %}- {{ w }}{% endfor %}\n结束", "- a- b\n结束"),
        ("{{ x }}{% if x %}\nb{% endif %}\nc", "1\nb\nc"),
        ("{{ x }}{# why #}\nb", "1\nb"),
        ("a {% set y = 1 %}\nb", "a \nb"),
        ("{% if x %}a{% else %}\nb{% endif %}\nc", "a\nc"),
        ("{% raw %}{{ }}{% endraw %}\nb", "{{ }}\nb"),
        ("{% include 'a.j2' %}\nb", "included\nb"),
        ("{% if x %}{% include 'a.j2' %}{% endif %}\nb", "included\nb"),
        ("a{% set y = [\n1] %}\nb", "a\nb"),
        ("{% if x %}a{% endif %}\r\nb", "a\nb"),
        # a line that holds only tags
        ("a\n{% if x %}\nb\n{% endif %}\nc", "a\nb\nc"),
        ("a\n  {% if x %}{% if x %}  \nb\n {% endif %}{% endif %}\t\nc", "a\nb\nc"),
        ("a\n{# why\nnot #}\nb", "a\nb"),
        ("a\n{% set y = [\n1,\n2] %}\nb", "a\nb"),
        ("a\n{% set y = 1 + 1 - 1 %}\nb", "a\nb"),
        ("{% raw %}\n{{ }}\n{% endraw %}\nb", "{{ }}\nb"),
        ("a\n{% if x %}\n\nb\n{% endif %}", "a\n\nb"),
        ("{% if x %}\r\na\r\n{% endif %}\r\nb", "a\nb"),
        # signs that change the space around a tag
        ("a\n{% if x +%}\nb{% endif %}", "a\n\nb"),
        ("a\n{%- if x %}\nb{% endif %}", "ab"),
        ("a {%- if x -%}\n b{% endif %}\nc", "ab\nc"),
        ("{{ x -}}\n{% if x %}\nb{% endif %}", "1b"),
    ],
)
def test_a_line_keeps_its_break_where_it_holds_more_than_tags(draw, source, expected):
    assert draw(source, [("a.j2", "included\n")], x="1") == expected


def test_a_name_that_is_called_include_is_no_inclusion(draw):
    assert draw("a\n{% if include %}\nb\n{% endif %}", include=True) == "a\nb"


def test_a_fault_behind_a_line_of_tags_is_in_its_own_line(draw):
    with pytest.raises(Exception, match="nobody") as caught:
        draw("{% if x %}\na\n{% endif %}\n\n{{ nobody }}", x=1)
    assert caught.value.fault.line == 5


HELP = json.loads(Path("schemas/bot.schema.json").read_text())["properties"]["texts"]["properties"]["help"]


@pytest.mark.parametrize("said", [{"new"}, {"stop"}, {"new", "help"}, {"new", "stop", "help"}, set()])
def test_the_default_help_has_a_line_for_each_command_that_has_words(draw, said):
    commands = {name: ["a", "b"] if name in said else [] for name in ("new", "stop", "help")}

    first, *lines = draw(HELP["default"], bot={"title": "T"}, commands=commands).split("\n")

    assert first == "您好，我是T，有什么问题请直接问我。"
    assert len(lines) == len(said)
    assert all(line.startswith("- 发送 `a` 或 `b` ") for line in lines)
