"""``imbot plan``: what a reload would do now."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from imbot.cli.admin import NothingRunsError, ask, ask_option
from imbot.cli.common import bots_folder
from imbot.cli.steps import report_lines
from imbot.ops.address import AdminAddress


@click.command("plan")
@bots_folder
@ask_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(bots: Path, admin: AdminAddress | None, as_json: bool) -> None:
    """Show what a reload would change now in the process that runs the folder BOTS.

    Where none runs, every bot counts as new. Nothing is changed and no platform is called. Exit code 1
    where something would be rejected.
    """
    compared = "compared with what runs"
    try:
        report = ask(bots, admin, "GET", "/plan")
    except NothingRunsError:
        if admin is not None and admin.port:
            raise
        from imbot.tasks import run_loop

        report = run_loop(_from_nothing(bots))
        compared = "no running imbot found: every bot counts as new"
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo("\n".join(report_lines(report)))
        click.echo(click.style(f"({compared})", dim=True), err=True)
    sys.exit(int(report["outcome"] != "ok"))


async def _from_nothing(bots: Path) -> Any:
    """The report of a process that would start now."""
    from dataclasses import replace

    from imbot.config.loader import Loader, LoadResult
    from imbot.config.loader.skipped import skipped_files
    from imbot.reload.report import reload_report, report_json
    from imbot.reload.rollout import forecast

    loaded = LoadResult(())

    async def work() -> Any:
        nonlocal loaded
        loaded = Loader(bots).load()
        return await forecast({}, loaded.files)

    report = await reload_report(work)
    return report_json(replace(report, notes=tuple(skipped_files(bots, loaded.sources))))
