import click

from imbot.errors import Problem
from imbot.problems import Report
from imbot.problems.sources import Sources
from imbot.problems.text import render, summary


def problem(path, line=2, column=3, end=7, severity="error", hint="did you mean `type`?"):
    message = "unknown key `typo`"
    return Problem(
        str(path), line, column, line, end, "/agent/typo", "schema.unknown-key", severity, message, hint
    )


def rendered(*problems):
    return click.unstyle(render(Report(problems, (), 1), Sources()))


def test_a_problem_shows_its_place_its_line_and_its_cure(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("agent:\n  typo: echo\n")

    assert rendered(problem(path)) == (
        f"{path}:2:3: error: unknown key `typo` [schema.unknown-key]\n"
        "  |\n"
        "2 |   typo: echo\n"
        "  |   ^~~~\n"
        "  = did you mean `type`?"
    )


def test_a_problem_of_a_file_that_is_gone_is_told_without_its_line(tmp_path):
    path = tmp_path / "a.yaml"

    assert rendered(problem(path, hint="")) == f"{path}:2:3: error: unknown key `typo` [schema.unknown-key]"


def test_severities_have_colours(tmp_path):
    path = tmp_path / "a.yaml"
    both = Report((problem(path), problem(path, line=3, severity="warning")), (), 1)

    shown = render(both, Sources())

    assert click.style("error:", fg="red", bold=True) in shown
    assert click.style("warning:", fg="yellow", bold=True) in shown


def test_a_file_name_cannot_command_the_terminal():
    assert "\\x1b[2J" in rendered(problem("a\x1b[2J.yaml"))
    assert "\\udcff" in rendered(problem("a\udcff.yaml"))


def test_nothing_is_said_of_no_problems():
    assert rendered() == ""


def test_the_summary_counts():
    warning = problem("a", severity="warning")

    assert summary(Report((), (), 1)) == "1 bot file: no problems"
    assert summary(Report((), (), 0)) == "0 bot files: no problems"
    assert summary(Report((problem("a"), problem("b"), warning), (), 3)) == (
        "3 bot files: 2 errors, 1 warning; `imbot explain CODE` tells more"
    )
