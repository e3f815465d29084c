"""``imbot unanswered``: the questions that found no answer."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from imbot.cli.listing import list_rows, listing_options, moment, short
from imbot.stores import UnansweredRow


@click.command("unanswered")
@listing_options("questions")
def command(bot: str | None, since: float, form: str, bots: Path, store_url: str | None) -> None:
    """Show the questions to which the agent knew no answer, the oldest first.

    Reads what `run` has stored, or what `dev` has stored where `run` was never used.
    """
    list_rows(lambda store: store.unanswered(bot, since), UnansweredRow, form, bots, store_url, _table)


def _table(rows: Sequence[UnansweredRow]) -> Iterator[str]:
    if not rows:
        yield "No questions without an answer yet."
    for row in rows:
        yield f"{moment(row)}  {short(row.bot)}  {short(row.user_id)}  {short(row.question)}"
