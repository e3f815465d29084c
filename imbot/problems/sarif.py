"""Problems as SARIF 2.1.0, which code scanning services take."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from imbot import __version__
from imbot.errors import Problem
from imbot.problems import Report, codes_of, shown_pointer, told
from imbot.problems.codes import Page, pages
from imbot.problems.records import dumped

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(report: Report) -> str:
    """One log with one run: a rule for each code that occurs, a result for each problem."""
    known = pages()
    codes = codes_of(report.problems)
    driver = {
        "name": "imbot",
        "version": __version__,
        "rules": [_rule(code, known.get(code)) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes.index(problem.code)) for problem in report.problems],
    }
    return dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, page: Page | None) -> dict[str, Any]:
    if page is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": page.title},
        "fullDescription": {"text": page.text},
        "help": {"text": page.text},
        "defaultConfiguration": {"level": page.severity},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(problem.path)},
            "region": {
                "startLine": problem.line,
                "startColumn": problem.column,
                "endLine": problem.end_line,
                "endColumn": problem.end_column,
            },
        }
    }
    if problem.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": shown_pointer(problem)}]
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": told(problem)},
        "locations": [location],
    }


def _uri(path: str) -> str:
    name = quote(Path(path).as_posix(), errors="surrogateescape")
    return f"file://{name}" if Path(path).is_absolute() else name
