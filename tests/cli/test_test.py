import json

import pytest
from click.testing import CliRunner
from stagehands import case, folder

from imbot.cli import main

GOOD = case("- {say: hi, expect: {text: hi}}")
BAD = case("- {say: hi, expect: {text: ho}}")


def imbot(*words):
    return CliRunner().invoke(main, ["test", *map(str, words)])


@pytest.mark.parametrize(
    ("test", "code", "said"),
    [
        (GOOD, 0, "1 case: 1 passed"),
        (BAD, 1, "the text is not as expected"),
        ("cases: 1\n", 2, "`cases` must be a list"),
    ],
)
def test_the_exit_code_tells_how_it_went(tmp_path, test, code, said):
    done = imbot(folder(tmp_path, test).parent)
    assert done.exit_code == code
    assert said in done.output


def test_the_default_is_the_folder_bots(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert imbot().exit_code == 2
    folder(tmp_path, GOOD)
    assert imbot().exit_code == 0


@pytest.mark.parametrize(
    "words", [["a.yaml"], ["nowhere"], ["."], ["a.test.yaml", "-k", "zzz"], ["--format", "xml"]]
)
def test_wrong_use_is_told(tmp_path, monkeypatch, words):
    path = folder(tmp_path, GOOD)
    monkeypatch.chdir(path.parent)
    if words == ["."]:
        path.unlink()
    done = imbot(*words)
    assert done.exit_code == 2
    assert "Error: " in done.output


def test_a_file_named_twice_is_played_once(tmp_path):
    path = folder(tmp_path, GOOD)
    assert "1 case:" in imbot(path, path.parent).output


def test_formats_for_machines_say_nothing_else(tmp_path):
    path = folder(tmp_path, BAD)
    assert json.loads(imbot(path, "--format", "json").stdout)["failed"] == 1
    assert imbot(path, "--format", "junit").stdout.startswith("<?xml")


def test_update_writes_snapshots(tmp_path):
    path = folder(tmp_path, case("- {say: hi, expect: {snapshot: s}}"))
    assert imbot(path).exit_code == 1
    assert imbot(path, "--update").exit_code == 0
    assert imbot(path).exit_code == 0


def test_what_init_writes_passes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["init", "."]).exit_code == 0
    done = imbot()
    assert done.exit_code == 0
    assert "support.test.yaml" in done.output


def test_the_schema_of_test_files_is_printed(tmp_path):
    printed = CliRunner().invoke(main, ["schema", "--test"]).output
    assert json.loads(printed)["title"] == "imbot test file"
