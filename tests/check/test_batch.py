"""Files looked at in several processes come to the same as in one."""

import os
from pathlib import Path

import pytest
from botfolder import write

from imbot.check import batch, parallel
from imbot.check.check import check
from imbot.problems.sources import Sources

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes can be forked here")

BOT = "credentials: {{client_id: {id}, client_secret: <<SECRET>>}}\nagent: {{type: echo}}\n"
OWN = "card: {templates: {final: {msgContent: '{{ anser }} {{ vars.x }}'}}}\n"
FOLDER = {
    "a.yaml": BOT.format(id="one"),
    "b.yaml": BOT.format(id="two") + OWN,
    "c.yaml": BOT.format(id="one"),
    "d.yaml": "nonsense",
    "e.yaml": BOT.format(id="one") + "throtle: {}\n",
    "f.yaml": BOT.format(id="six") + "name: a\n",
    "g.yaml": BOT.format(id="seven")
    + "throttle: {pace: fixed, interval: 10ms}  # imbot: ignore schema.type\n",
    "h.yaml": BOT.format(id="eight").replace("<<SECRET>>", "sk-1234567890"),
    "i.yaml": BOT.format(id="nine") + "name: a\n" + OWN,
    "_defaults.yaml": "timeouts: {idle: soon}\ncard: {vars: {x: 1}}\n",
    "cards/unused.yaml": "msgContent: x\n",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batch, "FEW", 1)
    return write(Path("bots"), FOLDER)


@pytest.mark.parametrize("processors", [2, 3, 50])
@pytest.mark.parametrize("paths", [["bots"], ["bots/c.yaml", "bots/i.yaml"], ["bots/_defaults.yaml"]])
def test_many_processes_report_what_one_does(folder, monkeypatch, processors, paths):
    monkeypatch.setattr(parallel, "processors", lambda: 1)
    alone = check(map(Path, paths), Sources(), no_env=True)
    monkeypatch.setattr(parallel, "processors", lambda: processors)

    assert check(map(Path, paths), Sources(), no_env=True) == alone
    assert alone.problems


def test_a_folder_without_bots_is_examined(folder):
    for name in FOLDER:
        Path("bots", name).unlink()

    assert batch.check_files(folder, None, Sources()).files == ()


def test_what_is_not_asked_for_is_loaded_only(folder):
    files = batch.check_files(folder, {"a.yaml"}, Sources(), no_env=True).files

    assert {file.path: bool(file.unprepared or file.doubts) for file in files}["bots/b.yaml"] is False


def test_a_rejected_bot_is_told_what_else_is_wrong_with_it(folder):
    Path("bots/_defaults.yaml").unlink()
    report = check([Path("bots/i.yaml")], Sources(), no_env=True)

    assert {problem.code for problem in report.problems} >= {"name.taken", "template.undefined"}
