"""Problems as workflow commands of GitHub Actions, which shows each beside its line in a pull request."""

from pathlib import Path

from imbot.errors import Problem
from imbot.problems import Report, told
from imbot.text.sanitize import printable


def render(report: Report) -> str:
    """One command for each problem; an empty text if there are none."""
    return "\n".join(map(_command, report.problems))


def _command(problem: Problem) -> str:
    properties: dict[str, str | int] = {
        "file": Path(problem.path).as_posix(),
        "line": problem.line,
        "endLine": problem.end_line,
        "title": problem.code,
    }
    if problem.end_line == problem.line:  # columns are only allowed within one line, and the end is inclusive
        properties["col"] = problem.column
        properties["endColumn"] = max(problem.end_column - 1, problem.column)
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{problem.severity} {shown}::{_data(told(problem))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str | int) -> str:
    return _data(printable(str(value))).replace(":", "%3A").replace(",", "%2C")
