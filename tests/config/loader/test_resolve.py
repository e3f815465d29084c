import json
import os

import pytest
from botfolder import bot, one, places, spec_of, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imbot.behaviour import prepare
from imbot.model import CardContext, CardPhase
from imbot.spec import Secret

AWKWARD = [
    "'\"",
    "a # b",
    "k: v",
    "{{ x }}",
    "$HOME %s ${X}",
    "a\nb\n",
    "007",
    "12",
    "true",
    "- a",
    "<<OTHER>>",
    "~",
    "你好 😀",
]


def agent(more):
    return f"credentials: {{client_id: x, client_secret: y}}\nagent:\n  type: openai\n  base_url: http://x\n  model: m\n{more}"


@pytest.mark.parametrize("value", AWKWARD)
def test_an_awkward_value_reaches_its_place_byte_for_byte(tmp_path, value):
    spec = spec_of(
        tmp_path, bot(more="title: <<V>>\ncard: {vars: {a: '[<<V>>]'}}\n"), {"V": value, "OTHER": "x"}
    )
    assert (spec.title, spec.card.vars["a"]) == (value, f"[{value}]")


@pytest.mark.parametrize(("value", "expected"), [("5", 5), (" 7 ", 7), ("0", 0), ("007", 7)])
def test_a_whole_number_is_one_where_the_schema_wants_it(tmp_path, value, expected):
    assert spec_of(tmp_path, bot(more="history: {turns: <<N>>}\n"), {"N": value}).history.turns == expected


@pytest.mark.parametrize(("value", "expected"), [("0.5", 0.5), ("1e-1", 0.1), ("2", 2)])
def test_a_number_is_one_where_the_schema_wants_it(tmp_path, value, expected):
    settings = spec_of(tmp_path, agent("  temperature: <<N>>\n"), {"N": value}).agent.settings
    assert settings["temperature"] == expected


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("False", False)])
def test_a_boolean_is_one_where_the_schema_wants_it(tmp_path, value, expected):
    assert spec_of(tmp_path, bot(more="enabled: <<B>>\n"), {"B": value}).enabled is expected


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("enabled", "yes"),
        ("enabled", "1"),
        ("history: {turns", "5x"),
        ("history: {turns", "1_000"),
        ("history: {turns", "٥"),
        ("history: {turns", "9" * 5000),
        ("history: {turns", "1.5"),
    ],
)
def test_another_value_is_a_problem_that_does_not_show_it(tmp_path, key, value):
    end = "}" if "{" in key else ""
    file = one(tmp_path, bot(more=f"{key}: <<V>>{end}\n"), {"V": value})
    assert places(file.problems) == [(6, len(key) + 3, "placeholder.type")]
    assert f" {value}" not in file.problems[0].message


def test_a_value_out_of_range_is_a_problem_that_does_not_show_it(tmp_path):
    file = one(tmp_path, bot(more="history: {turns: <<V>>}\n"), {"V": "987654"})
    assert places(file.problems) == [(6, 18, "schema.range")]
    assert "987654" not in str(file.problems)


def test_part_of_a_text_makes_no_number(tmp_path):
    file = one(tmp_path, bot(more="history: {turns: 1<<V>>}\n"), {"V": "0"})
    assert places(file.problems) == [(6, 18, "schema.type")]


def test_defaults_apply_to_unset_and_empty_alike(tmp_path):
    more = "title: <<T:-我 们>>\nhistory: {turns: '<<N:-3>>'}\n"
    for environ in ({}, {"T": "", "N": ""}):
        spec = spec_of(tmp_path, bot(more=more), environ)
        assert (spec.title, spec.history.turns) == ("我 们", 3)


def test_a_message_of_the_author_is_shown(tmp_path):
    (problem,) = one(tmp_path, bot(more='title: "<<T:?ask Li Lei>>"\n')).problems
    assert "ask Li Lei" in problem.message


def test_four_signs_are_two(tmp_path):
    assert spec_of(tmp_path, bot(more="title: a <<<<b>> c\n")).title == "a <<b>> c"


# -- secrets


def test_values_from_files_are_secrets_with_their_last_newline_cut(tmp_path):
    write(tmp_path / "run", {"key": "s3cr3t\n", "id": "ding7\n"})
    text = agent(f"  api_key: <<file:../run/key>>\n  headers: {{a: 'Bearer <<file:{tmp_path}/run/key>>'}}\n")
    text = text.replace("client_id: x", "client_id: <<file:../run/id>>")
    text += "card: {vars: {open: <<OPEN>>, kept: <<file:../run/key>>}}\n"
    spec = spec_of(tmp_path, text, {"OPEN": "o"})
    assert spec.identity == "ding7"
    assert spec.agent.settings["api_key"] == Secret("s3cr3t")
    assert spec.agent.settings["headers"] == {"a": Secret("Bearer s3cr3t")}
    assert spec.card.vars == {"open": "o", "kept": Secret("s3cr3t")}
    assert "s3cr3t" not in repr(spec)


def test_a_free_map_of_an_agent_may_hold_secrets(tmp_path):
    write(tmp_path / "run", {"key": "s3cr3t"})
    spec = spec_of(tmp_path, agent("  body: {deep: [{key: <<file:../run/key>>}], n: 1}\n"))
    assert spec.agent.settings["body"] == {"deep": [{"key": Secret("s3cr3t")}], "n": 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "placeholder.unset"),
        (b"", "placeholder.unset"),
        (b"\xff\xfe", "placeholder.unreadable"),
        (b"x" * 1_100_000, "placeholder.unreadable"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_a_problem(tmp_path, content, code):
    if content is not None:
        write(tmp_path / "bots", {"key": content})
    file = one(tmp_path, bot().replace("s3cr3t-value", "<<file:key>>"))
    assert places(file.problems) == [(3, 18, code)]


def test_a_folder_or_pipe_is_no_secret_file(tmp_path):
    write(tmp_path / "bots", {})
    os.mkfifo(tmp_path / "bots/pipe")
    for name in ("pipe", "../bots", "/dev/zero", '"'):
        text = bot().replace("s3cr3t-value", f"'<<file:{name}>>'")
        assert [problem.line for problem in one(tmp_path, text).problems] == [3]


def test_a_name_no_file_can_have_is_no_crash(tmp_path):
    text = bot().replace("s3cr3t-value", '"<<file:a\\0b>>"')
    assert places(one(tmp_path, text).problems) == [(3, 18, "placeholder.unreadable")]


@pytest.mark.parametrize("written", ["<< KEY:-s3cr3t >>", "<<KEY:-s3cr3t>", "<<KEY|s3cr3t>>"])
def test_a_near_miss_does_not_show_what_may_be_a_secret(tmp_path, written):
    file = one(tmp_path, bot().replace("s3cr3t-value", f"'{written}'"))
    assert [code for *_, code in places(file.problems)] == ["placeholder.near-miss"]
    assert "s3cr3t" not in str(file.problems)


def test_a_default_of_the_wrong_type_is_not_shown(tmp_path):
    file = one(tmp_path, bot(more="history: {turns: '<<N:-s3cr3t>>'}\n"))
    assert [code for *_, code in places(file.problems)] == ["placeholder.type"]
    assert "s3cr3t" not in str(file.problems)


# -- whatever a file says, a load ends with problems or a spec


KEYS = st.sampled_from(
    [
        "type",
        "credentials",
        "client_id",
        "agent",
        "card",
        "kind",
        "vars",
        "templates",
        "final",
        "file",
        "name",
        "feedback",
        "buttons",
        "rating",
        "texts",
        "help",
        "throttle",
        "pace",
        "history",
        "turns",
        "knowledge",
        "x",
    ]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "echo", "faq", "ai", "markdown", "<<A>>", "<<B>>", "<<file:a.yaml>>", "<<file:b>>", "../x"]),
    st.sampled_from(["<< A >>", "{{ answer }}", "{% include 'x.j2' %}", "2s", "\0", "a" * 300, "~/x", "."]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(value=st.dictionaries(KEYS, VALUES, max_size=6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_value_makes_a_load_fail(tmp_path, value):
    for options in ({}, {"no_env": True}, {"invent": True}):
        file = one(tmp_path, json.dumps(value), {"A": "5"}, **options)
        errors = [problem for problem in file.problems if problem.severity == "error"]
        assert (file.spec is None) == bool(errors)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("false", False), ("TRUE", True), (" False ", False), ("0", "0"), ("no", "no"), ("007", "007")],
)
def test_true_and_false_are_meant_where_any_value_may_be(tmp_path, value, expected):
    spec = spec_of(
        tmp_path, bot(more="card: {vars: {on: <<V>>, deep: {list: [<<V>>]}, text: '<<V>>!'}}\n"), {"V": value}
    )

    assert spec.card.vars == {"on": expected, "deep": {"list": [expected]}, "text": f"{value}!"}


@pytest.mark.parametrize(
    ("value", "expected"), [("false", False), ("2000", 2000), ("0.5", 0.5), ("low", "low")]
)
def test_the_body_of_a_request_has_the_types_that_are_meant(tmp_path, value, expected):
    text = agent("  body: {x: <<V>>, y: '<<W:-" + value + ">>', z: 'a<<V>>'}\n").replace(
        "client_secret: y", "client_secret: none"
    )

    spec = spec_of(tmp_path, text, {"V": value})

    assert spec.agent.settings["body"] == {"x": expected, "y": expected, "z": f"a{value}"}


def test_a_default_of_false_is_false_in_a_template(tmp_path):
    more = "card: {vars: {on: <<F:-false>>}, templates: {final: {msgContent: '{% if vars.on %}on{% else %}off{% endif %}'}}}\n"
    card = prepare(spec_of(tmp_path, bot(more=more))).card

    assert card.render(CardContext(CardPhase.FINAL)).data["msgContent"] == "off"
