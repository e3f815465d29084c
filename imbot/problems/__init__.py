"""The problems that a check found, in formats for people and machines.

``cli.check`` prints a ``Report`` with one of these modules: ``text`` for people; ``records`` (JSON),
``github`` and ``sarif`` for machines. ``excerpt`` shows the source line of a problem, without secrets.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from imbot.errors import Problem
from imbot.text.masking import known_as
from imbot.text.sanitize import printable

ANSWER_S = 30  # the length of a typical answer, for estimates


@dataclass(frozen=True, slots=True)
class CheckedBot:
    """A bot whose file has no error; ``calls`` is the most calls of an answer of ``ANSWER_S`` seconds."""

    name: str
    path: str
    type: str
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check: problems sorted by place, bots without errors, and the number of bot files."""

    problems: tuple[Problem, ...]
    bots: tuple[CheckedBot, ...]
    files: int

    def count(self, severity: str) -> int:
        """How many problems are errors, or warnings."""
        return sum(problem.severity == severity for problem in self.problems)


def only_unset(problems: Iterable[Problem]) -> bool:
    """Whether nothing is wrong but that variables are not set: the bot waits for them."""
    return {problem.code for problem in problems if problem.severity == "error"} == {"placeholder.unset"}


def told(problem: Problem) -> str:
    """Message and hint, a line each, for formats that have one field for both."""
    return "\n".join(printable(part) for part in (problem.message, problem.hint) if part)


def shown_pointer(problem: Problem) -> str:
    """The pointer of a problem.

    An unknown key may hold a secret by mistake, so only its beginning is shown.
    """
    if problem.code not in ("schema.unknown-key", "schema.key"):
        return problem.pointer
    parent, _, key = problem.pointer.rpartition("/")
    return f"{parent}/{known_as(key)}"


def counted(count: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def codes_of(problems: Iterable[Problem]) -> list[str]:
    """The codes of problems, each once, sorted."""
    return sorted({problem.code for problem in problems})
