"""Whatever stands in a file: it is read, or refused with problems, with either parser."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imbot.config import yamlfile
from imbot.config.yamlfile import read_yaml
from imbot.errors import ConfigError

PIECES = [
    "a",
    "b: ",
    "c:\n",
    "\n",
    "  ",
    "\t",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&x ",
    "*x",
    "<<: ",
    "<<X:-",
    ">>",
    "!",
    "!!str ",
    "!<",
    ">-\n",
    "'",
    '"',
    "#",
    " #",
    "%",
    "@",
    "`",
    "\\",
    "\\u12",
    "\\ud83d",
    "\\U7fffffff",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\r",
    "\r\n",
    "\x85",
    "\u2028",
    "\ufeff",
    "😀",
    "：",
    "{{ x }}",
    "{% ",
    "0",
    "~",
    ".inf",
    "0x",
    "1e9",
    "=",
    "\x00",
    "\ue000",
]
TEXTS = st.lists(st.sampled_from([*PIECES, "|"]), max_size=25).map("".join) | st.text(max_size=40)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufeff\ufffe\uffff")
    )
    | st.text("\0\x01\t\n\r\"'\\/ :#{}[],&*!|>%@`~<", max_size=8),
    lambda kids: (
        st.lists(kids, max_size=3) | st.dictionaries(st.text("ab/~好 :#<", max_size=5), kids, max_size=3)
    ),
    max_leaves=8,
)
# the fixture only says which parser, the same for every example
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def parser(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(yamlfile, "_events", yamlfile._python_events)


def assert_sound(data):
    """A result that JSON can say with places that fit, or problems inside the file; never anything else."""
    try:
        file = read_yaml(data, "a.yaml")
    except ConfigError as error:
        lines = data.count(b"\n") + data.count(b"\r") + 1
        for problem in error.problems:
            assert 1 <= problem.line <= lines
            assert (problem.line, problem.column) <= (problem.end_line, problem.end_column)
            assert problem.message
            assert problem.hint
        return
    assert json.loads(json.dumps(file.value, allow_nan=False)) == file.value
    assert all(
        (span.line, span.column) <= (span.end_line, span.end_column) for span in file.marks.values.values()
    )
    assert all(at.rpartition("/")[0] in file.marks.values for at in file.marks.values)


@FUZZ
@given(TEXTS)
def test_no_text_crashes(text):
    assert_sound(text.encode())


@FUZZ
@given(st.binary(max_size=60))
def test_no_bytes_crash(data):
    assert_sound(data)


@FUZZ
@given(st.dictionaries(st.text("ab/~好 :#<", max_size=5), JSON, max_size=3), st.sampled_from([None, 2]))
def test_json_means_in_yaml_what_it_means_in_json(thing, indent):
    text = json.dumps(thing, ensure_ascii=False, indent=indent)
    assert read_yaml(text.encode(), "a.yaml").value == thing
