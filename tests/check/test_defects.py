"""Whatever fails while one file is loaded or checked is a problem of that file; the others are checked."""

import pytest
from botfolder import bot, write

from imbot.check import batch
from imbot.check.check import check
from imbot.config.loader import Loader, botfile, defaults
from imbot.config.loader.build import build
from imbot.config.loader.parse import parse
from imbot.config.loader.validator import Validator
from imbot.problems.sources import Sources


def failing(original, bad):
    """The original, which fails at files of this name."""

    def fails(*args, **options):
        if any(bad in str(getattr(each, "path", each)) for each in args):
            raise ZeroDivisionError("s3cr3t-value")
        return original(*args, **options)

    return fails


def fail_at(monkeypatch, step, bad):
    home, name, original = {
        "parsing": (botfile, "parse", parse),
        "validating": (botfile, "Validator", Validator),
        "building": (botfile, "build", build),
        "preparing": (batch, "prepare", batch.prepare),
        "a lint": (batch, "lint", batch.lint),
        "an estimate": (batch, "calls_of_answer", batch.calls_of_answer),
    }[step]
    monkeypatch.setattr(home, name, failing(original, bad))


@pytest.mark.parametrize("step", ["parsing", "validating", "building", "a lint", "an estimate"])
def test_a_defect_at_one_file_is_a_problem_of_that_file(step, tmp_path, monkeypatch):
    folder = write(
        tmp_path / "bots", {"a.yaml": bot("ding1"), "b.yaml": bot("ding2"), "c.yaml": bot("ding3")}
    )
    fail_at(monkeypatch, step, "b.yaml")

    report = check([folder], Sources())

    errors = [each for each in report.problems if each.severity == "error"]
    assert [(each.path, each.code) for each in errors] == [(str(folder / "b.yaml"), "file.defect")]
    assert "ZeroDivisionError" in errors[0].message
    assert "s3cr3t" not in str(errors)
    assert [each.name for each in report.bots] == ["a", "c"]


def test_a_defect_at_one_file_leaves_the_others_of_a_load(tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"a.yaml": bot("ding1"), "b.yaml": bot("ding2")})
    loader = Loader(folder, environ={})
    fail_at(monkeypatch, "building", "a.yaml")

    assert [each.spec is not None for each in loader.load().files] == [False, True]

    monkeypatch.undo()
    write(folder, {"a.yaml": bot("ding1", "title: mended\n")})
    assert [each.problems for each in loader.load().files] == [(), ()]


@pytest.mark.parametrize("step", ["parse", "Validator"])
def test_a_defect_at_the_defaults_is_a_problem_of_theirs(step, tmp_path, monkeypatch):
    folder = write(tmp_path / "bots", {"_defaults.yml": "title: t\n", "a.yaml": bot("ding1")})
    monkeypatch.setattr(defaults, step, failing(getattr(defaults, step), "_defaults.yml"))

    result = Loader(folder, environ={}).load()

    assert {(each.path, each.code) for each in result.problems} == {
        (str(folder / "_defaults.yml"), "file.defect")
    }
