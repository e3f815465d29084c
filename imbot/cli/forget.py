"""``imbot forget``: remove everything a person said."""

from pathlib import Path

import click

from imbot.cli.common import bots_folder, run_async, store_at, store_option
from imbot.cli.listing import existing_store
from imbot.problems import counted
from imbot.stores import open_store


@click.command("forget")
@click.option("--user", required=True, metavar="ID", help="The person's id, as `imbot feedback` shows it.")
@bots_folder
@store_option("imbot.db, or dev.db without it,")
def command(user: str, bots: Path, store_url: str | None) -> None:
    """Remove a person: their questions, the answers, their ratings."""

    async def main() -> int:
        store = await open_store(store_url or store_at(existing_store(bots)))
        try:
            turns = await store.forget(user)
        finally:
            await store.close()
        click.echo(f"{counted(turns, 'turn')} of {user} removed")
        return 0

    run_async(main)
