"""What a reload did, or would do, for people; from the JSON that ``outcome.outcome_json`` makes."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click

from imbot.report import printable
from imbot.report.width import width

_COLOURS = {"start": "green", "update": "cyan", "replace": "cyan", "stop": "yellow", "rejected": "red"}
_LONGEST = 60
_ABSENT = "—"

Json = Mapping[str, Any]


def lines(outcome: Json) -> Iterator[str]:
    """One line a bot that changes, below it what changes or what is wrong; at last the others' number."""
    for problem in outcome["problems"]:
        yield from problem_lines(problem, "")
    shown = [bot for bot in outcome["bots"] if bot["action"] != "unchanged"]
    column = max((width(printable(bot["name"])) for bot in shown), default=0)
    for bot in shown:
        name = printable(bot["name"])
        action = click.style(f"{bot['action']:9}", fg=_COLOURS.get(bot["action"]), bold=True)
        yield f"{action} {name}{' ' * (column - width(name))}  {click.style(printable(bot['path']), dim=True)}"
        yield from (f"          {_change(change)}" for change in bot["changes"])
        for problem in bot["problems"]:
            yield from problem_lines(problem, "          ")
    if not outcome["problems"]:
        yield _summary(Counter(bot["action"] for bot in outcome["bots"]))


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
    """Whether a value reads well without quotes."""
    return isinstance(value, str) and value.strip() == value != "" and printable(value) == value


def problem_lines(problem: Json, margin: str) -> Iterator[str]:
    """A problem and its cure."""
    severity = click.style(problem["severity"], fg="red" if problem["severity"] == "error" else "yellow")
    place = f"{printable(problem['path'])}:{problem['line']}:{problem['column']}"
    yield f"{margin}{place}: {severity}: {printable(problem['message'])} [{problem['code']}]"
    if problem["hint"]:
        yield f"{margin}    {printable(problem['hint'])}"


def _summary(counts: Counter[str]) -> str:
    order = (*_COLOURS, "unchanged")
    return ", ".join(f"{counts[action]} {action}" for action in order if counts[action]) or "no bots"
