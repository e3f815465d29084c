"""``imbot feedback``: the ratings people gave."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from imbot.cli.listing import list_rows, listing_options, moment, short
from imbot.stores import FeedbackRow


@click.command("feedback")
@listing_options("ratings")
def command(bot: str | None, since: float, form: str, bots: Path, store_url: str | None) -> None:
    """Show the ratings people gave, with question and answer.

    Reads what `run` has stored, or what `dev` has stored where `run` was never used.
    """
    list_rows(lambda store: store.feedback(bot, since), FeedbackRow, form, bots, store_url, _table)


def _table(rows: Sequence[FeedbackRow]) -> Iterator[str]:
    if not rows:
        yield "No ratings yet."
    for row in rows:
        rating = click.style(short(row.rating), bold=True)
        yield f"{moment(row)}  {short(row.bot)}  {rating}  {short(row.user_id)}"
        yield f"    Q: {short(row.question)}"
        yield f"    A: {short(row.answer)}"
