"""``imbot status``: the state of the bots of a running process."""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from imbot.cli.admin import ask, ask_option
from imbot.cli.common import bots_folder
from imbot.cli.steps import Json, problem_lines
from imbot.ops.address import AdminAddress
from imbot.problems import counted
from imbot.text.sanitize import printable
from imbot.text.width import width, widths
from imbot.usage.agent_failures import failing_since

REFRESH_S = 1.0
LITTLE_LEFT = 0.8  # the share of a month's calls from which the figure is yellow

_MARKS = {"running": ("●", "green"), "connecting": ("◐", "yellow"), "draining": ("◌", "cyan")}
_DOWN = ("○", "red")
_FEWEST = 5  # columns that a narrow terminal shows, too
_COLOUR_CODES = re.compile(r"(\x1b\[[\d;]*m)")
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@click.command("status")
@bots_folder
@ask_option
@click.option("--json", "as_json", is_flag=True, help="Print what the admin endpoint returns, as JSON.")
@click.option("--watch", is_flag=True, help="Refresh every second, until Ctrl-C.")
@click.option("--fail", is_flag=True, help="Exit with 1 where a bot is failing, rejected, down or held.")
def command(bots: Path, admin: AdminAddress | None, as_json: bool, watch: bool, fail: bool) -> None:
    """Show the state of the bots in the folder BOTS: what runs, what fails, and which files were rejected and why.

    Exit code 1 where nothing runs, and with --fail also where something is wrong with a bot or the folder.
    """
    status: Json = {}

    def look() -> str:
        nonlocal status
        status = ask(bots, admin, "GET", "/status")
        if as_json:
            return json.dumps(status, indent=None if watch else 2)
        narrow = watch and sys.stdout.isatty()  # elsewhere a line may wrap
        columns = shutil.get_terminal_size().columns if narrow else None
        return "\n".join(status_lines(status, time.time(), columns))

    if watch:
        _look_again(look)
    else:
        click.echo(look())
    sys.exit(int(fail and _wrong(status)))


def _wrong(status: Json) -> bool:
    """Whether the folder cannot be read, or a bot is failing, rejected, down or held."""
    unread = status.get("reload") and status["reload"]["problems"]
    return bool(unread) or any(
        bot["failing"] or bot["rejected"] or bot["held"] or bot["state"] == "down"
        for bot in status.get("bots", ())
    )


def _look_again(look: Callable[[], str]) -> None:
    """Refresh until Ctrl-C, also while no process answers: it may come back."""
    terminal = sys.stdout.isatty()
    shown = None
    try:
        while True:
            try:
                text = look()
            except click.ClickException as error:
                text = error.format_message()
            if terminal:
                click.echo(f"\x1b[H{_fitting(text)}\x1b[J", nl=False)
            elif text != shown:
                click.echo(text)
            shown = text
            time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        click.echo()


def _fitting(text: str) -> str:
    """What fits on the terminal: so many lines, cut at its width, each after the code that clears its row."""
    size = shutil.get_terminal_size()
    lines = text.split("\n")[: size.lines - 1]
    return "".join(f"\x1b[2K{_cut(line, size.columns)}\n" for line in lines)


def _cut(line: str, columns: int) -> str:
    """The beginning of a coloured line that takes so many columns. A line that wraps would not be cleared."""
    if width(click.unstyle(line)) <= columns:
        return line
    kept, left = "", columns - 1
    for piece in _COLOUR_CODES.split(line):
        if _COLOUR_CODES.fullmatch(piece):
            kept += piece
            continue
        for character, cells in zip(piece, widths(piece), strict=True):
            left -= cells
            if left < 0:
                return f"{kept}…\x1b[0m"
            kept += character
    return kept


def status_lines(status: Json, now: float, columns: int | None = None) -> Iterator[str]:
    """The lines of ``imbot status``: the process, a table of its bots with their problems, totals.

    If the table takes more than ``columns``, it does without the files, and then without the generations.
    """
    up = _ago(status["started_at"], now)
    yield click.style(
        f"{printable(status['folder'])}  imbot {status['version']}, pid {status['pid']}, up {up}", dim=True
    )
    if status["watch"]["degraded"]:
        yield _without_notifications(status["watch"], now)
    for shortage in status.get("resources", {}).get("shortages", ()):
        found, cure = printable(shortage["found"]), printable(shortage["cure"])
        yield f"{click.style('starving', fg='red')}: {found}; {cure}"
    told = status["reload"] or {}
    yield from problem_lines((*told.get("problems", ()), *told.get("notes", ())), "")
    if not status["bots"]:
        yield "No bots."
        return
    yield ""
    head, *rows = _table([_cells(bot, now) for bot in status["bots"]])
    widest = [max(width(row[i]) for row in (head, *rows)) for i in range(len(head))]
    while columns and len(widest) > _FEWEST and 2 * len(widest) + sum(widest) > columns:
        widest.pop()
    yield click.style("  " + _row(head, widest), dim=True)
    for bot, row in zip(status["bots"], rows, strict=True):
        mark, colour = _MARKS.get(bot["state"], _DOWN)
        if bot["failing"]:
            colour = "red"
        yield f"{click.style(mark, fg=colour)} {_row(row, widest)}"
        yield from _trouble(bot, now)
    yield ""
    yield from _months(status["bots"])
    yield _summary(status["bots"])


def _without_notifications(watch: Json, now: float) -> str:
    degraded = click.style("degraded", fg="yellow")
    since = _ago(watch["since"], now)
    return (
        f"watching: {degraded} for {since}: {printable(watch['reason'])}; "
        f"files are scanned every {watch['every_s']:g} s"
    )


def _cells(bot: Json, now: float) -> tuple[str, ...]:
    since = _ago(bot["connected_since"], now) if bot["connected_since"] else ""
    running = f"{bot['turns_running']} now, " if bot["turns_running"] else ""
    if not bot["generation"]:  # it does not run
        return (printable(bot["name"]), bot["state"], "", "", "", "", "", printable(bot["path"]))
    return (
        printable(bot["name"]),
        bot["state"],
        since,
        f"{running}{bot['turns_total']}",
        str(bot["calls_total"]),
        str(sum(bot["tokens"].values()) or ""),
        str(bot["generation"]),
        printable(bot["path"]),
    )


def _table(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows below their head, without the column of tokens if no agent reported any."""
    head = ("BOT", "STATE", "SINCE", "TURNS", "CALLS", "TOKENS", "GENERATION", "FILE")
    at = head.index("TOKENS")
    told = any(row[at] for row in rows)
    return [row if told else row[:at] + row[at + 1 :] for row in (head, *rows)]


def _row(cells: tuple[str, ...], widest: list[int]) -> str:
    """The first cells of a row, as many as have a width."""
    padded = (cell + " " * (column - width(cell)) for cell, column in zip(cells, widest, strict=False))
    return "  ".join(padded).rstrip()


def _months(bots: list[Json]) -> Iterator[str]:
    """One line for each organisation and monthly limit: how many calls are used."""
    months = (bot["month"] for bot in bots if bot["month"] and bot["month"]["limit"])
    for organisation, used, limit in sorted(
        {(each["organisation"], each["used"], each["limit"]) for each in months}
    ):
        words = f"{used} of the month's {limit} calls used"
        shown = click.style(words, fg="yellow") if used >= LITTLE_LEFT * limit else words
        yield f"{printable(organisation) or 'unknown organisation'}: {shown}"


def _trouble(bot: Json, now: float) -> Iterator[str]:
    if bot["error"]:
        yield f"    {click.style('error', fg='yellow')}: {printable(bot['error'])}"
    if failing := bot["failing"]:
        words = failing_since(_epoch(failing["since"]), failing["answers"])
        yield f"    {click.style(words, fg='red')}: {printable(failing['error'])}"
        yield f"      cause: {failing['cause']}"
        yield f"      cure:  {failing['cure']}"
    if bot["held"]:
        since = _ago(bot["held"]["since"], now)
        yield f"    {click.style('held', fg='yellow')} for {since}: its file vanished with many others; it keeps running"
    if bot["pending"]:
        since, reason = _ago(bot["pending"]["since"], now), printable(bot["pending"]["reason"])
        yield f"    {click.style('pending', fg='yellow')} for {since}: its file is valid, but not live yet: {reason}"
    if bot["rejected"]:
        since = _ago(bot["rejected"]["since"], now)
        yield f"    {click.style('rejected', fg='red')} {since} ago{_instead(bot, now)}"
        yield from problem_lines(bot["rejected"]["problems"], "      ")


def _instead(bot: Json, now: float) -> str:
    """What runs instead of a rejected file."""
    if bot["accepted_at"]:
        return f"; the version accepted {_ago(bot['accepted_at'], now)} ago runs, from the store"
    return "; the previous version keeps running" if bot["generation"] else ""


def _summary(bots: list[Json]) -> str:
    states = [bot["state"] for bot in bots]
    found = [f"{states.count(state)} {state}" for state in (*_MARKS, "down") if state in states]
    failing = sum(bot["failing"] is not None for bot in bots)
    if failing:
        found.append(click.style(f"{failing} failing", fg="red"))
    rejected = sum(bot["rejected"] is not None for bot in bots)
    if rejected:
        found.append(click.style(f"{rejected} rejected", fg="red"))
    pending = sum(bot["pending"] is not None for bot in bots)
    if pending:
        found.append(click.style(f"{pending} pending", fg="yellow"))
    held = sum(bot["held"] is not None for bot in bots)
    if held:
        found.append(click.style(f"{held} held", fg="yellow") + " (`imbot reload --prune` stops them)")
    return f"{counted(len(bots), 'bot')}: {', '.join(found)}"


def _ago(at: str, now: float) -> str:
    """The time since ``at`` in its largest unit: ``5 min``."""
    seconds = max(0, int(now - _epoch(at)))
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= size), "0 s")


def _epoch(at: str) -> float:
    return datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
