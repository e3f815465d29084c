"""The check of bot files, folders and test files: everything that is found, as one report."""

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
from imbot.config.loader.skipped import skipped_files
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
    """The report on the bot files at these paths, files or folders.

    A single file is checked among its neighbours. ``no_env``: unset variables count as set. Raises
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
    """The folders to load, each once, with the names of the files to report on; None: all."""
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
    """The paths of the bot files with these names. Raises NoBotFileError for other names."""
    found = {Path(file.path).name: file.path for file in checked.files}
    known = {*found, *([Path(checked.defaults.path).name] if checked.defaults.exist else [])}
    for name in sorted(name for name in names - known if not name.endswith(_TESTS)):
        rule = "their names end in .yaml or .yml and do not start with . or _"
        raise NoBotFileError(f"{folder / name} is not a bot file: {rule}")
    return {path for name, path in found.items() if name in names}


class _Findings:
    """Collects what is found."""

    def __init__(self, sources: Sources) -> None:
        self.problems: set[Problem] = set()
        self._sources = sources
        self._bots: list[CheckedBot] = []
        self._files = 0
        # by path, whether all problems of a file are known, so that an ignore comment there can be called
        # unused
        self._complete: dict[str, bool] = {}
        # problems of the defaults, each with the same problem that names the bots which inherit it
        self._heirs: dict[Problem, Problem] = {}

    def add_folder(self, folder: Path, checked: CheckedFolder) -> None:
        """Add all files of a folder; if none has an error, also the templates that none of them uses."""
        files, defaults = checked.files, checked.defaults
        self.problems |= set(misnamed_defaults(folder))
        sound = self.add_files(checked, {file.path for file in files})
        self._add_all_tests(folder, checked)
        used = set(defaults.sources).union(*(file.sources for file in files))
        skipped = skipped_files(folder, used)
        self.problems |= set(skipped)
        if not self._add_defaults(defaults) or not sound or not files:
            return
        self.problems |= set(unused_templates(folder, {*used, *(each.path for each in skipped)}))
        self._complete |= dict.fromkeys((path for path in used if path.endswith(_TEMPLATES)), True)

    def _add_all_tests(self, folder: Path, checked: CheckedFolder) -> None:
        """Add all test files of a folder; if all can be read, also the snapshots that none of them uses."""
        paths = sorted(folder.glob(f"*{_TESTS}"))
        cases = self.add_tests(checked, paths)
        if len(cases) == len(paths) and (folder / "snapshots").is_dir():
            from imbot.testing.snapshots import unused

            self.problems |= set(unused(folder, cases))

    def add_tests(self, checked: CheckedFolder, paths: Iterable[Path]) -> list["CaseFile"]:
        """Add what can be found in test files without running them; returns the files that can be read."""
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
        """Add the problems of the defaults file only: by itself, and together with each bot."""
        every = _Findings(self._sources)
        every.add_files(checked, {file.path for file in checked.files})
        self.problems |= {each for each in every.problems if each.path == checked.defaults.path}
        self._heirs |= every._heirs
        self._add_defaults(checked.defaults)
        self._files = max(self._files, every._files)

    def _add_defaults(self, defaults: Defaults) -> bool:
        """Add the problems of the defaults by themselves; returns whether there is no error."""
        errors = {each.pointer for each in defaults.problems if each.severity == "error"}
        doubts = lint_defaults(defaults, self._sources)
        self.problems |= {self._heirs.get(each, each) for each in defaults.problems}
        self.problems |= {doubt for doubt in doubts if doubt.pointer not in errors}
        return not errors

    def add_files(self, checked: CheckedFolder, asked: Collection[str]) -> bool:
        """Add the bot files at the paths ``asked``, checked among their neighbours.

        Returns whether there is no error.
        """
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
        # no warning where there is an error already: one problem for one mistake
        self.problems |= {doubt for doubt in file.doubts if doubt.pointer not in errors}
        self._files += 1
        self._complete[file.path] = not errors
        if file.name and not errors:
            self._bots.append(CheckedBot(file.name, file.path, file.type, file.calls))
        return not errors

    def report(self) -> Report:
        """Everything, without the warnings that comments in the files silence."""
        told = without_ignored(self.problems, self._complete, self._sources)
        discreet = sorted(self._discreet(problem) for problem in told)
        return Report(tuple(discreet), tuple(self._bots), self._files)

    def _discreet(self, problem: Problem) -> Problem:
        """The problem without secrets: after a typing mistake, a key may be one."""
        source = self._sources.of(problem.path)
        return masked(problem, source.masks.literals if source and source.masks else ())
