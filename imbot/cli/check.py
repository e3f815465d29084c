"""``imbot check``: what is wrong with bot files, without running them."""

import importlib
import sys
from pathlib import Path

import click

from imbot.check.check import NoBotFileError, check
from imbot.cli.common import bot_paths, echo_for_people
from imbot.problems import Report
from imbot.problems.sources import Sources

# name -> the module of imbot.problems that renders it
_MACHINE_FORMATS = {"json": "records", "github": "github", "sarif": "sarif"}


@click.command("check")
@bot_paths("bot file")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *_MACHINE_FORMATS]),
    default="text",
    show_default=True,
    help="Output format.",
)
@click.option("--no-env", is_flag=True, help="Treat unset variables as set: for CI without secrets.")
@click.option("-v", "--verbose", is_flag=True, help="Also print how many calls an answer of each bot takes.")
@click.option("--strict", is_flag=True, help="Exit with code 1 for warnings, too.")
def command(paths: tuple[Path, ...], form: str, no_env: bool, verbose: bool, strict: bool) -> None:
    """Report every problem of the bot files in PATHS (files or folders; default: bots).

    Loads and prepares as `run` does: what passes here, `run` accepts. A comment `# imbot: ignore CODE`
    silences a warning on its line. Exit code 0 without errors, 1 with errors, 2 for a usage error.
    """
    sources = Sources()
    try:
        report = check(paths, sources, no_env=no_env)
    except NoBotFileError as error:
        raise click.UsageError(str(error)) from None
    if form == "text":
        _print(report, sources, verbose=verbose)
    elif rendered := importlib.import_module(f"imbot.problems.{_MACHINE_FORMATS[form]}").render(report):
        click.echo(rendered.encode())  # bytes, as these formats are UTF-8 wherever they are written
    counting = len(report.problems) if strict else report.count("error")
    sys.exit(1 if counting else 0)


def _print(report: Report, sources: Sources, *, verbose: bool) -> None:
    from imbot.problems.text import costs, render, summary

    for told in (render(report, sources), costs(report) if verbose else ""):
        if told:
            echo_for_people(told)
    click.echo(summary(report), err=True)
