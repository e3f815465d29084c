import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imbot.config.placeholders import (
    NearMiss,
    Placeholder,
    PlaceholderError,
    near_misses,
    parse_placeholders,
    placeholder_span,
    resolve,
)
from imbot.config.yamlfile import read_yaml
from imbot.errors import Span

ENVIRON = {"HOST": "bot.example", "PORT": "8080", "EMPTY": "", "LOOP": "<<HOST>>", "ODD": "a\"'#: {}$%\\\n0"}
FILES = {"key": "s3cret\n", "two": "a\n\n", "crlf": "b\r\n", "bare": "c\r", "empty": "\n", "a b:c": "spaced"}


def read_file(path):
    if path == "locked":
        raise PermissionError(13, "Permission denied", "/somewhere/locked")
    if path == "binary":
        return b"\xff".decode()
    if path not in FILES:
        raise FileNotFoundError(2, "No such file")
    return FILES[path]


def resolved(text):
    return resolve(text, ENVIRON, read_file)


def refusal(text):
    with pytest.raises(PlaceholderError) as caught:
        resolved(text)
    return caught.value


# -- finding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source", "name", "default", "message"),
    [
        ("<<NAME>>", "env", "NAME", None, None),
        ("<<_n4>>", "env", "_n4", None, None),
        ("<<env:NAME>>", "env", "NAME", None, None),
        ("<<NAME:-x>>", "env", "NAME", "x", None),
        ("<<NAME:->>", "env", "NAME", "", None),
        ("<<NAME:-a: b #c, {d} <e> :-f :?g 好>>", "env", "NAME", "a: b #c, {d} <e> :-f :?g 好", None),
        ("<<NAME:?set it>>", "env", "NAME", None, "set it"),
        ("<<NAME:?>>", "env", "NAME", None, ""),
        ("<<file:keys/api key.txt>>", "file", "keys/api key.txt", None, None),
        ("<<file:C:\\keys\\api>>", "file", "C:\\keys\\api", None, None),
        ("<<file:/run/key:-x>>", "file", "/run/key", "x", None),
        ("<<file:/run/key:?mount it>>", "file", "/run/key", None, "mount it"),
        ("<<file>>", "env", "file", None, None),
    ],
)
def test_a_placeholder_is_found(text, source, name, default, message):
    assert parse_placeholders(text) == [Placeholder(source, name, default, message, 0, len(text))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<",
        "<<",
        "<<>>",
        "<<1A>>",
        "<<A-B>>",
        "<< A >>",
        "<<A>",
        "<A>>",
        "<<A",
        "<<名字>>",
        "<<A:x>>",
        "<<env:>>",
        "<<file:>>",
        "<<file: x>>",
        "<<A:-b\nc>>",
        "<<env:A.B>>",
        "<<$A>>",
        "cout << A >> B",
        "<<A\n>>",
    ],
)
def test_anything_else_is_text(text):
    assert "".join(parse_placeholders(text)) == text


def test_several_placeholders_stand_between_texts():
    pieces = parse_placeholders("http://<<HOST>>:<<PORT:-80>>/")
    assert [piece if isinstance(piece, str) else piece.name for piece in pieces] == [
        "http://",
        "HOST",
        ":",
        "PORT",
        "/",
    ]
    assert [(piece.start, piece.end) for piece in pieces if isinstance(piece, Placeholder)] == [
        (7, 15),
        (16, 28),
    ]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("<<<<", ["<<"]),
        ("<<<<A>>", ["<<A>>"]),
        ("a<<<<b<<<<c", ["a<<b<<c"]),
        ("<<<<<<A>>", ["<<", "A"]),
        ("<<<A>>", ["<", "A"]),
        ("<<A>><<<<<<A>>>>", ["A", "<<", "A", ">>"]),
        ("<<A:-x>>>", ["A", ">"]),
    ],
)
def test_four_signs_are_a_literal_two(text, pieces):
    assert [piece if isinstance(piece, str) else piece.name for piece in parse_placeholders(text)] == pieces


def test_placeholders_do_not_nest():
    pieces = parse_placeholders("<<A:-<<B>>>>")
    assert [piece if isinstance(piece, str) else piece.name for piece in pieces] == ["<<A:-", "B", ">>"]


@given(
    st.lists(st.sampled_from(["<<", ">>", "<", ">", "A", "env:", "file:", ":-", ":?", " ", "\n", "好"])).map(
        "".join
    )
)
def test_pieces_cover_the_text(text):
    assume("<<<" not in text)
    pieces = parse_placeholders(text)
    assert (
        "".join(piece if isinstance(piece, str) else text[piece.start : piece.end] for piece in pieces)
        == text
    )
    for piece in pieces:
        if isinstance(piece, Placeholder):
            assert len(parse_placeholders(text[piece.start : piece.end])) == 1


# -- near misses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "end", "hint"),
    [
        ("a << NAME >> b", 2, 12, "without spaces"),
        ("<<NAME >>", 0, 9, "without spaces"),
        ("<< NAME:-x>>", 0, 12, "without spaces"),
        ("<<file: key>>", 0, 13, "without spaces"),
        ("<<env: NAME>>", 0, 13, "without spaces"),
        ("<<env:na-me>>", 0, 13, "letters"),
        ("<<na-me>>", 0, 9, "letters"),
        ("<<llm.key>>", 0, 11, "letters"),
        ("<<1ST>>", 0, 7, "digit"),
        ("<<$NAME>>", 0, 9, "bare name"),
        ("<<${NAME}>>", 0, 11, "bare name"),
        ("<<NAME:x>>", 0, 10, ":-default"),
        ("<<NAME=x>>", 0, 10, ":-default"),
        ("<<secret:key>>", 0, 14, "file:PATH"),
        ("<<>>", 0, 4, "add a name"),
        ("<<file:>>", 0, 9, "add a name"),
        ("<<NAME>", 0, 7, "end it"),
        ("<<NAME:-x>", 0, 10, "end it"),
        ("<<NAME", 0, 6, "end it"),
        ("<<file:key", 0, 10, "end it"),
        ("x <NAME>> y", 2, 9, "begin it"),
        ("＜＜NAME＞＞", 0, 8, "ASCII signs"),
        ("《《NAME》》", 0, 8, "ASCII signs"),
        ("$SECRET", 0, 7, "<<NAME>>"),
        ("$env:SECRET", 0, 11, "<<NAME>>"),
        ("Bearer $KEY", 7, 11, "<<NAME>>"),
        ("http://${HOST}/v1", 7, 14, "<<NAME>>"),
        ("$(KEY)", 0, 6, "<<NAME>>"),
        ("%SECRET%", 0, 8, "<<NAME>>"),
        ("{{ env.X }}", 0, 11, "<<NAME>>"),
        ("{{ env('X') }}", 0, 14, "<<NAME>>"),
        ("{{ API_KEY }}", 0, 13, "<<NAME>>"),
        ("${{ secrets.KEY }}", 0, 18, "<<NAME>>"),
        ("os.environ/KEY", 0, 14, "<<NAME>>"),
        ("env:KEY", 0, 7, "<<NAME>>"),
        ("<<A:-<<B>>>>", 0, 12, "nest"),
        ("<<file:a:?<<>>", 0, 14, "nest"),
    ],
)
def test_a_near_miss_is_found_with_its_cure(text, start, end, hint):
    (miss,) = near_misses(text)
    assert (miss.start, miss.end) == (start, end)
    assert hint in miss.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        "<<NAME>>",
        "<<NAME:-a b>>",
        "<<<<NAME>>",
        "1 << 2",
        "<<西游记>>",
        "<<Harry Potter>>",
        "《西游记》",
        "costs $5 or 5$",
        "US$ are $dollars here",
        "pa$$word%1",
        "100%",
        "50% of 80%",
        "{{ answer }}",
        "the environment",
        "http://h/v1?x=%20",
        "cat <<EOF\nx\nEOF",
        "<b>bold</b>",
        "a >> b",
        "<<<<",
        "x << y",
    ],
)
def test_other_text_is_no_near_miss(text):
    assert near_misses(text) == []


def test_near_misses_come_in_order():
    text = "<<NAME> <<A>> << B >>"
    assert [text[miss.start : miss.end] for miss in near_misses(text)] == ["<<NAME>", "<< B >>"]


@pytest.mark.parametrize("part", ["<<A:-", ":-", "<<", " ", "A", "<<file:", "<<A ", "- ", "<", "《《A"])
def test_long_texts_take_no_time(part):
    text = "<<A" + part * (200_000 // len(part))
    began = time.process_time()
    parse_placeholders(text)
    near_misses(text)
    assert time.process_time() - began < 3


# -- resolving -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "result", "whole", "secret"),
    [
        ("plain", "plain", False, False),
        ("", "", False, False),
        ("<<PORT>>", "8080", True, False),
        ("https://<<HOST>>:<<env:PORT>>/", "https://bot.example:8080/", False, False),
        ("<<HOST>><<PORT>>", "bot.example8080", False, False),
        ("<<NONE:-x y>>", "x y", True, False),
        ("<<NONE:->>", "", True, False),
        ("<<EMPTY:-x>>", "x", True, False),
        ("<<PORT:-x>>", "8080", True, False),
        ("<<PORT:?set it>>", "8080", True, False),
        ("<<<<PORT>>", "<<PORT>>", False, False),
        ("<<file:key>>", "s3cret", True, True),
        ("Bearer <<file:key>>", "Bearer s3cret", False, True),
        ("<<file:two>>", "a\n", True, True),
        ("<<file:crlf>>", "b", True, True),
        ("<<file:bare>>", "c\r", True, True),
        ("<<file:a b:c>>", "spaced", True, True),
        ("<<file:none:-x>>", "x", True, True),
        ("<<file:empty:-x>>", "x", True, True),
        ("<<ODD>>", ENVIRON["ODD"], True, False),
    ],
)
def test_placeholders_are_replaced(text, result, whole, secret):
    found = resolved(text)
    assert (found.text, found.whole, found.secret) == (result, whole, secret)


def test_a_value_that_looks_like_a_placeholder_stays_text():
    assert resolved("<<LOOP>>").text == "<<HOST>>"
    assert resolved("<<NONE:-<HOST>>").text == "<HOST"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("<<NONE>>", "placeholder.unset", "environment variable NONE is not set"),
        ("<<EMPTY>>", "placeholder.unset", "environment variable EMPTY is empty"),
        (
            "<<NONE:?ask the operator>>",
            "placeholder.unset",
            "environment variable NONE is not set: ask the operator",
        ),
        ("<<file:none>>", "placeholder.unset", "file none does not exist"),
        ("<<file:empty>>", "placeholder.unset", "file empty is empty"),
        ("<<file:locked>>", "placeholder.unreadable", "file locked cannot be read: Permission denied"),
        ("<<file:locked:-x>>", "placeholder.unreadable", "file locked cannot be read: Permission denied"),
        ("<<file:binary>>", "placeholder.unreadable", "file binary is not UTF-8 text"),
    ],
)
def test_what_cannot_be_resolved_is_named(text, code, words):
    error = refusal(text)
    assert (error.code, error.message, str(error)) == (code, words, words)
    assert error.hint
    assert error.placeholder == parse_placeholders(text)[0]


def test_a_variable_that_is_no_text_is_refused():
    with pytest.raises(PlaceholderError) as caught:
        resolve("<<RAW>>", {"RAW": "k\udcff"}, read_file)
    assert caught.value.code == "placeholder.unreadable"


def test_values_and_defaults_stay_out_of_reprs_and_errors():
    assert "s3cret" not in repr(resolved("x <<file:key>>"))
    assert "s3cret" not in repr(parse_placeholders("<<NAME:-s3cret>>"))
    error = refusal("<<NAME:-s3cret>> <<NONE>>")
    assert "s3cret" not in f"{error!r} {error.hint}"


# -- placing -------------------------------------------------------------------------------------


def place(text, nth=0):
    file = read_yaml(text.encode(), "a.yaml")
    found = [piece for piece in parse_placeholders(file.value["a"]) if isinstance(piece, Placeholder)][nth]
    return placeholder_span(found, file.value["a"], file.text, file.marks.values["/a"])


@pytest.mark.parametrize(
    ("text", "nth", "span"),
    [
        ("a: <<X>>\n", 0, Span(1, 4, 1, 9)),
        ("a: 好<<X>>😀<<Y>>\n", 1, Span(1, 11, 1, 16)),
        ("a: 好<<X>><<X>>\n", 1, Span(1, 10, 1, 15)),
        ("a: 'it''s <<X>>'\n", 0, Span(1, 11, 1, 16)),
        ('a: "\\t\\u597d <<X>>"\n', 0, Span(1, 14, 1, 19)),
        ("a: &k !!str <<X>>\n", 0, Span(1, 13, 1, 18)),
        ("a: <<<<X>><<X>>\n", 0, Span(1, 11, 1, 16)),
        ("a: |\r\n  b\r\n  好<<X:-y z>>\r\n", 0, Span(3, 4, 3, 14)),
        ("a: >-\n  b\n  <<X>>\n  <<Y>>\n", 1, Span(4, 3, 4, 8)),
        ("a: b\n  <<X>>\n", 0, Span(2, 3, 2, 8)),
    ],
)
def test_a_placeholder_is_found_in_its_file(text, nth, span):
    assert place(text, nth) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ('a: "\\x3c<X>>"\n', Span(1, 4, 1, 14)),
        ("a: <<X:-y\n  z>>\n", Span(1, 4, 2, 6)),
        ("b: &k <<X>>\na: *k\n", Span(2, 4, 2, 6)),
    ],
)
def test_what_the_file_does_not_show_as_it_is_stands_at_its_value(text, span):
    assert place(text) == span


def test_a_near_miss_is_placed_too():
    assert placeholder_span(NearMiss(2, 9, ""), "x << A >>", "k: x << A >>\n", Span(1, 4, 1, 13)) == Span(
        1, 6, 1, 13
    )
