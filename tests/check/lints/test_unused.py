from pathlib import Path

import pytest
from botfolder import bot, load, write

from imbot.check.lints.unused import unused_templates

LAYOUT = 'msgContent: "{{ answer }}"\n'
FINAL = bot(more="card: {templates: {final: {file: cards/final.yaml}}}\n")


def found(tmp_path, files):
    folder = write(tmp_path / "bots", files)
    problems = list(unused_templates(folder, [path for file in load(folder) for path in file.sources]))
    assert all((problem.code, problem.severity) == ("file.unused", "warning") for problem in problems)
    return [Path(problem.path).relative_to(folder).as_posix() for problem in problems]


def test_what_no_bot_uses_is_found(tmp_path):
    files = {"a.yaml": FINAL, "cards/final.yaml": LAYOUT, "cards/old.yaml": LAYOUT, "texts/old.j2": "x"}

    assert found(tmp_path, files) == ["cards/old.yaml", "texts/old.j2"]


def test_what_a_used_text_includes_is_used(tmp_path):
    files = {
        "a.yaml": FINAL,
        "cards/final.yaml": "msgContent: \"{% include 'cards/a.j2' %}\"\n",
        "cards/a.j2": "{% include 'cards/b.j2' %}",
        "cards/b.j2": "{{ answer }}",
    }

    assert found(tmp_path, files) == []


def test_a_layout_beside_a_used_one_is_a_layout(tmp_path):
    text = FINAL.replace("cards/", "looks/")

    assert found(tmp_path, {"a.yaml": text, "looks/final.yaml": LAYOUT, "looks/x.yml": LAYOUT}) == [
        "looks/x.yml"
    ]


@pytest.mark.parametrize(
    "name",
    [
        "_common.j2",
        ".hidden.j2",
        "data/other.yaml",
        "cards/a.test.yaml",
        ".git/x.j2",
        "_old/x.j2",
        "b.yaml",
        "cards/x.md",
    ],
)
def test_what_may_be_for_something_else_is_let_pass(tmp_path, name):
    assert found(tmp_path, {"a.yaml": bot(), name: bot("other") if name == "b.yaml" else LAYOUT}) == []
