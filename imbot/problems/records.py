"""Problems and bots as JSON, for scripts."""

import json
from dataclasses import asdict
from typing import Any

from imbot.errors import Problem
from imbot.problems import Report, shown_pointer
from imbot.text.sanitize import printable_json

_FIELDS = (
    "path", "line", "column", "end_line", "end_column", "pointer", "code", "severity", "message", "hint",
)  # fmt: skip


def render(report: Report) -> str:
    """One object: ``problems`` sorted by place, and the ``bots`` whose files have no error."""
    problems = [problem_json(problem) for problem in report.problems]
    return dumped({"problems": problems, "bots": [asdict(bot) for bot in report.bots]})


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as JSON values."""
    return {**{field: getattr(problem, field) for field in _FIELDS}, "pointer": shown_pointer(problem)}


def dumped(value: object) -> str:
    """The value as JSON that can be encoded as UTF-8 and shown on a terminal, whatever texts it holds."""
    return printable_json(json.dumps(value, ensure_ascii=False, indent=2))
