"""A defect stays with the file it came up with, and its text, which may hold a secret, is told nobody."""

import pytest

from imbot.config.loader.settling import UnsettledError
from imbot.errors import ConfigError, Span, StoreError, contained


class Panic(BaseException):
    """As an extension of another language raises it."""


@pytest.mark.parametrize(
    "error", [ValueError("sk-hunter2"), RecursionError(), SystemExit(3), Panic("sk-hunter2")]
)
def test_whatever_is_raised_becomes_a_problem_of_the_file(error, caplog):
    with (
        pytest.raises(ConfigError) as caught,
        contained("bots/a.yaml", "bot.defect", Span(3, 1, 3, 5), "/card"),
    ):
        raise error

    (problem,) = caught.value.problems
    assert (problem.path, problem.line, problem.pointer, problem.code) == (
        "bots/a.yaml",
        3,
        "/card",
        "bot.defect",
    )
    assert type(error).__name__ in problem.message
    assert "raise error" in caplog.text  # the traceback
    assert "hunter2" not in caplog.text + str(problem)


@pytest.mark.parametrize(
    "error",
    [StoreError("full"), UnsettledError("a"), FileNotFoundError(), KeyboardInterrupt(), GeneratorExit()],
)
def test_what_is_raised_on_purpose_passes(error):
    with pytest.raises(type(error)) as caught, contained("a", "file.defect", expected=(FileNotFoundError,)):
        raise error

    assert caught.value is error
