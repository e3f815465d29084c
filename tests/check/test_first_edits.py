"""What goes wrong in the first hour is told at the right place, with the right cause and the right cure."""

import pytest
from botfolder import write
from first_edits import EDITS, GOOD, WARNED

from imbot.check.check import check
from imbot.problems.sources import Sources
from imbot.problems.text import lines_of


def found(tmp_path, text):
    sources = Sources()
    files = {"a.yaml": text, "cards/final.yaml": 'msgContent: "{{ answer }}{{ buttons }}"\n'}
    folder = write(tmp_path / "bots", files)
    told = [each for each in check([folder / "a.yaml"], sources).problems if "unused" not in each.code]
    return told, sources


def test_the_file_is_good_before(tmp_path):
    assert found(tmp_path, GOOD)[0] == []


@pytest.mark.parametrize("edit", [*EDITS.values(), *WARNED.values()], ids=[*EDITS, *WARNED])
def test_a_wrong_edit_is_one_problem_at_its_place_with_cause_and_cure(tmp_path, edit):
    (problem,), sources = found(tmp_path, edit.text)

    assert (problem.line, problem.column) == (edit.line, edit.column)
    assert edit.cause in problem.message
    assert edit.cure in problem.hint
    assert problem.severity == ("warning" if edit in WARNED.values() else "error")
    place, *lines = lines_of(problem, sources)
    assert f"a.yaml:{edit.line}:{edit.column}:" in place
    assert any("^" in line for line in lines)
