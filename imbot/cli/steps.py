"""A reload's report as text, made from the JSON of ``reload.report.report_json``."""

import json
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from imbot.errors import Problem
from imbot.log import Readable, redactor
from imbot.text.names import some
from imbot.text.sanitize import printable
from imbot.text.width import width

_COLOURS = {
    "start": "green",
    "update": "cyan",
    "replace": "cyan",
    "stop": "yellow",
    "rejected": "red",
    "held": "yellow",
    "failing": "red",
}
_FAILING = "agent.failing"
_LONGEST = 60
_ABSENT = "—"

Json = Mapping[str, Any]


def report_lines(report: Json) -> Iterator[str]:
    """A line for each bot that changes, with its changes or problems below, and a summary at the end."""
    yield from problem_lines(report["problems"], "")
    shown = [bot for bot in report["bots"] if _word(bot) != "unchanged"]
    column = max((width(printable(bot["name"])) for bot in shown), default=0)
    told: list[Json] = []
    for bot in shown:
        name = printable(bot["name"])
        action = _coloured(_word(bot)) + " " * (9 - len(_word(bot)))
        yield f"{action} {name}{' ' * (column - width(name))}  {click.style(printable(bot['path']), dim=True)}"
        yield from (f"          {_change(change)}" for change in bot["changes"])
        yield from once(_to_show(bot), told, "          ")
    yield from problem_lines(report.get("notes", ()), "")
    if not report["problems"]:
        yield _summary(Counter(map(_word, report["bots"])))


def _word(bot: Json) -> str:
    if bot["held"]:
        return "held"
    failing = any(problem["code"] == _FAILING for problem in bot["problems"])
    return "failing" if failing and bot["action"] == "unchanged" else str(bot["action"])


def _to_show(bot: Json) -> list[Json]:
    """The problems of a bot; of one that did not change only that it fails, as its warnings are not news."""
    problems = bot["problems"]
    return [each for each in problems if each["code"] == _FAILING] if _word(bot) == "failing" else problems


def _change(change: Json) -> str:
    key = printable(change["key"])
    if "before" not in change:
        return f"{key}: changed"
    before, after = _value(change["before"]), _value(change["after"])
    return f"{key}: changed" if before == after else f"{key}: {before} → {after}"


def _value(value: Any) -> str:
    text = _ABSENT if value is None else value if _bare(value) else json.dumps(value, ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _bare(value: Any) -> bool:
    """Whether a value is text that reads well without quotes."""
    return isinstance(value, str) and value.strip() == value != "" and printable(value) == value


def problem_lines(problems: Iterable[Json], margin: str) -> Iterator[str]:
    """Problems as ``check`` prints them, with source lines where the files can be read on this machine."""
    found = [Problem(**problem) for problem in problems]
    if not found:
        return
    from imbot.problems.sources import Sources
    from imbot.problems.text import lines_of

    sources = Sources()
    yield from (f"{margin}{line}" for problem in found for line in lines_of(problem, sources))


def once(problems: Sequence[Json], told: list[Json], margin: str) -> Iterator[str]:
    """The problems that were not told yet, as a file that many bots share may be wrong; adds them to ``told``."""
    new = [problem for problem in problems if problem not in told]
    told += new
    yield from (
        problem_lines(new, margin) if new or not problems else [f"{margin}for the same reason as above"]
    )


class Explained(Readable):
    """Log lines for authors: below the line of rejected bots come their problems with source lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The formatted line, and the problems below it."""
        steps = getattr(record, "bots", None) or [getattr(record, "bot", None)]
        if not steps[0] or _word(steps[0]) != "rejected":
            return super().format(record)
        names = printable(some(step["name"] for step in steps))
        began = f"{self.formatTime(record, self.datefmt)} {names}: {_coloured('rejected')}"
        text = redactor.clean("\n".join([began, *problem_lines(steps[0]["problems"], "    ")]))
        in_colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        return text if in_colour else click.unstyle(text)


def log_formatter() -> Readable | None:
    """The formatter of a command that runs bots: who reads a terminal gets source lines, a file short lines."""
    return Explained() if sys.stderr.isatty() else None


def _coloured(word: str) -> str:
    return click.style(word, fg=_COLOURS.get(word), bold=True)


def _summary(counts: Counter[str]) -> str:
    order = (*_COLOURS, "unchanged")
    return ", ".join(f"{counts[action]} {action}" for action in order if counts[action]) or "no bots"
