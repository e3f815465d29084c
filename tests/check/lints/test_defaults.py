from pathlib import Path

import pytest
from botfolder import write
from planted import BOT

from imbot.check.check import check
from imbot.problems.sources import Sources


def told(tmp_path, files):
    report = check([write(tmp_path / "bots", files)], Sources(), no_env=True)
    return [(Path(each.path).name, each.code, each.severity) for each in report.problems]


@pytest.mark.parametrize(
    "name", ["_default.yaml", "_default.yml", "_defaults.yaml.yml", "_Defaults.yaml", "_defaults.YAML"]
)
def test_a_name_that_nearly_is_the_defaults_is_told(tmp_path, name):
    files = {"a.yaml": BOT, name: "title: x\n"}
    assert told(tmp_path, files) == [(name, "defaults.name", "warning")]


@pytest.mark.parametrize(
    "name", ["_defaults.yaml", "_defaults.yml", "_defaults.yaml.bak", "_draft.yaml", "_default.md"]
)
def test_other_names_are_not(tmp_path, name):
    assert told(tmp_path, {"a.yaml": BOT, name: "title: x\n"}) == []


def test_a_draft_says_that_it_is_one(tmp_path):
    text = "# imbot: ignore defaults.name\ntitle: x\n"
    assert told(tmp_path, {"a.yaml": BOT, "_defaults.old.yaml": text}) == []
