"""What several commands share: options, where bots and their state are, and how text is printed."""

import os
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from imbot.cli.completion import complete_bot
from imbot.config.file_names import DEFAULT_FOLDER
from imbot.errors import ConfigError, ImbotError

if TYPE_CHECKING:
    from imbot.config.loader import BotFile

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _placed(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Path | None:
    """The folder itself may be missing: it is waited for.

    Its parent must exist, as the state is kept there.
    """
    if value is not None and not value.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(value.parent)!r}")
    return value


_FOLDER = click.Path(file_okay=False, path_type=Path)
_folder_option = click.option(
    "--bots", "folder", type=_FOLDER, callback=_placed, metavar="FOLDER",
    help=f"The folder of bot files.  [default: {DEFAULT_FOLDER}]",
)  # fmt: skip


def bots_folder(command: Callable[..., None]) -> Callable[..., None]:
    """The folder of bot files, which people name as ``BOTS`` or with ``--bots``; passed as ``bots``."""

    @click.argument("bots", type=_FOLDER, callback=_placed, required=False)
    @_folder_option
    @wraps(command)
    def with_folder(*args: Any, bots: Path | None, folder: Path | None, **rest: Any) -> None:
        _not_both("BOTS", bots, folder)
        command(*args, bots=bots or folder or DEFAULT_FOLDER, **rest)

    return with_folder


def bot_and_folder(command: Callable[..., None]) -> Callable[..., None]:
    """A bot, and its folder before it or with ``--bots``; passed as ``bot`` (may be empty) and ``bots``."""

    @click.argument("words", nargs=-1, metavar="[BOTS] [BOT]", shell_complete=complete_bot)
    @_folder_option
    @wraps(command)
    def with_bot(*args: Any, words: tuple[str, ...], folder: Path | None, **rest: Any) -> None:
        *named, bot = words or ("",)
        if len(named) > 1:
            raise click.UsageError(f"one bot at a time: {' '.join(words)}")
        _not_both("BOTS", named, folder)
        bots = Path(named[0]) if named else folder or DEFAULT_FOLDER
        command(*args, bot=bot, bots=bots, **rest)

    return with_bot


def bot_paths(kind: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Files and folders, or one folder with ``--bots``; passed as ``paths``. ``kind`` is that of the files."""

    def of(command: Callable[..., None]) -> Callable[..., None]:
        @click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
        @_folder_option
        @wraps(command)
        def with_paths(*args: Any, paths: tuple[Path, ...], folder: Path | None, **rest: Any) -> None:
            _not_both("PATHS", paths, folder)
            bots = folder or DEFAULT_FOLDER
            if not paths and not bots.is_dir():
                raise click.UsageError(f"there is no folder {str(bots)!r} here; name a {kind} or a folder")
            command(*args, paths=paths or (bots,), **rest)

        return with_paths

    return of


def _not_both(argument: str, given: object, folder: Path | None) -> None:
    if given and folder:
        raise click.UsageError(f"name the folder once: as {argument} or with --bots")


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
    """The loaded file of a bot, given by its path or its name, or by a folder; empty: the only one of the folder.

    The whole folder is loaded, as by ``run``, so that problems with other bots are found. ``no_env`` counts
    unset variables as set. Raises UsageError if there is no such bot or the folder cannot be read.
    """
    if not bot:
        return _only(_loaded(folder, no_env), folder)
    path = Path(bot)
    if path.is_file() or path.suffix in (".yaml", ".yml"):
        found = [file for file in _loaded(path.parent, no_env) if Path(file.path) == path]
        if found:
            return found[0]
        raise click.UsageError(f"{bot} is not a bot file" if path.exists() else f"there is no file {bot}")
    try:
        return _named(bot, _loaded(folder, no_env), folder)
    except click.UsageError:
        if folder != DEFAULT_FOLDER or not path.is_dir():
            raise
    return _only(_loaded(path, no_env), path)


def _loaded(folder: Path, no_env: bool) -> "Sequence[BotFile]":
    from imbot.config.loader import Loader

    try:
        return Loader(folder, no_env=no_env).load().files
    except ConfigError as error:
        raise click.UsageError(error.problems[0].message) from None


def _only(files: "Sequence[BotFile]", folder: Path) -> "BotFile":
    if len(files) == 1:
        return files[0]
    several = f"there are several bots in {folder}; name one: {', '.join(_names(files))}"
    raise click.UsageError(several if files else f"there is no bot file in {folder}")


def _named(bot: str, files: "Sequence[BotFile]", folder: Path) -> "BotFile":
    found = [file for file in files if bot in (file.name, Path(file.path).stem)]
    found.sort(key=lambda file: file.name != bot)
    if found:
        return found[0]
    names = _names(files)
    near = get_close_matches(bot, names, 1)
    guess = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names) or 'none'}"
    raise click.UsageError(f"there is no bot {bot} in {folder}; {guess}")


def _names(files: "Sequence[BotFile]") -> list[str]:
    return sorted({Path(file.path).stem for file in files} | {file.name for file in files if file.name})


def run_async(main: Callable[[], Coroutine[Any, Any, int]]) -> NoReturn:
    """Run a command's coroutine and exit with its result; an ImbotError is printed and exits with 1."""
    from imbot.tasks import run_loop  # most commands do without

    try:
        code = run_loop(main())
    except ImbotError as error:
        click.echo(_failure(error), err=True)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.stdout.flush()
    sys.exit(code)


def _failure(error: ImbotError) -> str:
    """An error that ends a command; problems of files with source lines if a person reads them."""
    from imbot.log import redactor
    from imbot.text.sanitize import printable

    if not isinstance(error, ConfigError) or not sys.stderr.isatty():
        told = map(str, error.problems) if isinstance(error, ConfigError) else [str(error)]
        return "imbot: " + "\n".join(printable(redactor.clean(line)) for line in told)
    from imbot.cli.steps import problem_lines
    from imbot.problems.records import problem_json

    return redactor.clean("\n".join(problem_lines(map(problem_json, error.problems), "")))


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
