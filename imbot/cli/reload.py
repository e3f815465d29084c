"""``imbot reload``: let a running process follow its files now."""

import json
import sys
from pathlib import Path

import click

from imbot.cli.admin import ask, ask_option
from imbot.cli.common import bots_folder
from imbot.cli.steps import report_lines
from imbot.ops.address import AdminAddress


@click.command("reload")
@bots_folder
@ask_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--prune", is_flag=True, help="Stop bots that are held because their files are gone.")
def command(bots: Path, admin: AdminAddress | None, as_json: bool, prune: bool) -> None:
    """Apply the files of the folder BOTS now in the process that runs it, and report what changed.

    Files are applied by themselves within seconds; this command also reports. Exit code 1 where something
    was rejected or is held, or where nothing runs.
    """
    report = ask(bots, admin, "POST", "/reload?prune=1" if prune else "/reload")
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join(report_lines(report)))
    sys.exit(int(report["outcome"] != "ok"))
