import time
from pathlib import Path

import pytest
from stagehands import case, folder

from imbot.testing.casefile import case_files
from imbot.testing.running import run

EXAMPLES = Path(__file__).parents[2] / "bots"


@pytest.mark.parametrize("path", case_files(EXAMPLES), ids=lambda path: path.name)
def test_the_examples_do_what_their_tests_say(path):
    done = run([path])
    assert done.problems == ()
    assert [(result.case.name, result.misses) for result in done.results if result.misses] == []


def test_every_example_has_a_test():
    bots = {path.stem for path in EXAMPLES.glob("*.yaml") if not path.name.endswith(".test.yaml")}
    assert {path.name.removesuffix(".test.yaml") for path in case_files(EXAMPLES)} == bots


def test_cases_are_picked_by_file_and_name(tmp_path):
    path = folder(tmp_path, "cases:\n- {name: One, steps: [{say: a}]}\n- {name: two, steps: [{say: a}]}\n")
    assert [result.case.name for result in run([path], pick="ONE").results] == ["One"]
    assert [result.case.name for result in run([path], pick="a: tw").results] == ["two"]
    assert run([path], pick="three").played == ()


def test_a_broken_file_keeps_no_other_from_being_played(tmp_path):
    good = folder(tmp_path, case("- {say: hi, expect: {text: ho}}"))
    broken = good.with_name("b.test.yaml")
    broken.write_text("cases: 1\n")
    done = run([broken, good])
    assert [(problem.path, problem.code) for problem in done.problems] == [(str(broken), "schema.type")]
    assert done.failed == 1


def test_many_cases_take_little_time(tmp_path):
    cases = "".join(
        f"- {{name: c{number}, steps: [{{say: hi, expect: {{phase: final}}}}, {{click: good}}]}}\n"
        for number in range(100)
    )
    path = folder(tmp_path, "agent: [{text: a, repeat: 300, every: 1s}]\ncases:\n" + cases)
    began = time.monotonic()
    done = run([path])
    assert (len(done.results), done.failed) == (100, 0)
    assert (
        time.monotonic() - began < 100
    )  # a case plays 300 s; all of them take about 1.5 s where nothing else runs


def test_a_bot_plays_with_what_it_inherits(tmp_path):
    own = "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\n"
    shared = "agent: {type: echo, prefix: 'shared: '}\n"
    done = run([folder(tmp_path, case("- {say: hi, expect: {text: 'shared: hi'}}"), own, _defaults=shared)])
    assert (done.problems, done.failed) == ((), 0)
