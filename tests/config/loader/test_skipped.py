"""Files that are meant as bots, but are not read, are told: by check, run, reload, plan and status."""

import json
from pathlib import Path

import pytest
from botfolder import bot, write
from click.testing import CliRunner

from imbot.cli import main
from imbot.config.loader.skipped import skipped_files

LAYOUT = 'msgContent: "{{ answer }}"\n'


def found(folder, used=()):
    told = skipped_files(folder, used)
    assert all((each.code, each.severity) == ("file.skipped", "warning") for each in told)
    return [Path(each.path).relative_to(folder).as_posix() for each in told]


@pytest.mark.parametrize(
    "name", ["B.YAML", "b.Yml", "b.yaml.txt", "B.YML.TXT", "b.ymal", "sub/x.yaml", "deep/er/x.yml"]
)
def test_what_is_meant_as_a_bot_is_found(tmp_path, name):
    folder = write(tmp_path / "bots", {"a.yaml": bot(), name: bot("ding2")})

    assert found(folder) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "b.yaml", "_draft.YAML", ".b.YAML", "b.yaml~", "b.yaml.bak", "b.json", "b.test.yaml", "b.TEST.YAML", "yaml",
        "_old/x.yaml", ".git/x.yaml", "sub/README.md", "sub/x.test.yaml",
    ],
)  # fmt: skip
def test_other_files_are_not(tmp_path, name):
    assert found(write(tmp_path / "bots", {"a.yaml": bot(), name: bot("ding2")})) == []


def test_layouts_used_files_and_bots_folders_in_a_folder_are_let_pass(tmp_path):
    files = {
        "cards/x.yaml": LAYOUT,
        "cards/used.yaml": bot(),
        "team/_defaults.yaml": "title: x\n",
        "team/x.yaml": bot(),
    }
    folder = write(tmp_path / "bots", files)

    assert found(folder, [str(folder / "cards/used.yaml")]) == []


def test_a_folder_full_of_them_is_told_in_part(tmp_path):
    assert len(found(write(tmp_path / "bots", {f"sub/{n}.yaml": bot(f"d{n}") for n in range(30)}))) == 20


@pytest.mark.parametrize("command", ["check", "plan"])
def test_commands_name_them(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "bots", {"a.yaml": bot(), "B.YAML": bot("ding2"), "sub/x.yaml": bot("ding3")})
    options = ["--format", "json"] if command == "check" else ["--json"]

    report = json.loads(CliRunner().invoke(main, [command, "bots", *options]).stdout)

    told = [
        each
        for each in report["problems" if command == "check" else "notes"]
        if each["code"] == "file.skipped"
    ]
    assert [each["path"] for each in told] == ["bots/B.YAML", "bots/sub/x.yaml"]
    assert all(each["hint"] for each in told)
