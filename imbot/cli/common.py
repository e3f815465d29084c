"""What several commands share: options, where bots and their state are, and how text is printed."""

import os
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from imbot.errors import ConfigError, ImbotError

if TYPE_CHECKING:
    from imbot.config.loader import BotFile

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _placed(_ctx: click.Context, _param: click.Parameter, value: Path) -> Path:
    """The folder itself may be missing: it is waited for.

    Its parent must exist, as the state is kept there.
    """
    if not value.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(value.parent)!r}")
    return value


bots_argument = click.argument(
    "bots", type=click.Path(file_okay=False, path_type=Path), default=Path("bots"), callback=_placed
)
bots_option = click.option(
    "--bots",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("bots"),
    show_default=True,
    help="Folder of bot files; state is kept beside it.",
)


def store_option(default: str) -> Callable[[_Command], _Command]:
    """``--store``; ``default`` names the files in ``.imbot/`` that are used without it, for the help text."""
    return click.option(
        "--store", "store_url", envvar="IMBOT_STORE", metavar="URL",
        help=f"Where turns and feedback are stored.  [default: sqlite:///.imbot/{default} beside the bots]",
    )  # fmt: skip


def _seconds(_ctx: click.Context, param: click.Parameter, value: str) -> float:
    found = re.fullmatch(r"(\d{1,6})(ms|s|m)", value)
    if not found or not int(found[1]):
        raise click.BadParameter(f"{value!r} is not a duration; write it like {param.default}")
    return int(found[1]) * {"ms": 0.001, "s": 1.0, "m": 60.0}[found[2]]


def settle_options(command: _Command) -> _Command:
    """``--settle`` and ``--settle-at-most`` of the commands that follow files, in seconds."""
    still = click.option(
        "--settle", "settle_s", default="300ms", show_default=True, callback=_seconds, metavar="DURATION",
        help="How long a file must be unchanged before its change is applied.",
    )  # fmt: skip
    at_most = click.option(
        "--settle-at-most", "settle_at_most_s", default="10s", show_default=True, callback=_seconds,
        metavar="DURATION", help="How long to wait at most for a file that keeps changing.",
    )  # fmt: skip
    return still(at_most(command))


def state_file(bots: Path, name: str) -> Path:
    """A file of imbot's own, in ``.imbot/`` beside the bots folder."""
    return bots.absolute().parent / ".imbot" / name


def store_at(path: Path) -> str:
    """The URL of a store in that file."""
    return f"sqlite:///{path}"


def bot_file(bot: str, folder: Path, *, no_env: bool = False) -> "BotFile":
    """The loaded file of a bot, given by its path or by the name of the bot.

    The whole folder is loaded, as by ``run``, so that problems with other bots are found. ``no_env`` counts
    unset variables as set. Raises UsageError if there is no such bot or the folder cannot be read.
    """
    from imbot.config.loader import Loader

    path = Path(bot)
    named_itself = path.is_file() or path.suffix in (".yaml", ".yml")
    try:
        files = Loader(path.parent if named_itself else folder, no_env=no_env).load().files
    except ConfigError as error:
        raise click.UsageError(error.problems[0].message) from None
    if named_itself:
        found = [file for file in files if Path(file.path) == path]
    else:
        found = [file for file in files if bot in (file.name, Path(file.path).stem)]
        found.sort(key=lambda file: file.name != bot)
    if found:
        return found[0]
    if named_itself:
        raise click.UsageError(f"{bot} is not a bot file" if path.exists() else f"there is no file {bot}")
    raise click.UsageError(f"there is no bot {bot} in {folder}; {_guess(bot, files)}")


def _guess(bot: str, files: "Sequence[BotFile]") -> str:
    names = sorted({Path(file.path).stem for file in files} | {file.name for file in files if file.name})
    near = get_close_matches(bot, names, 1)
    return f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"


def run_async(main: Callable[[], Coroutine[Any, Any, int]]) -> NoReturn:
    """Run a command's coroutine and exit with its result; an ImbotError prints one line and exits with 1."""
    import asyncio  # most commands do without

    try:
        code = asyncio.run(main())
    except ImbotError as error:
        from imbot.log import redactor

        click.echo(f"imbot: {redactor.clean(str(error))}", err=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.exit(code)


def relative_path(path: Path) -> str:
    """The path relative to the current folder."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)


def echo_for_people(text: str) -> None:
    """Print styled text: colours only on a terminal, and characters that its encoding lacks as escapes."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), color=colour)
