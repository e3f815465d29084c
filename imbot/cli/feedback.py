"""``imbot feedback``: the ratings people gave."""

import csv
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from imbot.cli.common import bots_folder, run_async, state_file, store_at, store_option
from imbot.cli.completion import complete_bot
from imbot.stores import FeedbackRow, open_store

_FIELDS = ("at", "bot", "user_id", "rating", "question", "answer", "turn_id")
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


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


@click.command("feedback")
@click.option("--bot", metavar="BOT", shell_complete=complete_bot, help="Only ratings of this bot.")
@click.option(
    "--since", callback=_since, metavar="WHEN", help="A date (2026-11-01) or a time ago (12h, 7d, 2w)."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "jsonl"]), default="table", show_default=True,
    help="Output format.",
)  # fmt: skip
@bots_folder
@store_option("imbot.db, or dev.db without it,")
def command(bot: str | None, since: float, form: str, bots: Path, store_url: str | None) -> None:
    """Show the ratings people gave, with question and answer.

    Reads what `run` has stored, or what `dev` has stored where `run` was never used.
    """

    async def main() -> int:
        store = await open_store(store_url or store_at(existing_store(bots)))
        try:
            rows = [row async for row in store.feedback(bot, since)]
        finally:
            await store.close()
        _WRITERS[form](rows)
        return 0

    run_async(main)


def existing_store(bots: Path) -> Path:
    """The store of ``run``, or of ``dev`` where there is none."""
    for name in ("imbot.db", "dev.db"):
        path = state_file(bots, name)
        if path.exists():
            return path
    raise click.ClickException(f"nothing is stored beside {bots} yet; talk to a bot first, or give --store")


def _plain(row: FeedbackRow) -> dict[str, object]:
    at = datetime.fromtimestamp(row.at).astimezone().isoformat(timespec="seconds")
    return {**asdict(row), "at": at}


def _jsonl(rows: Sequence[FeedbackRow]) -> None:
    for row in rows:
        click.echo(json.dumps(_plain(row), ensure_ascii=False))


def _csv(rows: Sequence[FeedbackRow]) -> None:
    writer = csv.DictWriter(sys.stdout, _FIELDS)
    writer.writeheader()
    writer.writerows(_plain(row) for row in rows)


def _table(rows: Sequence[FeedbackRow]) -> None:
    if not rows:
        click.echo("No ratings yet.")
    for row in rows:
        when = datetime.fromtimestamp(row.at).astimezone().strftime("%Y-%m-%d %H:%M")
        click.echo(f"{when}  {row.bot}  {click.style(row.rating, bold=True)}  {row.user_id}")
        click.echo(f"    Q: {_short(row.question)}")
        click.echo(f"    A: {_short(row.answer)}")


def _short(text: str, width: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


_WRITERS: dict[str, Callable[[Sequence[FeedbackRow]], None]] = {"table": _table, "csv": _csv, "jsonl": _jsonl}
