import pytest
from stagehands import case, folder, problems, read

from imbot.errors import ConfigError
from imbot.model import TextDelta
from imbot.testing.casefile import case_files, read_cases


def test_the_bot_is_named_by_the_file_unless_it_says_otherwise(tmp_path):
    assert read(tmp_path, case("- say: hi")).bot == "a"
    assert read(tmp_path, case("- say: hi", "bot: other\n")).bot == "other"


def test_the_nearest_script_and_latency_hold(tmp_path):
    file = read(
        tmp_path,
        """\
agent: [far]
latency: 1s
cases:
  - name: one
    steps: [{say: hi}, {say: hi, agent: [here]}]
  - name: two
    agent: [near]
    latency: 20ms
    steps: [{say: hi}]
""",
    )
    one, two = file.cases
    assert [step.script for step in (*one.steps, *two.steps)] == [
        (TextDelta("far"),),
        (TextDelta("here"),),
        (TextDelta("near"),),
    ]
    assert (one.latency_s, two.latency_s) == (1, 0.02)


def test_a_step_has_its_defaults(tmp_path):
    (step,) = read(tmp_path, case("- say: hi")).cases[0].steps
    assert (step.user, step.group, step.go_on, step.script, step.expect) == ("user", "", False, None, {})


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("- sya: hi", (4, 9, "schema.unknown-key")),
        ("- say: 12", (4, 14, "schema.type")),
        ("- send: song", (4, 15, "schema.enum")),
        ("- wait: 2", (4, 15, "schema.type")),
        ("- wait: two seconds", (4, 15, "schema.pattern")),
        ("- user: me", (4, 9, "test.one-of")),
        ("- say: hi\n  click: good", (5, 9, "test.one-of")),
        ("- click: good\n  go_on: true", (5, 9, "schema.needs")),
        ("- click: good\n  agent: [hi]", (5, 9, "schema.needs")),
        ("- say: hi\n  expect: {}", (5, 17, "schema.length")),
        ("- say: hi\n  expect: {phase: done}", (5, 25, "schema.enum")),
        ("- say: hi\n  expect: {text: {contain: a}}", (5, 25, "schema.unknown-key")),
        ("- say: hi\n  expect: {text: {contains: []}}", (5, 35, "schema.length")),
        ("- say: hi\n  expect: {text: {matches: '['}}", (5, 34, "test.regex")),
        ("- say: hi\n  expect: {card: {/a: {matches: '('}}}", (5, 39, "test.regex")),
        ("- say: hi\n  expect: {card: {a: 1}}", (5, 25, "schema.key")),
        ("- say: hi\n  expect: {updates: -1}", (5, 27, "schema.range")),
        ("- say: hi\n  expect: {total: 3s}", (5, 25, "schema.type")),
        ("- say: hi\n  expect: {total: {at_most: 3}}", (5, 35, "schema.type")),
        ("- say: hi\n  expect: {snapshot: ../a}", (5, 28, "schema.pattern")),
        ("- say: hi\n  agent: [{text: a, wait: 1s}]", (5, 27, "test.one-of")),
        ("- say: hi\n  agent: [{repeat: 2}]", (5, 18, "schema.needs")),
        ("- say: hi\n  agent: [{}]", (5, 17, "test.one-of")),
        ("- say: hi\n  agent: [{tex: a}]", (5, 18, "schema.unknown-key")),
    ],
)
def test_one_problem_for_one_mistake(tmp_path, steps, found):
    assert problems(folder(tmp_path, case(steps))) == [found]


def test_names_of_cases_and_snapshots_are_given_once(tmp_path):
    path = folder(
        tmp_path,
        """\
cases:
  - name: it
    steps:
      - {say: hi, expect: {snapshot: s}}
      - {say: hi, expect: {snapshot: s}}
  - name: it
    steps: [{say: hi}]
""",
    )
    assert problems(path) == [(5, 38, "test.same-snapshot"), (6, 11, "test.same-name")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", (1, 1, "yaml.empty")),
        ("cases: []\n", (1, 8, "schema.length")),
        ("bot: a\n", (1, 1, "schema.missing")),
    ],
)
def test_a_file_without_cases_is_a_problem(tmp_path, text, found):
    assert problems(folder(tmp_path, text)) == [found]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path):
    with pytest.raises(ConfigError) as caught:
        read_cases(tmp_path / "a.test.yaml")
    assert [problem.code for problem in caught.value.problems] == ["file.unreadable"]


def test_test_files_are_found_directly_in_a_folder(tmp_path):
    for name in ("b.test.yaml", "a.test.yaml", "a.yaml", "deep/c.test.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in case_files(tmp_path)] == ["a.test.yaml", "b.test.yaml"]
    with pytest.raises(ConfigError):
        case_files(tmp_path / "nowhere")
