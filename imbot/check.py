"""The check: bot files loaded and prepared as ``run`` does it, with the lints, made into one report."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from imbot.behaviour import prepare
from imbot.errors import ConfigError, ImbotError, Problem
from imbot.lints import lint
from imbot.lints.ignores import without_ignored
from imbot.lints.unused import unused_templates
from imbot.loader import BotFile, Loader
from imbot.report import CheckedBot, Report
from imbot.report.sources import Sources
from imbot.yamlfile.pointers import escape

_TEMPLATES = (".yaml", ".yml", ".j2")


class NoBotFileError(ImbotError):
    """A path that was asked for is not a bot file."""


def check(paths: Iterable[Path], sources: Sources, *, no_env: bool = False) -> Report:
    """Everything wrong with the bot files at these paths, files or folders.

    A single file is judged among its neighbours. ``no_env``: unset variables count as set. Raises
    NoBotFileError.
    """
    found = _Findings(sources)
    for folder, names in _folders(paths).items():
        try:
            files = Loader(folder, no_env=no_env).load().files
        except ConfigError as error:  # the folder itself, or the .env beside it, cannot be read
            found.problems |= set(error.problems)
            continue
        if names is None:
            found.add_folder(folder, files)
        else:
            found.add_files(_asked_for(files, folder, names))
    return found.report()


def _folders(paths: Iterable[Path]) -> Mapping[Path, set[str] | None]:
    """The folders to load, each once, with the names that are asked for; None: all."""
    folders: dict[Path, set[str] | None] = {}
    spelled: dict[Path, Path] = {}
    for path in paths:
        folder = path if path.is_dir() else path.parent
        folder = spelled.setdefault(folder.resolve(), folder)
        asked = folders.setdefault(folder, set())
        if path.is_dir():
            folders[folder] = None
        elif asked is not None:
            asked.add(path.name)
    return folders


def _asked_for(files: Iterable[BotFile], folder: Path, names: set[str]) -> list[BotFile]:
    found = [file for file in files if Path(file.path).name in names]
    for name in sorted(names - {Path(file.path).name for file in found}):
        rule = "those end in .yaml or .yml, do not start with . or _ and do not end in .test.yaml"
        raise NoBotFileError(f"{folder / name} is not a bot file: {rule}")
    return found


class _Findings:
    """What was found so far."""

    def __init__(self, sources: Sources) -> None:
        self.problems: set[Problem] = set()
        self._sources = sources
        self._bots: list[CheckedBot] = []
        self._files = 0
        # whether all that is wrong with a file is known, so that a comment there may be called idle
        self._complete: dict[str, bool] = {}

    def add_folder(self, folder: Path, files: Iterable[BotFile]) -> None:
        """All files of a folder: where they are sound, it is known which templates they use."""
        files = list(files)
        if not self.add_files(files) or not files:
            return
        self.problems |= set(unused_templates(folder, files))
        used = {path for file in files for path in file.sources if path.endswith(_TEMPLATES)}
        self._complete |= dict.fromkeys(used, True)

    def add_files(self, files: Iterable[BotFile]) -> bool:
        """Bot files, whether all of their folder or not; whether they are sound."""
        sound = True
        for file in files:
            wrong = {*file.problems, *_unprepared(file)}
            errors = {problem.pointer for problem in wrong if problem.severity == "error"}
            doubts = lint(file, self._sources)
            self.problems |= wrong
            # what is wrong anyway needs no doubts: one problem for one mistake
            self.problems |= {doubt for doubt in doubts if doubt.pointer not in errors}
            self._files += 1
            self._complete[file.path] = not errors
            if file.spec and not errors:
                self._bots.append(CheckedBot(file.spec.name, file.path, file.spec.type))
            sound = sound and not errors
        return sound

    def report(self) -> Report:
        """All of it, less what comments in the files silence."""
        told = without_ignored(self.problems, self._complete, self._sources)
        discreet = sorted(self._discreet(problem) for problem in told)
        return Report(tuple(discreet), tuple(self._bots), self._files)

    def _discreet(self, problem: Problem) -> Problem:
        """The problem without secrets: a key may be one, where a slip made it so."""
        source = self._sources.of(problem.path)
        secrets = source.masks.literals if source and source.yaml else set()
        return replace(
            problem,
            message=_hidden(problem.message, secrets),
            hint=_hidden(problem.hint, secrets),
            pointer=_hidden(problem.pointer, secrets),
        )


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***").replace(escape(secret), "***")
    return text


def _unprepared(file: BotFile) -> Iterator[Problem]:
    """Why a file whose values are right still makes no bot."""
    if file.spec is not None:
        try:
            prepare(file.spec)
        except ConfigError as error:
            yield from error.problems
