"""``imbot run``: bots against the real platform, until a signal."""

import gc
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from imbot import log
from imbot.cli.admin import DEFAULT, serve_option, settings
from imbot.cli.common import (
    bots_folder,
    run_async,
    settle_options,
    state_file,
    store_at,
    store_option,
)
from imbot.cli.steps import log_formatter
from imbot.ops.address import AdminAddress
from imbot.problems import counted

if TYPE_CHECKING:
    from imbot.reload.startup import OnBroken

logger = logging.getLogger(__name__)

GC_EVERY = 10_000  # new objects; with Python's 700, a start of 1,000 bots spends a fifth of its time in GC


@click.command("run")
@bots_folder
@store_option("imbot.db")
@click.option(
    "--retention", "retention_days", type=click.FloatRange(0.01), default=90, show_default=True,
    metavar="DAYS", help="How long chats are kept.",
)  # fmt: skip
@click.option(
    "--grace", "grace_s", type=click.FloatRange(0), default=25, show_default=True,
    metavar="SECONDS", help="How long running answers may take to end after a signal.",
)  # fmt: skip
@click.option(
    "--on-broken", type=click.Choice(["last-good", "skip", "fail"]), default="last-good", show_default=True,
    help="What to do at the start with a bot whose file is broken: run it as it was last accepted, start"
    " without it, or exit with code 1.",
)  # fmt: skip
@settle_options
@serve_option(DEFAULT, f"{DEFAULT}, or a free port")
def command(
    bots: Path,
    store_url: str | None,
    retention_days: float,
    grace_s: float,
    on_broken: "OnBroken",
    settle_s: float,
    settle_at_most_s: float,
    admin: AdminAddress | None,
) -> None:
    """Run every bot in the folder BOTS, and apply edits of their files; SIGHUP applies them at once."""
    log.set_up(formatter=log_formatter())
    gc.set_threshold(GC_EVERY, 20, 20)
    endpoint = settings(admin, bots)

    async def main() -> int:
        from imbot.reload.watch import Settle
        from imbot.runtime import first_signal, hangups, running

        ended = first_signal()
        url = store_url or store_at(state_file(bots, "imbot.db"))
        retention_s = retention_days * 86400
        with hangups() as wish:
            async with running(
                bots,
                store_url=url,
                grace_s=grace_s,
                retention_s=retention_s,
                admin=endpoint,
                wish=wish,
                on_broken=on_broken,
                settle=Settle(settle_s, settle_at_most_s),
            ) as (supervisor, steps):
                gc.freeze()  # a full collection over the objects of 1,000 bots would pause them for 0.2 s
                if not steps:
                    _nothing_yet(bots)
                got = await ended
                logger.info("%s: %s", got.name, ending(supervisor.turns_running, grace_s))
        return 0

    run_async(main)


def ending(turns: int, grace_s: float) -> str:
    """What a signal leads to: that running answers may end, if there are any."""
    if not turns:
        return "stopping"
    return f"waiting for {counted(turns, 'running answer')} to end, at most {grace_s:g} s"


def _nothing_yet(bots: Path) -> None:
    if bots.is_dir():
        logger.warning("no bot files in %s yet; waiting for one", bots)
    else:
        logger.warning(
            "there is no folder %s yet; waiting for it (`imbot init` writes one to start from)", bots
        )
