"""What a reload did, or would do, for people; from the JSON that ``outcome.outcome_json`` makes."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from imbot.errors import Problem
from imbot.report import printable
from imbot.report.width import width

_COLOURS = {
    "start": "green",
    "update": "cyan",
    "replace": "cyan",
    "stop": "yellow",
    "rejected": "red",
    "held": "yellow",
}
_LONGEST = 60
_ABSENT = "—"

Json = Mapping[str, Any]


def lines(outcome: Json) -> Iterator[str]:
    """One line a bot that changes, below it what changes or what is wrong; at last the others' number."""
    yield from problem_lines(outcome["problems"], "")
    shown = [bot for bot in outcome["bots"] if _word(bot) != "unchanged"]
    column = max((width(printable(bot["name"])) for bot in shown), default=0)
    for bot in shown:
        name = printable(bot["name"])
        action = click.style(f"{_word(bot):9}", fg=_COLOURS.get(_word(bot)), bold=True)
        yield f"{action} {name}{' ' * (column - width(name))}  {click.style(printable(bot['path']), dim=True)}"
        yield from (f"          {_change(change)}" for change in bot["changes"])
        yield from problem_lines(bot["problems"], "          ")
    if not outcome["problems"]:
        yield _summary(Counter(map(_word, outcome["bots"])))


def _word(bot: Json) -> str:
    return "held" if bot["held"] else str(bot["action"])


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


def problem_lines(problems: Iterable[Json], margin: str) -> Iterator[str]:
    """Problems as ``check`` shows them, with their lines of source where the files can be read from here."""
    found = [Problem(**problem) for problem in problems]
    if not found:
        return
    from imbot.report.sources import Sources
    from imbot.report.text import lines_of

    sources = Sources()
    yield from (f"{margin}{line}" for problem in found for line in lines_of(problem, sources))


def _summary(counts: Counter[str]) -> str:
    order = (*_COLOURS, "unchanged")
    return ", ".join(f"{counts[action]} {action}" for action in order if counts[action]) or "no bots"
