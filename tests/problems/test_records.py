import json

from imbot.errors import Problem
from imbot.problems import CheckedBot, Report
from imbot.problems.records import render

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
