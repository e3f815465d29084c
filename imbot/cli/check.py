"""``imbot check``: what is wrong with bot files, without running them."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from imbot.behaviour import prepare
from imbot.errors import ConfigError, Problem
from imbot.loader import BotFile, Loader


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
def command(paths: tuple[Path, ...]) -> None:
    """Report every problem of the bot files in PATHS (files or folders; default: bots).

    Loads and prepares as `run` does: what passes here, `run` accepts. Exit code 1 where there
    are errors, 2 for wrong use.
    """
    if not paths and not Path("bots").is_dir():
        raise click.UsageError("there is no folder 'bots' here; name a bot file or a folder")
    try:
        files = [file for path in paths or (Path("bots"),) for file in _loaded(path)]
        problems = sorted({problem for file in files for problem in _problems(file)})
    except ConfigError as error:  # the folder itself cannot be read
        files, problems = [], list(error.problems)
    for problem in problems:
        click.echo(_line(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(_summary(len(files), errors, len(problems) - errors), err=True)
    sys.exit(1 if errors else 0)


def _loaded(path: Path) -> Iterable[BotFile]:
    """A folder's bot files, or one of them, judged among its neighbours as `run` would."""
    if path.is_dir():
        return Loader(path).load().files
    found = [file for file in Loader(path.parent).load().files if Path(file.path).name == path.name]
    if not found:
        raise click.UsageError(
            f"{path} is not a bot file: those end in .yaml or .yml and do not start with . or _"
        )
    return found


def _problems(file: BotFile) -> Iterable[Problem]:
    yield from file.problems
    if file.spec is not None:
        try:
            prepare(file.spec)
        except ConfigError as error:
            yield from error.problems


def _line(problem: Problem) -> str:
    severity = click.style(problem.severity, fg="red" if problem.severity == "error" else "yellow")
    cure = f"\n    {problem.hint}" if problem.hint else ""
    place = f"{problem.path}:{problem.line}:{problem.column}"
    return f"{place}: {severity}: {problem.message} [{problem.code}]{cure}"


def _summary(files: int, errors: int, warnings: int) -> str:
    found = ", ".join(
        f"{count} {what}{'s' if count != 1 else ''}"
        for count, what in ((errors, "error"), (warnings, "warning"))
        if count
    )
    return f"{files} bot file{'s' if files != 1 else ''}: {found or 'no problems'}"
