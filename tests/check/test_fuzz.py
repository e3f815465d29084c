"""The whole check, given anything: it ends in time with few problems, all in their files, and tells no secret."""

import json
import time
from pathlib import Path

import pytest
from botfolder import write
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from planted import SECRET

from imbot.check.check import check
from imbot.config import schema
from imbot.config.yamlfile import read_yaml
from imbot.config.yamlfile.lines import Lines
from imbot.problems import github, records, sarif, text
from imbot.problems.sources import Sources

SECONDS = 5
MOST = 3
BOT = f"""\
# a bot with a secret in plain text
type: dingtalk-stream
title: 客服 👍
credentials: {{client_id: ding1, client_secret: {SECRET}}}
agent:
  type: openai
  base_url: http://x.cn/v1
  api_key: {SECRET}
  model: m
  headers: {{Authorization: Bearer {SECRET}}}
timeouts: {{idle: 5m}}
throttle: {{pace: fixed, interval: 2s, chunks: 5}}
texts:
  busy: 请稍等
feedback:
  buttons:
    - {{label: 👍, rating: good}}
    - {{label: 👎, rating: bad}}
card:
  vars: {{hotline: 400-000}}
  templates:
    final: {{file: cards/final.yaml}}
    error:
      msgContent: "{{{{ error }}}} {{{{ vars.hotline }}}}"
"""
LAYOUT = """\
msgTitle: "{{ question }}"
msgContent: |
  {% for source in citations %}
  - {{ source.title | default('?') }}
  {% endfor %}
  {{ answer }} {% if vars.hotline %}{{ vars.hotline }}{% endif %}
msgButtons: "{{ buttons }}"
"""
PARTS = [
    "bot",
    *(f"{group}/{name}" for group in ("types", "agents", "cards") for name in schema.names(group)),
]
NODES = [node for part in PARTS for node in schema.editor.walk(schema.source(part))]
KEYS = sorted({key for node in NODES for key in node.get("properties", {})})
WORDS = sorted({word for node in NODES for word in node.get("enum", ()) if isinstance(word, str)})
ODD = [
    None, True, 0, -1, 1.5, 10**20, "", " ", "<<", "<<X>>", "<<X:-", "{{", "{{ x }}", "{% if %}", "长" * 50, "../x",
    "cards/final.yaml", "5 s", "\u2028", "\ud800".encode("utf-8", "replace").decode(), "<<Y:-b>>", [], {}, ["a"],
]  # fmt: skip
SCALARS = st.sampled_from([*WORDS, *(value for value in ODD if not isinstance(value, list | dict))])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)
SIGNS = st.sampled_from(
    [*"\"'{}[]:,#&*!|>%@`-?~ \t\n\r<=\\", "\0", "：", "\ufeff", "\x85", "  ", ": ", "- ", "<<", "{{", "%}"]
)
BOUNDED = settings(
    derandomize=True,
    max_examples=120,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def looked(tmp_path, monkeypatch):
    """Checks a folder with these files; the problems, after everything that must hold of any."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("X", SECRET)
    folder = write(tmp_path / "bots", {"a.yaml": BOT, "cards/final.yaml": LAYOUT})

    def look(files):
        write(folder, {"a.yaml": BOT, "cards/final.yaml": LAYOUT, **files})
        sources = Sources()
        began = time.process_time()
        report = check([folder.relative_to(tmp_path)], sources)
        assert time.process_time() - began < SECONDS
        shown = [
            text.render(report, sources),
            records.render(report),
            github.render(report),
            sarif.render(report),
        ]
        assert not any(SECRET in form for form in shown), shown[0]
        for problem in report.problems:
            inside(problem)
        return [problem for problem in report.problems if problem.severity == "error"]

    return look


def inside(problem):
    """A problem's place lies in its file, the end not before the beginning."""
    path = Path(problem.path)
    content = path.read_bytes().decode("utf-8-sig", "replace") if path.is_file() else ""
    lines = Lines(content)
    for line, column in ((problem.line, problem.column), (problem.end_line, problem.end_column)):
        assert 1 <= line <= content.count("\n") + content.count("\r") + 1, problem
        assert 1 <= column <= len(lines.line(line)) + 2, problem
    assert (problem.end_line, problem.end_column) >= (problem.line, problem.column), problem


def places(value, at=()):
    """The way to every value in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from places(item, (*at, key))


def put(value, way, item):
    for key in way[:-1]:
        value = value[key]
    value[way[-1]] = item


def test_what_is_fuzzed_is_sound(looked):
    assert looked({}) == []


FILES = {"a.yaml": BOT, "cards/final.yaml": LAYOUT}
WAYS = [
    (name, way) for name, content in FILES.items() for way in places(read_yaml(content.encode(), name).value)
]


@given(place=st.sampled_from(WAYS), value=SCALARS)
@BOUNDED
def test_one_wrong_value_makes_few_problems(looked, place, value):
    name, way = place
    whole = read_yaml(FILES[name].encode(), name).value
    put(whole, way, value)

    found = looked({name: json.dumps(whole, ensure_ascii=False, indent=1)})

    assert len(found) <= MOST, [str(problem) for problem in found]


@given(place=st.sampled_from(WAYS), value=VALUES)
@BOUNDED
def test_any_value_in_any_place_is_judged(looked, place, value):
    name, way = place
    whole = read_yaml(FILES[name].encode(), name).value
    put(whole, way, value)
    looked({name: json.dumps(whole, ensure_ascii=False, indent=1)})


@given(value=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5))
@BOUNDED
def test_any_mapping_is_judged_as_a_bot_and_as_a_layout(looked, value):
    looked({"a.yaml": json.dumps(value, ensure_ascii=False)})
    looked({"cards/final.yaml": json.dumps(value, ensure_ascii=False)})


@given(
    name=st.sampled_from(sorted(FILES)),
    at=st.integers(0, 600),
    cut=st.integers(0, 3),
    sign=SIGNS | st.just(""),
)
@BOUNDED
def test_a_slip_of_the_hand_makes_few_problems(looked, name, at, cut, sign):
    content = FILES[name]
    at %= len(content)

    found = looked({name: content[:at] + sign + content[at + cut :]})

    assert len(found) <= MOST, [str(problem) for problem in found]


@given(name=st.sampled_from(sorted(FILES)), at=st.integers(0, 600), junk=st.binary(max_size=4))
@BOUNDED
@example(name="a.yaml", at=40, junk=b"\xff\xfe")
def test_bytes_that_are_no_text_are_told(looked, name, at, junk):
    content = FILES[name].encode()
    at %= len(content)
    looked({name: content[:at] + junk + content[at:]})


WORDS_OF_TEMPLATES = (
    "{{ }} {% %} {# #} | ( ) [ ] answer vars .x for in if endif endfor set = ' 'a' 1 * ** ~ + include 'b.j2' macro "
    "raw - loop.index range(9) default join buttons citations _x self not is string 长"
)


@given(pieces=st.lists(st.sampled_from(WORDS_OF_TEMPLATES.split()), max_size=14))
@BOUNDED
def test_any_template_is_judged(looked, pieces):
    layout = {"msgContent": " ".join(pieces), "msgButtons": "{{" + "".join(pieces) + "}}"}

    found = looked({"cards/final.yaml": json.dumps(layout, ensure_ascii=False)})

    assert len(found) <= MOST, [str(problem) for problem in found]
