"""``imbot run``: bots against the real platform, until a signal."""

import logging
from pathlib import Path

import click

from imbot import log
from imbot.cli.common import bots_argument, run_async, state_file, store_at, store_option

logger = logging.getLogger(__name__)


def _admin(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Only ``off`` is understood: there is no admin endpoint yet."""
    if value != "off":
        raise click.BadParameter("only 'off' is available: this version has no admin endpoint")
    return value


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
@click.option(
    "--admin", callback=_admin, default="off", show_default=True, metavar="off", help="Admin endpoint."
)
def command(bots: Path, store_url: str | None, retention_days: float, grace_s: float, admin: str) -> None:
    """Run every bot in the folder BOTS, and follow its files."""
    del admin
    log.set_up()

    async def main() -> int:
        from imbot.runtime import running, until_signal

        url = store_url or store_at(state_file(bots, "imbot.db"))
        retention_s = retention_days * 86400
        async with running(bots, store_url=url, grace_s=grace_s, retention_s=retention_s) as (_, steps):
            if not steps:
                logger.warning("no bot files in %s yet; waiting for one", bots)
            got = await until_signal()
            logger.info("%s: letting running answers end (at most %g s)", got.name, grace_s)
        return 0

    run_async(main)
