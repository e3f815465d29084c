import logging
from dataclasses import replace

import click
import pytest

from imbot.cli.steps import Explained, log_formatter, report_lines
from imbot.errors import Problem
from imbot.log import redactor
from imbot.reload.plan import Step
from imbot.reload.report import ReloadReport, report_json, step_json
from imbot.text.masking import KnownSecrets


@pytest.fixture
def rejected(tmp_path):
    """A step that is refused for a key in the second line of its file."""
    path = tmp_path / "a.yaml"
    path.write_text("title: 小满\nagnet: {type: echo}\n", encoding="utf-8")
    problem = Problem(
        str(path), 2, 1, 2, 6, "/agnet", "schema.unknown-key", "error", "unknown key", "did you?"
    )
    return Step("rejected", "a", str(path), None, (problem,))


def logged(step, message="a: rejected: all in one line"):
    record = logging.LogRecord("imbot", logging.ERROR, "", 1, message, None, None)
    if step:
        record.bot = step_json(step)
    return Explained().format(record)


def test_a_report_shows_the_line_of_a_problem(rejected):
    text = click.unstyle("\n".join(report_lines(report_json(ReloadReport(0, 0, (rejected,))))))
    assert "2 | agnet: {type: echo}\n            | ^~~~~\n            = did you?\n1 rejected" in text


def test_a_problem_whose_file_is_not_here_is_told_without_its_line(rejected, tmp_path):
    (tmp_path / "a.yaml").unlink()
    text = click.unstyle("\n".join(report_lines(report_json(ReloadReport(0, 0, (rejected,))))))
    assert "a.yaml:2:1: error: unknown key [schema.unknown-key]\n              = did you?" in text
    assert "|" not in text


def test_the_log_of_who_edits_shows_the_line_too(rejected):
    text = logged(rejected)
    first, second, *rest = text.splitlines()
    assert first.endswith(" a: rejected")
    assert second == f"    {rejected.path}:2:1: error: unknown key [schema.unknown-key]"
    assert [line.strip() for line in rest] == ["|", "2 | agnet: {type: echo}", "| ^~~~~", "= did you?"]
    assert "\x1b" not in text, "standard error is no terminal here"


def test_bots_that_share_a_problem_are_shown_together(rejected):
    record = logging.LogRecord("imbot", logging.ERROR, "", 1, "all in one line", None, None)
    record.bots = [step_json(rejected), step_json(replace(rejected, name="b", path="b.yaml"))]

    text = Explained().format(record)
    assert text.splitlines()[0].endswith(" a, b: rejected")
    assert text.count("2 | agnet: {type: echo}") == 1


@pytest.mark.parametrize("terminal", [True, False])
def test_only_who_reads_a_terminal_gets_the_source(monkeypatch, terminal):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)

    assert isinstance(log_formatter(), Explained) == terminal


def test_other_lines_of_the_log_are_as_ever():
    assert logged(None, "a: connected").endswith(" a: connected")
    assert logged(Step("start", "a", "a.yaml"), "a: start (a.yaml)").endswith(" a: start (a.yaml)")


def test_what_is_explained_is_cleaned_of_secrets_like_any_line(rejected, tmp_path, monkeypatch):
    monkeypatch.setattr(redactor, "_secrets", KnownSecrets())
    redactor.hide(["hunter2-hunter2"])
    (tmp_path / "a.yaml").write_text("title: x\nagnet: hunter2-hunter2\n")
    assert "agnet: ***" in logged(rejected)


def test_what_is_wrong_for_several_bots_is_shown_once(rejected):
    other = replace(rejected, name="b", path="bots/b.yaml")
    text = click.unstyle("\n".join(report_lines(report_json(ReloadReport(0, 0, (rejected, other))))))
    assert text.count(rejected.problems[0].message) == 1
    assert text.count("for the same reason as above") == 1
