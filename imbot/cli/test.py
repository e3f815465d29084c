"""``imbot test``: runs the test files beside the bots."""

import importlib
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click

from imbot.cli.common import bot_paths, echo_for_people
from imbot.errors import ConfigError
from imbot.problems.sources import Sources
from imbot.testing.casefile import ENDING, case_files
from imbot.testing.reports import text
from imbot.testing.running import Run, run

# name -> the module of imbot.testing.reports that renders it
_MACHINE_FORMATS = {"json": "records", "junit": "junit"}


@click.command("test")
@bot_paths("test file")
@click.option("-k", "pick", default="", metavar="WORDS", help="Only cases whose file and name contain this.")
@click.option("--update", is_flag=True, help="Write snapshots as the cards are now.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *_MACHINE_FORMATS]),
    default="text",
    show_default=True,
    help="Output format.",
)
def command(paths: tuple[Path, ...], pick: str, update: bool, form: str) -> None:
    """Run the test files in PATHS (files, or folders with *.test.yaml; default: bots).

    Runs the real bots without a platform, without an agent on the network, and without waiting. Exit code
    0 when everything is as expected, 1 when something is not, 2 for a usage error or a broken file.
    """
    files = _files(paths)
    began = time.monotonic()
    done = run(files, pick=pick, update=update)
    if not done.results and not done.problems:
        raise click.UsageError(f"no case contains {pick!r}")
    if form == "text":
        _print(done, time.monotonic() - began)
    else:
        rendered: str = importlib.import_module(f"imbot.testing.reports.{_MACHINE_FORMATS[form]}").render(
            done
        )
        click.echo(rendered.encode())  # bytes, as these formats are UTF-8 wherever they are written
    sys.exit(2 if done.problems else 1 if done.failed else 0)


def _files(paths: Iterable[Path]) -> list[Path]:
    """The test files that the paths name or contain, each once."""
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files |= dict.fromkeys(_in_folder(path))
        elif path.name.endswith(ENDING):
            files[path] = None
        else:
            raise click.UsageError(f"{path} is not a test file: their names end in {ENDING}")
    return list(files)


def _in_folder(folder: Path) -> list[Path]:
    try:
        found = case_files(folder)
    except ConfigError as error:
        raise click.UsageError(str(error.problems[0].message)) from None
    if not found:
        raise click.UsageError(f"there is no test file in {folder}: their names end in {ENDING}")
    return found


def _print(done: Run, took_s: float) -> None:
    echo_for_people(text.render(done, Sources()))
    click.echo(text.tests_summary(done, took_s), err=True)
