import contextlib
import json
import time

import pytest

from imbot.config import yamlfile
from imbot.config.yamlfile import MAX_DEPTH, MAX_NODES, read_yaml
from imbot.errors import ConfigError, Span


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(yamlfile, "_events", yamlfile._python_events)


def read(text):
    return read_yaml(text.encode(), "a.yaml")


def value(text):
    return read(text).value


def refusals(text):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert all(problem.path == "a.yaml" for problem in caught.value.problems)
    return [(problem.code, problem.line, problem.column) for problem in caught.value.problems]


# -- values --------------------------------------------------------------------------------------


def test_a_bot_file_becomes_plain_values():
    text = """
type: dingtalk-stream
credentials:
  client_id: <<ID>>
card: {vars: {hotline: <<HOTLINE:-400-000-0000>>}, actions: [stop, 'regenerate']}
throttle: {interval: 2s, chunks: 5}
texts:
  help: |
    {{ bot.name }}

    没有解决？
enabled: true
"""
    assert value(text) == {
        "type": "dingtalk-stream",
        "credentials": {"client_id": "<<ID>>"},
        "card": {"vars": {"hotline": "<<HOTLINE:-400-000-0000>>"}, "actions": ["stop", "regenerate"]},
        "throttle": {"interval": "2s", "chunks": 5},
        "texts": {"help": "{{ bot.name }}\n\n没有解决？\n"},
        "enabled": True,
    }


def test_json_is_yaml():
    thing = {"好": [1, -2.5, True, None, 'q"\\/\n😀'], "b": {"c": {}, "d": []}}
    assert value(json.dumps(thing, ensure_ascii=False, indent=2)) == thing


def test_keys_that_look_like_booleans_elsewhere_are_texts():
    assert value("no: 1\non: 2\n'5': 3\n") == {"no": 1, "on": 2, "5": 3}


def test_line_separators_inside_a_text_stay_in_it():
    file = read("a: x\u2028y\x85z\u2029 # c\u2028 d\nb: 1\n")
    assert file.value == {"a": "x\u2028y\x85z\u2029", "b": 1}
    assert file.marks.values["/b"] == Span(2, 4, 2, 5)


def test_byte_order_mark_and_crlf_change_neither_values_nor_places():
    plain, marked = (
        read("a: 好\nb:\n  - |\n    x\n    y\n"),
        "\ufeffa: 好\r\nb:\r\n  - |\r\n    x\r\n    y\r\n",
    )
    assert read(marked).value == plain.value
    assert read(marked).marks == plain.marks


# -- places --------------------------------------------------------------------------------------


def test_keys_and_values_are_placed_in_code_points():
    marks = read("标题: 😀你好\na:\n  - {b: 'x', c: ~}\n").marks
    assert marks.keys == {
        "/标题": Span(1, 1, 1, 3),
        "/a": Span(2, 1, 2, 2),
        "/a/0/b": Span(3, 6, 3, 7),
        "/a/0/c": Span(3, 14, 3, 15),
    }
    assert marks.values == {
        "": Span(1, 1, 3, 19),
        "/标题": Span(1, 5, 1, 8),
        "/a": Span(3, 3, 3, 19),
        "/a/0": Span(3, 5, 3, 19),
        "/a/0/b": Span(3, 9, 3, 12),
        "/a/0/c": Span(3, 17, 3, 18),
    }


def test_pointers_escape_slashes_and_tildes():
    assert read("a/b: {c~d: 1}\n").marks.values["/a~1b/c~0d"] == Span(1, 12, 1, 13)


def test_a_block_tells_where_its_text_begins():
    marks = read("a: |\n  x\n\n  y\nb:\n  - >-\n\n      z\nc: 'no block'\n").marks
    assert {at: (span.line, span.column) for at, span in marks.texts.items()} == {
        "/a": (2, 3),
        "/b/0": (7, 7),
    }


# -- aliases and merges --------------------------------------------------------------------------


def test_an_alias_repeats_a_value_of_its_own():
    thing = value("a: &x {b: [1]}\nc: *x\n")
    assert thing == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert thing["a"]["b"] is not thing["c"]["b"]


def test_a_key_may_have_an_anchor():
    assert value("&x a: 1\nb: *x\n") == {"a": 1, "b": "a"}


def test_an_alias_stands_where_it_is_written():
    marks = read("a: &x {b: [1]}\nc: *x\n").marks
    assert yamlfile.span_at(marks, "/c/b/0") == Span(2, 4, 2, 6)


def test_an_anchor_may_be_defined_again():
    assert value("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("<<: *x\nb: 9", {"b": 9, "c": 2}),
        ("b: 9\n  <<: *x", {"b": 9, "c": 2}),
        ("<<: [*x, *y]", {"b": 1, "c": 2, "d": 4}),
        ("<<: [*y, *x]", {"b": 3, "c": 2, "d": 4}),
        ("<<: {b: 5}", {"b": 5}),
        ("<<: []", {}),
        ("'<<': *x", {"<<": {"b": 1, "c": 2}}),
    ],
)
def test_a_merge_adds_keys_that_are_not_there(text, merged):
    body = text.replace("\nb", "\n  b")
    assert value(f"x: &x {{b: 1, c: 2}}\ny: &y {{b: 3, d: 4}}\nz:\n  {body}\n")["z"] == merged


def test_a_merged_key_stands_at_the_merge():
    marks = read("x: &x {b: 1}\nz:\n  <<: *x\n").marks
    assert marks.keys["/z/b"] == marks.values["/z/b"] == Span(3, 7, 3, 9)


def test_a_placeholder_is_no_merge():
    assert value("a: <<X>>\n<<Y>>: b\n") == {"a": "<<X>>", "<<Y>>": "b"}


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "yaml.empty", 1, 1),
        ("\n \n", "yaml.empty", 1, 1),
        ("# only\n# comments\n", "yaml.empty", 1, 1),
        ("---\n", "yaml.empty", 1, 1),
        ("- a\n", "yaml.shape", 1, 1),
        ("text\n", "yaml.shape", 1, 1),
        ("5\n", "yaml.shape", 1, 1),
        ("---\na: 1\n---\nb: 2\n", "yaml.documents", 3, 1),
        ("a: 1\n---\n", "yaml.documents", 2, 1),
        ("5: a\n", "yaml.key-type", 1, 1),
        ("true: a\n", "yaml.key-type", 1, 1),
        ("~: a\n", "yaml.key-type", 1, 1),
        ("1.5: a\n", "yaml.key-type", 1, 1),
        ("a: 1\n? [b]\n: c\n", "yaml.key-type", 2, 3),
        ("a: {{b: c} : d}\n", "yaml.unquoted-template", 1, 4),
        ("a: { {b: c}: d}\n", "yaml.key-type", 1, 6),
        ("&x a: 1\n*x : 2\n", "yaml.key-type", 2, 1),
        ("a: *x\n", "yaml.alias", 1, 4),
        ("a: &x [*x]\n", "yaml.alias", 1, 8),
        ("a: *x\nb: &x 1\n", "yaml.alias", 1, 4),
        ("a: !foo 1\n", "yaml.tag", 1, 4),
        ("a: !!python/object/apply:os.system [ls]\n", "yaml.tag", 1, 4),
        ("a: !!set {b}\n", "yaml.tag", 1, 4),
        ("a: !!map [b]\n", "yaml.tag", 1, 4),
        ("a: 1e999\n", "yaml.number", 1, 4),
        ("<<: 1\n", "yaml.merge", 1, 5),
        ("a: &x 1\n<<: [*x]\n", "yaml.merge", 2, 5),
        ("{a:b}\n", "yaml.colon", 1, 2),
        ("{a:b", "yaml.colon", 1, 2),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_at_its_place(text, code, line, column):
    assert refusals(text) == [(code, line, column)]


def test_a_duplicate_key_shows_both_places():
    with pytest.raises(ConfigError) as caught:
        read("a: 1\nb:\n  c: 1\n  'c': 2\n")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column, problem.pointer) == (
        "yaml.duplicate-key",
        4,
        3,
        "/b/c",
    )
    assert "line 3, column 3" in problem.message


def test_two_merges_in_one_mapping_are_duplicates():
    assert refusals("x: &x {a: 1}\nb:\n  <<: *x\n  <<: *x\n") == [("yaml.duplicate-key", 4, 3)]


def test_problems_are_reported_together():
    text = "a: 1\na: 2\n3: b\nc: !x d\ne: .nan\nf: *g\nh: [\n"
    assert [code for code, *_ in refusals(text)] == [
        "yaml.duplicate-key",
        "yaml.key-type",
        "yaml.tag",
        "yaml.number",
        "yaml.alias",
        "yaml.syntax",
    ]


def test_a_file_of_problems_is_cut_short():
    assert len(refusals("".join("a: 1\n" for _ in range(500)))) == 20


# -- guards --------------------------------------------------------------------------------------


def nested(depth):
    return "a: " + "[" * depth + "]" * depth


def test_depth_is_bounded():
    read(nested(MAX_DEPTH - 1))
    assert refusals(nested(MAX_DEPTH)) == [("yaml.too-deep", 1, MAX_DEPTH + 3)]


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " + "{b: " * 100_000, "- " * 100_000])
def test_an_abyss_is_refused_without_a_crash(text):
    assert [code for code, *_ in refusals(text)] == ["yaml.too-deep"]


def test_depth_counts_what_aliases_hide():
    links = [f"k{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, 60)]
    assert [code for code, *_ in refusals("\n".join(["k0: &a0 {x: 1}", *links]))] == ["yaml.too-deep"]


def test_the_number_of_values_is_bounded():
    read("a: [" + "1," * (MAX_NODES - 3) + "]")
    assert [code for code, *_ in refusals("a: [" + "1," * (MAX_NODES - 2) + "]")] == ["yaml.too-many"]


@pytest.mark.parametrize(
    "use", ["[{0},{0},{0},{0},{0},{0},{0},{0},{0}]", "{{<<: [{0},{0},{0},{0},{0},{0},{0}], x: {0}}}"]
)
def test_a_bomb_of_aliases_is_refused_at_once(use):
    lines = ["k0: &a0 {y: 1}", *(f"k{n}: &a{n} " + use.format(f"*a{n - 1}") for n in range(1, 12))]
    began = time.process_time()
    (code, *_), *_ = refusals("\n".join(lines))
    assert code in ("yaml.too-many", "yaml.merge")
    assert time.process_time() - began < 1


def test_a_long_text_may_not_be_repeated_without_end():
    text = "a: &x " + "y" * 100_000 + "\nb: [" + "*x," * 20 + "]"
    assert [code for code, *_ in refusals(text)] == ["yaml.too-many"]


@pytest.mark.parametrize(
    "text", ["a: |\n" + " " * 500_000, "a: {{" + " " * 500_000, "a: <<X:-" + ":-" * 200_000]
)
def test_a_long_line_takes_no_time(text):
    began = time.process_time()
    with contextlib.suppress(ConfigError):
        read(text)
    assert time.process_time() - began < 3
