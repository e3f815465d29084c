"""``imbot run``: bots against the real platform, until a signal."""

import logging
from pathlib import Path

import click

from imbot import log
from imbot.address import Address
from imbot.cli.admin import DEFAULT, serve_option, settings
from imbot.cli.common import bots_argument, run_async, state_file, store_at, store_option

logger = logging.getLogger(__name__)


@click.command("run")
@bots_argument
@store_option
@click.option(
    "--retention", "retention_days", type=click.FloatRange(0.01), default=90, show_default=True,
    metavar="DAYS", help="How long chats are kept.",
)  # fmt: skip
@click.option(
    "--grace", "grace_s", type=click.FloatRange(0), default=25, show_default=True,
    metavar="SECONDS", help="How long running answers may take to end after a signal.",
)  # fmt: skip
@serve_option(DEFAULT)
def command(
    bots: Path, store_url: str | None, retention_days: float, grace_s: float, admin: Address | None
) -> None:
    """Run every bot in the folder BOTS, and follow its files; SIGHUP makes it look at once."""
    log.set_up()
    endpoint = settings(admin, bots)

    async def main() -> int:
        from imbot.runtime import first_signal, hangups, running

        ended = first_signal()
        url = store_url or store_at(state_file(bots, "imbot.db"))
        retention_s = retention_days * 86400
        with hangups() as wish:
            async with running(
                bots, store_url=url, grace_s=grace_s, retention_s=retention_s, admin=endpoint, wish=wish
            ) as (_, steps):
                if not steps:
                    logger.warning("no bot files in %s yet; waiting for one", bots)
                got = await ended
                logger.info("%s: letting running answers end (at most %g s)", got.name, grace_s)
        return 0

    run_async(main)
