from imbot.errors import Problem, Span
from imbot.log import redactor
from imbot.problems.page import page_problem
from imbot.problems.sources import Sources


def shown(tmp_path, line, first, last, message="wrong"):
    path = tmp_path / "a.yaml"
    path.write_text(f"# one\n{line}\n", encoding="utf-8")
    problem = Problem.at(str(path), Span(2, first, 2, last), "schema.enum", message)
    return page_problem(problem, Sources())


def parts(tmp_path, line, first, last):
    source = shown(tmp_path, line, first, last)["source"]
    return source["number"], source["before"], source["marked"], source["after"]


def test_the_line_is_in_three_parts(tmp_path):
    assert parts(tmp_path, "agent: echo # yes", 8, 12) == (2, "agent: ", "echo", " # yes")
    assert parts(tmp_path, "title: 小满客服", 8, 10) == (2, "title: ", "小满", "客服")


def test_a_secret_of_the_file_is_hidden(tmp_path):
    told = shown(tmp_path, "credentials: {client_secret: abcdefgh, x: y}", 40, 41)

    assert "abcdefgh" not in str(told)
    assert "***" in told["source"]["before"]


def test_a_secret_that_only_the_process_knows_is_hidden_too(tmp_path):
    redactor.hide(["known-from-elsewhere"])
    told = shown(tmp_path, "title: known-from-elsewhere", 8, 28, "not `known-from-elsewhere`")

    assert "known-from" not in str(told)
    assert told["source"]["before"] == "title: ***"
    assert told["message"] == "not `***`"


def test_what_would_turn_the_sentence_around_is_written_out(tmp_path):
    assert shown(tmp_path, "title: x", 8, 9, "a\u202eb\x1b[2J")["message"] == "a\\u202eb\\x1b[2J"


def test_a_problem_of_a_whole_file_has_no_line(tmp_path):
    gone = Problem.at(str(tmp_path / "gone.yaml"), Span(1, 1, 1, 1), "file.unreadable", "is gone")

    assert page_problem(gone, Sources())["source"] is None
