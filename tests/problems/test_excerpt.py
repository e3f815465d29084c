import pytest

from imbot.errors import Problem
from imbot.problems.excerpt import excerpt
from imbot.problems.sources import Sources
from imbot.text.width import width


def shown(tmp_path, text, line, column, end_column, *, name="a.j2", end_line=None):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    problem = Problem(
        str(path), line, column, end_line or line, end_column, "", "schema.type", "error", "wrong"
    )
    return excerpt(problem, Sources())


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("title: wrong", "wrong"),
        ("你好: wrong", "wrong"),
        ("title: 你好 # 错误", "错误"),
        ('"😀👍": wrong', "wrong"),
        ("a\tb: wrong", "wrong"),
        ("e\u0301: wrong", "wrong"),
        ("title：wrong", "："),
    ],
)
def test_the_caret_is_under_the_right_characters(tmp_path, line, word):
    column = line.index(word) + 1
    found = shown(tmp_path, f"# one\r\n{line}\r\n", 2, column, column + len(word))

    assert found.number == 2
    assert (found.caret, found.length) == (width(found.line[: found.line.index(word)]), width(word))


def test_a_tab_is_shown_as_spaces(tmp_path):
    found = shown(tmp_path, "a:\n\tb: c\n", 2, 1, 2)

    assert (found.line, found.caret, found.length) == ("    b: c", 0, 4)


def test_a_place_over_several_lines_is_marked_where_it_begins(tmp_path):
    found = shown(tmp_path, "agent:\n  type: echo\n  x: y\n", 2, 3, 7, end_line=3)

    assert (found.line, found.caret, found.length) == ("  type: echo", 2, 1)


def test_a_place_behind_the_end_of_its_line_is_marked_there(tmp_path):
    found = shown(tmp_path, "abc\n", 1, 4, 4)

    assert (found.line, found.caret, found.length) == ("abc", 3, 1)


@pytest.mark.parametrize("at", [(1, 1, 1), (9, 1, 2), (2, 1, 1)])
def test_what_has_no_line_shows_none(tmp_path, at):
    assert shown(tmp_path, "abc\n\n", *at) is None


def test_a_file_that_is_not_there_shows_none(tmp_path):
    problem = Problem(str(tmp_path / "no\0where"), 1, 2, 1, 3, "", "file.missing", "error", "wrong")

    assert excerpt(problem, Sources()) is None


@pytest.mark.parametrize("column", [1, 5_000, 100_000])
def test_a_long_line_is_cut_around_the_caret(tmp_path, column):
    found = shown(tmp_path, "a" * (column - 1) + "你" + "b" * (100_000 - column), 1, column, column + 1)

    assert width(found.line) <= 122
    assert found.line.endswith("…") is (column < 100_000)
    at = found.line.index("你")
    assert (found.caret, found.length) == (at, 2)


def test_a_long_mark_stays_within_the_line(tmp_path):
    found = shown(tmp_path, "a" * 1000, 1, 500, 900)

    assert found.caret + found.length <= 121


def test_control_characters_are_written_out(tmp_path):
    found = shown(tmp_path, "a\x1b[31m\u202eb wrong\n", 1, 10, 15)

    assert found.line == r"a\x1b[31m\u202eb wrong"
    assert found.line[found.caret : found.caret + found.length] == "wrong"


def test_a_file_of_another_encoding_shows_its_line(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("title: 智能\n".encode("gbk"))
    problem = Problem(str(path), 1, 8, 1, 9, "", "yaml.encoding", "error", "wrong")

    found = excerpt(problem, Sources())

    assert found.line.startswith("title: \ufffd")
    assert (found.caret, found.length) == (7, 1)


def test_a_secret_is_a_mask_and_the_caret_stands_under_it(tmp_path):
    text = "credentials: {client_id: a, client_secret: hunter2-hunter2, robot_code: x}\n"
    found = shown(tmp_path, text, 1, 44, 59, name="a.yaml")

    assert found.line == "credentials: {client_id: a, client_secret: ***, robot_code: x}"
    assert found.line[found.caret : found.caret + found.length] == "***"


def test_behind_a_secret_the_caret_moves_with_the_text(tmp_path):
    text = "credentials: {client_secret: hunter2-hunter2, robot_code: x}\n"
    found = shown(tmp_path, text, 1, text.index("robot") + 1, text.index("robot") + 11, name="a.yaml")

    assert found.line[found.caret : found.caret + found.length] == "robot_code"
