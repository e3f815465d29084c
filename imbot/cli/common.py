"""What several commands share: where bots and their state live, and how trouble is told."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NoReturn

import click

from imbot.errors import ImbotError

bots_argument = click.argument("bots", type=click.Path(file_okay=False, path_type=Path), default=Path("bots"))
bots_option = click.option(
    "--bots",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("bots"),
    show_default=True,
    help="Folder of bot files; state is kept beside it.",
)
store_option = click.option(
    "--store",
    "store_url",
    envvar="IMBOT_STORE",
    metavar="URL",
    help="Where turns and feedback are kept.  [default: sqlite:///.imbot/imbot.db beside the bots]",
)


def state_file(bots: Path, name: str) -> Path:
    """A file of imbot's own, in ``.imbot/`` beside the bots folder."""
    return bots.absolute().parent / ".imbot" / name


def store_at(path: Path) -> str:
    """The URL of a store in that file."""
    return f"sqlite:///{path}"


def run_async(main: Callable[[], Coroutine[Any, Any, int]]) -> NoReturn:
    """Run a command's coroutine and exit with its code; imbot's own errors end in one line and 1."""
    try:
        code = asyncio.run(main())
    except ImbotError as error:
        click.echo(f"imbot: {error}", err=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.exit(code)


def shown(path: Path) -> str:
    """A path as people would type it from here."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
