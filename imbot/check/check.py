"""The check: bot files loaded and prepared as ``run`` does it, with the lints, made into one report."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imbot.check.batch import CheckedFile, CheckedFolder, check_files
from imbot.check.lints import lint_defaults
from imbot.check.lints.defaults import misnamed_defaults
from imbot.check.lints.ignores import without_ignored
from imbot.check.lints.unused import unused_templates
from imbot.config.loader.defaults import DEFAULTS_FILES as DEFAULTS
from imbot.config.loader.defaults import Defaults, with_inheritors
from imbot.config.loader.unique import contested
from imbot.errors import ConfigError, ImbotError, Problem
from imbot.problems import CheckedBot, Report
from imbot.problems.sources import Sources
from imbot.text.masking import masked

if TYPE_CHECKING:
    from imbot.testing.casefile import CaseFile

_TEMPLATES = (".yaml", ".yml", ".j2")
_TESTS = ".test.yaml"


class NoBotFileError(ImbotError):
    """A path that was asked for is not a bot file."""


def check(paths: Iterable[Path], sources: Sources, *, no_env: bool = False) -> Report:
    """Everything wrong with the bot files at these paths, files or folders.

    A single file is judged among its neighbours. ``no_env``: unset variables count as set. Raises
    NoBotFileError.
    """
    found = _Findings(sources)
    for folder, names in _folders(paths).items():
        whole = names is None or not names.isdisjoint(DEFAULTS)
        try:
            checked = check_files(folder, None if whole else names, sources, no_env=no_env)
        except ConfigError as error:  # the folder itself, or the .env beside it, cannot be read
            found.problems |= set(error.problems)
            continue
        if names is None:
            found.add_folder(folder, checked)
            continue
        found.add_files(checked, _asked_for(checked, folder, names))
        found.add_tests(checked, [folder / name for name in sorted(names) if name.endswith(_TESTS)])
        if Path(checked.defaults.path).name in names:
            found.add_defaults(checked)
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


def _asked_for(checked: CheckedFolder, folder: Path, names: set[str]) -> set[str]:
    """The paths of the files with these names."""
    found = {Path(file.path).name: file.path for file in checked.files}
    known = {*found, *([Path(checked.defaults.path).name] if checked.defaults.exist else [])}
    for name in sorted(name for name in names - known if not name.endswith(_TESTS)):
        rule = "their names end in .yaml or .yml and do not start with . or _"
        raise NoBotFileError(f"{folder / name} is not a bot file: {rule}")
    return {path for name, path in found.items() if name in names}


class _Findings:
    """What was found so far."""

    def __init__(self, sources: Sources) -> None:
        self.problems: set[Problem] = set()
        self._sources = sources
        self._bots: list[CheckedBot] = []
        self._files = 0
        # whether all that is wrong with a file is known, so that a comment there may be called idle
        self._complete: dict[str, bool] = {}
        # what is wrong with the defaults, each beside the same with the bots that inherit it
        self._heirs: dict[Problem, Problem] = {}

    def add_folder(self, folder: Path, checked: CheckedFolder) -> None:
        """All files of a folder: where they are sound, it is known which templates they use."""
        files, defaults = checked.files, checked.defaults
        self.problems |= set(misnamed_defaults(folder))
        sound = self.add_files(checked, {file.path for file in files})
        self._add_all_tests(folder, checked)
        if not self._add_defaults(defaults) or not sound or not files:
            return
        used = set(defaults.sources).union(*(file.sources for file in files))
        self.problems |= set(unused_templates(folder, used))
        self._complete |= dict.fromkeys((path for path in used if path.endswith(_TEMPLATES)), True)

    def _add_all_tests(self, folder: Path, checked: CheckedFolder) -> None:
        """All test files of a folder: where they are sound, it is known which snapshots they use."""
        paths = sorted(path for path in folder.glob(f"*{_TESTS}") if path.is_file())
        cases = self.add_tests(checked, paths)
        if len(cases) == len(paths) and (folder / "snapshots").is_dir():
            from imbot.testing.snapshots import unused

            self.problems |= set(unused(folder, cases))

    def add_tests(self, checked: CheckedFolder, paths: Iterable[Path]) -> list["CaseFile"]:
        """The test files at these paths: what can be told of them without playing them; those that can be read."""
        read: list[CaseFile] = []
        bots = {file.name or Path(file.path).stem: Path(file.path).stem for file in checked.files}
        for path in paths:
            from imbot.testing.casefile import no_bot, read_cases

            try:
                cases = read_cases(path)
            except ConfigError as error:
                self.problems |= set(error.problems)
                continue
            read.append(cases)
            if cases.bot not in {*bots, *bots.values()}:
                self.problems.add(no_bot(cases, bots))
        return read

    def add_defaults(self, checked: CheckedFolder) -> None:
        """What is wrong in the defaults file alone, whether by itself or in what a bot makes of it."""
        every = _Findings(self._sources)
        every.add_files(checked, {file.path for file in checked.files})
        self.problems |= {each for each in every.problems if each.path == checked.defaults.path}
        self._heirs |= every._heirs
        self._add_defaults(checked.defaults)
        self._files = max(self._files, every._files)

    def _add_defaults(self, defaults: Defaults) -> bool:
        """The defaults on their own; whether they are sound."""
        errors = {each.pointer for each in defaults.problems if each.severity == "error"}
        doubts = lint_defaults(defaults, self._sources)
        self.problems |= {self._heirs.get(each, each) for each in defaults.problems}
        self.problems |= {doubt for doubt in doubts if doubt.pointer not in errors}
        return not errors

    def add_files(self, checked: CheckedFolder, asked: Collection[str]) -> bool:
        """The bot files at the paths that are asked for, among all of their folder; whether they are sound."""
        rejected, _ = contested({file.path: file.claims for file in checked.files}, (), {})
        wrong = {
            file.path: {*file.problems, *file.unprepared, *rejected.get(file.path, ())}
            for file in checked.files
        }
        named = ((file.name or file.path, wrong[file.path]) for file in checked.files)
        self._heirs |= with_inheritors(named, checked.defaults.path)
        sound = True
        for file in checked.files:
            if file.path in asked:
                sound &= self._add_file(file, {self._heirs.get(each, each) for each in wrong[file.path]})
        return sound

    def _add_file(self, file: CheckedFile, wrong: set[Problem]) -> bool:
        errors = {problem.pointer for problem in wrong if problem.severity == "error"}
        self.problems |= wrong
        # what is wrong anyway needs no doubts: one problem for one mistake
        self.problems |= {doubt for doubt in file.doubts if doubt.pointer not in errors}
        self._files += 1
        self._complete[file.path] = not errors
        if file.name and not errors:
            self._bots.append(CheckedBot(file.name, file.path, file.type, file.calls))
        return not errors

    def report(self) -> Report:
        """All of it, less what comments in the files silence."""
        told = without_ignored(self.problems, self._complete, self._sources)
        discreet = sorted(self._discreet(problem) for problem in told)
        return Report(tuple(discreet), tuple(self._bots), self._files)

    def _discreet(self, problem: Problem) -> Problem:
        """The problem without secrets: a key may be one, where a slip made it so."""
        source = self._sources.of(problem.path)
        return masked(problem, source.masks.literals if source and source.yaml else ())
