"""Problems for people: place and message, the line with a caret under it, and the hint."""

from collections.abc import Iterator

import click

from imbot.errors import Problem
from imbot.problems import ANSWER_S, Report, counted
from imbot.problems.excerpt import excerpt
from imbot.problems.sources import Sources
from imbot.text.sanitize import printable
from imbot.text.width import width

_COLOURS = {"error": "red", "warning": "yellow"}


def render(report: Report, sources: Sources) -> str:
    """Every problem, sorted by place and coloured; an empty text if there are none."""
    return "\n".join(line for problem in report.problems for line in lines_of(problem, sources))


def lines_of(problem: Problem, sources: Sources) -> Iterator[str]:
    """One problem, coloured."""
    place = f"{printable(problem.path)}:{problem.line}:{problem.column}:"
    severity = click.style(f"{problem.severity}:", fg=_COLOURS[problem.severity], bold=True)
    code = click.style(f"[{problem.code}]", dim=True)
    yield f"{click.style(place, bold=True)} {severity} {printable(problem.message)} {code}"
    shown = excerpt(problem, sources)
    margin = " " * (len(str(shown.number)) if shown else 3)
    bar = click.style("|", dim=True)
    if shown:
        marker = click.style("^" + "~" * (shown.length - 1), fg="green", bold=True)
        yield f"{margin} {bar}"
        yield f"{click.style(str(shown.number), dim=True)} {bar} {shown.line}"
        yield f"{margin} {bar} {' ' * shown.caret}{marker}"
    if problem.hint:
        yield f"{margin} {click.style('=', dim=True)} {printable(problem.hint)}"


def costs(report: Report) -> str:
    """A line for each bot without errors: how many calls an answer takes. An empty text if there are none."""
    names = max((width(printable(bot.name)) for bot in report.bots), default=0)
    return "\n".join(
        f"{printable(bot.name)}{' ' * (names - width(printable(bot.name)))}  "
        f"an answer of {ANSWER_S} s takes {'up to ' if bot.calls > 1 else ''}{counted(bot.calls, 'call')}"
        for bot in report.bots
    )


def summary(report: Report) -> str:
    """One line: the number of bot files, errors and warnings."""
    found = ", ".join(counted(count, severity) for severity in _COLOURS if (count := report.count(severity)))
    more = "; `imbot explain CODE` tells more" if found else ""
    return f"{counted(report.files, 'bot file')}: {found or 'no problems'}{more}"
