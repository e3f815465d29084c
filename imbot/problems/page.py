"""Problems as web pages draw them: `problems.js` of the card renderer takes what this makes."""

from itertools import accumulate
from typing import Any

from imbot.errors import Problem
from imbot.log import redactor
from imbot.problems.excerpt import Excerpt, excerpt
from imbot.problems.records import problem_json
from imbot.problems.sources import Sources
from imbot.text.sanitize import printable
from imbot.text.width import widths

_TEXTS = ("path", "message", "hint")


def page_problem(problem: Problem, sources: Sources) -> dict[str, Any]:
    """A problem as JSON values, with its source line or null. Secrets are hidden as on a terminal."""
    found = excerpt(problem, sources)
    told = problem_json(problem)
    told |= {name: redactor.clean(printable(told[name])) for name in _TEXTS}
    return {**told, "source": _marked(found) if found else None}


def _marked(found: Excerpt) -> dict[str, Any]:
    """The line in three parts; the problem is in the middle one."""
    line = redactor.clean(found.line)
    if line != found.line:  # the caret's place is that of the line before
        return {"number": found.number, "before": line, "marked": "", "after": ""}
    ends = list(accumulate(widths(line)))
    first = sum(end <= found.caret for end in ends)
    last = sum(end < found.caret + found.length for end in ends) + 1
    return {"number": found.number, "before": line[:first], "marked": line[first:last], "after": line[last:]}
