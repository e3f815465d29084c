import pytest

from imbot.check.lints.ignores import without_ignored
from imbot.errors import Problem
from imbot.problems.sources import Sources


def left(tmp_path, text, *at, complete=True, name="a.yaml", severity="warning", code="placeholder.near-miss"):
    """What is left of problems in these lines, as line and code."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    problems = [Problem(str(path), line, 1, line, 2, "", code, severity, "doubtful") for line in at]
    found = sorted(without_ignored(problems, {str(path): complete}, Sources()))
    return [(problem.line, problem.column, problem.code) for problem in found]


NEAR = "placeholder.near-miss"


def test_a_comment_silences_its_line(tmp_path):
    text = f"title: x  # imbot: ignore {NEAR}\nname: y\n"

    assert left(tmp_path, text, 1, 2) == [(2, 1, NEAR)]


def test_a_comment_on_a_line_of_its_own_silences_the_next(tmp_path):
    text = f"# imbot: ignore {NEAR}\n# why\ntitle: x\nname: y\n"

    assert left(tmp_path, text, 3, 4) == [(4, 1, NEAR)]


def test_a_comment_names_several_codes(tmp_path):
    text = f"title: x  # imbot:ignore throttle.quota, {NEAR}\n"

    assert left(tmp_path, text, 1) == [(1, 26, "ignore.unused")]


def test_an_error_cannot_be_silenced_and_the_comment_is_told_so(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("title: 1  # imbot: ignore schema.type\n")
    error = Problem(str(path), 1, 8, 1, 9, "/title", "schema.type", "error", "wrong")

    kept, told = sorted(
        without_ignored([error], {str(path): True}, Sources()), key=lambda problem: problem.severity
    )

    assert kept == error
    assert "cannot be silenced" in told.message


@pytest.mark.parametrize(
    ("code", "says", "hint"),
    [
        ("throttle.quotta", "no problem has the code", "did you mean `throttle.quota`?"),
        ("throttle.quota", "there is no `throttle.quota` here", "remove this comment"),
    ],
)
def test_a_comment_that_silences_nothing_is_a_problem(tmp_path, code, says, hint):
    path = tmp_path / "a.yaml"
    path.write_text(f"title: 你好  # imbot: ignore {code}\n", encoding="utf-8")

    (told,) = without_ignored([], {str(path): True}, Sources())

    assert (told.code, told.severity, told.line, told.column) == ("ignore.unused", "warning", 1, 28)
    assert says in told.message
    assert told.hint == hint


def test_a_comment_is_not_called_idle_while_not_all_is_known(tmp_path):
    assert left(tmp_path, f"title: x  # imbot: ignore {NEAR}\n", complete=False) == []


@pytest.mark.parametrize(
    "text",
    [
        f'title: "x # imbot: ignore {NEAR}"\n',
        f"title: |\n  x\n  # imbot: ignore {NEAR}\n  y\n",
        f"title: x# imbot: ignore {NEAR}\n",
        f"title: x  # imbot: ignored {NEAR}\n",
    ],
)
def test_what_is_no_comment_silences_nothing(tmp_path, text):
    assert left(tmp_path, text, 1, 3) == [(1, 1, NEAR), (3, 1, NEAR)]


def test_a_template_has_comments_of_its_own(tmp_path):
    text = "{# imbot: ignore file.unused #}\n{{ answer }}\n"

    assert left(tmp_path, text, 1, name="a.j2", code="file.unused") == []
