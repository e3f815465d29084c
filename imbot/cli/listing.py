"""What the commands share that list rows of the store: their options, and the formats."""

import csv
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from imbot.cli.common import bots_folder, run_async, state_file, store_at, store_option
from imbot.cli.completion import complete_bot
from imbot.stores import FeedbackRow, Store, UnansweredRow, open_store
from imbot.text.sanitize import printable, printable_json

Row = FeedbackRow | UnansweredRow
_Command = Callable[..., None]
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORMULA = tuple("=+-@\t\r＝＋－＠")  # what a spreadsheet takes for the beginning of a formula
_WIDTH = 100  # characters of a text in a table


def listing_options(rows: str) -> Callable[[_Command], _Command]:
    """``--bot``, ``--since``, ``--format``, ``--bots`` and ``--store`` of a command that lists ``rows``."""

    def decorate(command: _Command) -> _Command:
        for option in reversed(
            (
                click.option(
                    "--bot", metavar="BOT", shell_complete=complete_bot, help=f"Only {rows} of this bot."
                ),
                click.option(
                    "--since",
                    callback=_since,
                    metavar="WHEN",
                    help="A date (2026-11-01) or a time ago (12h, 7d, 2w).",
                ),
                click.option(
                    "--format",
                    "form",
                    type=click.Choice(["table", "csv", "jsonl"]),
                    default="table",
                    show_default=True,
                    help="Output format.",
                ),
                bots_folder,
                store_option("imbot.db, or dev.db without it,"),
            )
        ):
            command = option(command)
        return command

    return decorate


def _since(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float:
    """A date (2026-11-01) or how long ago (12h, 7d) as epoch seconds."""
    if value is None:
        return 0.0
    if value[:-1].isdigit() and value[-1] in _UNITS:
        return time.time() - int(value[:-1]) * _UNITS[value[-1]]
    try:
        return datetime.fromisoformat(value).astimezone().timestamp()
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is neither a date (2026-11-01) nor a time ago (12h, 7d)"
        ) from None


def list_rows(
    rows_of: Callable[[Store], AsyncIterator[Row]],
    row_type: type[Row],
    form: str,
    bots: Path,
    store_url: str | None,
    table: Callable[[Sequence[Any]], Iterable[str]],
) -> NoReturn:
    """Print the rows that ``rows_of`` reads from the store, and exit. ``table`` makes the lines for people."""

    async def main() -> int:
        store = await open_store(store_url or store_at(existing_store(bots)))
        try:
            rows = [row async for row in rows_of(store)]
        finally:
            await store.close()
        if form == "csv":
            _csv(rows, row_type)
        else:
            for line in _jsonl(rows) if form == "jsonl" else table(rows):
                click.echo(line)
        return 0

    run_async(main)


def existing_store(bots: Path) -> Path:
    """The store of ``run``, or of ``dev`` where there is none."""
    for name in ("imbot.db", "dev.db"):
        path = state_file(bots, name)
        if path.exists():
            return path
    raise click.ClickException(f"nothing is stored beside {bots} yet; talk to a bot first, or give --store")


def _plain(row: Row) -> dict[str, str]:
    at = datetime.fromtimestamp(row.at).astimezone().isoformat(timespec="seconds")
    return {**asdict(row), "at": at}


def _jsonl(rows: Iterable[Row]) -> Iterable[str]:
    return (printable_json(json.dumps(_plain(row), ensure_ascii=False)) for row in rows)


def _csv(rows: Iterable[Row], row_type: type[Row]) -> None:
    writer = csv.DictWriter(sys.stdout, [field.name for field in fields(row_type)])
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in _plain(row).items()})


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, and no terminal for a command: people in a chat wrote it."""
    shown = "".join(part if part in "\n\t" else printable(part) for part in re.split("([\n\t])", text))
    return f"'{shown}" if text.startswith(_FORMULA) else shown


def moment(row: Row) -> str:
    """When it was, for a table."""
    return datetime.fromtimestamp(row.at).astimezone().strftime("%Y-%m-%d %H:%M")


def short(text: str) -> str:
    """A text on one line of a table."""
    flat = printable(" ".join(text.split()))
    return flat if len(flat) <= _WIDTH else flat[: _WIDTH - 1] + "…"
