import json

import click
import pytest

from imbot.errors import Problem
from imbot.problems import CheckedBot, Report, github, records, sarif, text
from imbot.problems.records import render
from imbot.problems.sources import Sources

PROBLEM = Problem(
    "bots/客.yaml", 1, 2, 3, 4, "/agent", "schema.type", "error", "`agent` must be a mapping", ""
)


def test_problems_and_bots_have_exactly_the_promised_keys():
    got = json.loads(render(Report((PROBLEM,), (CheckedBot("a", "bots/a.yaml", "dingtalk-stream", 12),), 2)))

    assert got == {
        "problems": [
            {
                "path": "bots/客.yaml", "line": 1, "column": 2, "end_line": 3, "end_column": 4,
                "pointer": "/agent", "code": "schema.type", "severity": "error",
                "message": "`agent` must be a mapping", "hint": "",
            }
        ],
        "bots": [{"name": "a", "path": "bots/a.yaml", "type": "dingtalk-stream", "calls": 12}],
    }  # fmt: skip


def test_nothing_is_an_object_with_empty_lists():
    assert json.loads(render(Report((), (), 0))) == {"problems": [], "bots": []}


def test_text_is_readable_and_file_names_that_are_no_text_come_through():
    assert "客" in render(Report((PROBLEM,), (), 1))
    odd = render(Report((), (CheckedBot("a", "a\udcff.yaml", "t"),), 1))

    assert json.loads(odd.encode())["bots"][0]["path"] == "a\udcff.yaml"


FORMATS = {
    "records": records.render,
    "sarif": sarif.render,
    "github": github.render,
    "text": lambda report: click.unstyle(text.render(report, Sources())),
    "costs": text.costs,
}


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_commands_a_terminal_or_has_lines_of_others(name):
    odd = "a\r\n::error::forged\x1b[2J\x9b\u202e\u2028\udcff"
    problem = Problem(f"{odd}.yaml", 1, 1, 1, 1, f"/{odd}", "x", "error", odd, odd)
    shown = FORMATS[name](Report((problem,), (CheckedBot(odd, odd, "t", 2),), 1))

    assert all(line.isprintable() for line in shown.split("\n"))
    assert not any(line.startswith("::error::") for line in shown.split("\n"))
    shown.encode()
