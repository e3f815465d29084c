from imbot.errors import Problem
from imbot.problems import Report
from imbot.problems.github import render


def command(path="bots/a.yaml", end_line=3, severity="error", message="wrong", hint=""):
    problem = Problem(path, 3, 5, end_line, 9, "/agent", "schema.type", severity, message, hint)
    return render(Report((problem,), (), 1))


def test_a_problem_is_a_workflow_command():
    assert command() == (
        "::error file=bots/a.yaml,line=3,endLine=3,title=schema.type,col=5,endColumn=8::wrong"
    )
    assert command(severity="warning").startswith("::warning file=")


def test_columns_are_left_out_where_lines_differ():
    assert command(end_line=4) == "::error file=bots/a.yaml,line=3,endLine=4,title=schema.type::wrong"


def test_what_means_something_to_github_is_escaped():
    shown = command(path="bots/100%,a:b\n::error::x.yaml", message="50% ::error::\r\n", hint="line two")

    assert shown.count("\n") == 0
    assert "file=bots/100%25%2Ca%3Ab\\x0a%3A%3Aerror%3A%3Ax.yaml," in shown
    assert shown.endswith("::50%25 ::error::\\x0d\\x0a%0Aline two")


def test_no_problem_is_no_command():
    assert render(Report((), (), 1)) == ""
