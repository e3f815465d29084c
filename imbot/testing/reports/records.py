"""A run as JSON: problems, and every case with what is not as expected in it."""

from typing import Any

from imbot.config.yamlfile import span_at
from imbot.problems.records import dumped, problem_json
from imbot.testing.casefile import CaseFile
from imbot.testing.playing import Result
from imbot.testing.running import Run


def render(run: Run) -> str:
    """``{"problems": [...], "cases": [...], "passed": n, "failed": n}``."""
    content = {
        "problems": [problem_json(problem) for problem in run.problems],
        "cases": [_case(played.file, result) for played in run.played for result in played.results],
        "passed": len(run.results) - run.failed,
        "failed": run.failed,
    }
    return dumped(content)


def _case(file: CaseFile, result: Result) -> dict[str, Any]:
    return {
        **_place(file, f"{result.case.at}/name"),
        "bot": file.bot,
        "name": result.case.name,
        "passed": not result.misses,
        "virtual_s": round(result.lasted_s, 6),
        "failures": [
            {**_place(file, miss.at), "message": miss.message, "expected": miss.expected, "got": miss.got}
            for miss in result.misses
        ],
        "log": list(result.log),
    }


def _place(file: CaseFile, at: str) -> dict[str, Any]:
    span = span_at(file.marks, at)
    return {
        "path": str(file.path),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "pointer": at,
    }
