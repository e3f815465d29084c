"""Planted mistakes: bot folders with one thing wrong, its place marked ⟦like this⟧ in the file itself.

What is found is asked as ``check`` asks it: load the folder, prepare what loaded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from botfolder import write

from imbot.behaviour import prepare
from imbot.config.loader import Loader
from imbot.config.yamlfile.lines import Lines
from imbot.errors import ConfigError, Problem

SECRET = "s3cr3t-value-x7"
ENVIRON = {"ID": "ding1", "SECRET": SECRET, "KEY": f"sk-{SECRET}", "FIVE": "5", "EMPTY": ""}
REST = {
    "credentials": "credentials: {client_id: <<ID>>, client_secret: <<SECRET>>}\n",
    "agent": "agent: {type: echo}\n",
}
BOT = "".join(REST.values())
OTHER = BOT.replace("<<ID>>", "ding2")
LONGER = """\
type: dingtalk-stream
title: 客服
credentials:
  client_id: <<ID>>
  client_secret: <<SECRET>>
agent:
  type: openai
  base_url: http://x
  model: m
throttle:
  pace: fixed
  interval: 2s
feedback:
  buttons:
    - {label: 👍, rating: good}
    - label: 👎
      rating: bad
"""
_MARKS = re.compile("[⟦⟧]")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake and what ``check`` must say of it.

    ``files``: a folder, or the text of ``a.yaml`` alone, to which the keys every bot needs are added.
    ``said``: "code: message ⇒ hint", both from any piece of theirs; a warning's code ends in ``!``.
    """

    name: str
    files: str | Mapping[str, str | bytes]
    said: str
    environ: Mapping[str, str] = field(default_factory=dict)
    place: tuple = ()  # file, line, column, end line, end column: of a file of bytes, where no mark can stand


def mistakes(*rows: tuple) -> list:
    """A table of mistakes as parameters of a test, named by their first column."""
    return [pytest.param(Mistake(*row), id=row[0]) for row in rows]


def changed(*pairs: str) -> dict[str, str]:
    """The longer bot file with texts replaced: old, new, old, new."""
    text = LONGER
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new, 1)
    return {"a.yaml": text}


def with_rest(text: str) -> str:
    """A bot file with the keys that every bot needs, where it does not say them itself."""
    if not text.endswith("\n"):
        text += "\n"
    missing = [rest for key, rest in REST.items() if not re.search(rf"^⟦?{key}", text, re.MULTILINE)]
    return text + "".join(missing)


def problems_in(folder: Path, environ: Mapping[str, str] = ENVIRON) -> list[Problem]:
    """Every problem of a folder, as ``check`` finds them."""
    problems: set[Problem] = set()
    for file in Loader(folder, environ=environ).load().files:
        problems |= set(file.problems)
        if file.spec is not None:
            try:
                prepare(file.spec)
            except ConfigError as error:
                problems |= set(error.problems)
    return sorted(problems)


def hold(mistake: Mistake, tmp_path: Path) -> None:
    """Assert that the mistake is found at its place, named with its cure, and is all that is found."""
    files = mistake.files if isinstance(mistake.files, Mapping) else {"a.yaml": with_rest(mistake.files)}
    place, clean = _unmarked(files)
    folder = write(tmp_path / "bots", clean)

    found = problems_in(folder, ENVIRON | mistake.environ)

    shown = [str(problem) for problem in found]
    assert len(found) == 1, shown
    (problem,) = found
    at = (str(Path(problem.path).relative_to(folder)), problem.line, problem.column)
    assert (*at, problem.end_line, problem.end_column) == (mistake.place or place), shown
    code, _, words = mistake.said.partition(": ")
    message, _, hint = words.partition(" ⇒ ")
    assert (problem.code, problem.severity) == (code.removesuffix("!"), "warning" if "!" in code else "error")
    assert message in problem.message, shown
    assert hint in problem.hint, shown
    assert bool(problem.hint) == bool(hint), shown
    assert SECRET not in str(problem)


def _unmarked(files: Mapping[str, str | bytes]) -> tuple[tuple, dict[str, str | bytes]]:
    """The marked place as (file, line, column, end line, end column), and the files without the marks."""
    places = []
    clean: dict[str, str | bytes] = {}
    for name, content in files.items():
        clean[name] = content if isinstance(content, bytes) else _MARKS.sub("", content)
        if not isinstance(content, bytes) and "⟦" in content:
            start, end = content.index("⟦"), content.index("⟧") - 1
            span = Lines(clean[name]).span(start, end)
            places.append((name, span.line, span.column, span.end_line, span.end_column))
        elif isinstance(content, bytes):
            clean[name] = content
    assert len(places) <= 1, "one place is marked"
    return (places or [("a.yaml", 1, 1, 1, 1)])[0], clean
