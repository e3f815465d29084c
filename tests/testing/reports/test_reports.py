import json
from xml.etree import ElementTree as ET

import click
import pytest
from stagehands import case, folder

from imbot.problems.sources import Sources
from imbot.testing.reports import junit, records, text
from imbot.testing.running import run

LONG = "\n".join(f"line {number}" for number in range(200))


def ran(tmp_path, steps, head=""):
    return run([folder(tmp_path, case(steps, head))])


def plain(done):
    return click.unstyle(text.render(done, Sources()))


def test_text_shows_the_place_the_line_and_both_values(tmp_path):
    done = ran(tmp_path, "- {say: 你好, expect: {phase: final, text: 再见}}")
    path = tmp_path / "bots/a.test.yaml"
    assert (
        plain(done)
        == f"""\
{path}
  ✗ it
    {path}:4:48: the text is not as expected
      |
    4 |       - {{say: 你好, expect: {{phase: final, text: 再见}}}}
      |                                                  ^~~~
    expected: 再见
    got:      你好"""
    )


def test_text_shows_long_texts_as_a_difference(tmp_path):
    got = LONG.replace("line 100", "another line")
    steps = f"- say: hi\n  agent: [{json.dumps(got)}]\n  expect: {{answer: {json.dumps(LONG)}}}"
    shown = plain(ran(tmp_path, steps)).splitlines()
    assert "    - line 100" in shown
    assert "    + another line" in shown
    assert len(shown) < 20


@pytest.mark.parametrize(("lines", "said"), [(200, "… 139 more lines"), (62, "… 1 more line")])
def test_text_cuts_what_is_endless(tmp_path, lines, said):
    long = "\n".join(LONG.splitlines()[:lines])
    steps = f"- say: hi\n  agent: [{json.dumps(long)}]\n  expect: {{answer: {{contains: x}}}}"
    shown = plain(ran(tmp_path, steps)).splitlines()
    assert shown[-1].strip() == said


def test_text_tells_what_the_bot_warned_of(tmp_path):
    done = ran(
        tmp_path,
        "- {say: hi, expect: {phase: final}}",
        "agent: [{error: 'broken\\e[31m'}]\n".replace("'", '"'),
    )
    assert "log: a: turn" in plain(done)
    assert "\x1b" not in plain(done)


def test_text_shows_problems_and_counts(tmp_path):
    done = ran(tmp_path, "- sya: hi")
    assert "unknown key `sya`" in plain(done)
    assert text.tests_summary(done, 0.1) == "0 cases: 0 passed, 1 problem, 0 s played in 0.1 s"
    done = ran(tmp_path, "- {say: hi, expect: {phase: error}}")
    assert text.tests_summary(done, 0.1) == "1 case: 0 passed, 1 failed, 0 s played in 0.1 s"


def test_json_has_places_and_values(tmp_path):
    told = json.loads(records.render(ran(tmp_path, "- {say: hi, expect: {text: ho}}")))
    assert (told["passed"], told["failed"], told["problems"]) == (0, 1, [])
    (each,) = told["cases"]
    assert (each["bot"], each["name"], each["passed"], each["line"], each["column"]) == (
        "a",
        "it",
        False,
        2,
        11,
    )
    (failure,) = each["failures"]
    assert (failure["line"], failure["column"], failure["pointer"]) == (4, 34, "/cases/0/steps/0/expect/text")
    assert (failure["expected"], failure["got"]) == ("ho", "hi")


def test_json_has_problems(tmp_path):
    told = json.loads(records.render(ran(tmp_path, "- sya: hi")))
    assert [problem["code"] for problem in told["problems"]] == ["schema.unknown-key"]
    assert told["cases"] == []


@pytest.mark.parametrize("said", ["ho", "\\x00 ]]> <&> \\ud83d"])
def test_junit_is_xml_whatever_is_said(tmp_path, said):
    steps = f'- say: hi\n  agent: ["{said}"]\n- {{say: hi, expect: {{text: x}}, agent: ["{said}"]}}'
    done = ran(tmp_path, steps)
    root = ET.fromstring(junit.render(done).encode())
    assert root.get("failures") == str(done.failed)


def test_junit_has_cases_failures_and_errors(tmp_path):
    good = folder(
        tmp_path,
        "cases:\n- {name: one, steps: [{say: a}]}\n- {name: two, steps: [{say: a, expect: {text: b}}]}\n",
    )
    broken = good.with_name("b.test.yaml")
    broken.write_text("cases: 1\n")
    root = ET.fromstring(junit.render(run([good, broken])).encode())
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "1")
    one, two = root.findall("testsuite[@name='a']/testcase")
    assert (one.get("name"), list(one)) == ("one", [])
    assert f"{good}:3:" in two.find("failure").text
    assert root.find("testsuite[@name='problems']/testcase/error").get("type") == "schema.type"
