"""``# imbot: ignore CODE``: a comment that silences warnings on its line, or, alone on a line, on the next.

Errors cannot be silenced, and a comment that silences nothing is itself reported.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from imbot.config.yamlfile.lines import Lines
from imbot.errors import Problem, Span
from imbot.problems.sources import Source, Sources
from imbot.text.suggestions import did_you_mean

_COMMENT = re.compile(r"(?:^|(?<=[ \t{]))#[ \t]*imbot:[ \t]*ignore\b(?P<codes>[^\r\n#]*)", re.MULTILINE)
_CODE = re.compile(r"[^\s,]+")
_ENOUGH = 20  # comments of one file that are reported

Position = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class _Ignore:
    """One code in a comment, and its place."""

    path: str
    line: int
    column: int
    code: str


def without_ignored(
    problems: Iterable[Problem], complete: Mapping[str, bool], sources: Sources
) -> Iterator[Problem]:
    """The problems that no comment silences, and warnings for comments that silence nothing.

    ``complete`` says for each file whether all of its problems are known: only then can a comment be called
    unused.
    """
    problems = list(problems)
    meant: dict[tuple[str, int, str], set[_Ignore]] = {}
    for path in {each.path for each in problems} | complete.keys():
        for ignore, line in _ignores(sources.of(path)):
            meant.setdefault((path, line, ignore.code), set()).add(ignore)
    idle = {ignore for ignores in meant.values() for ignore in ignores if complete.get(ignore.path)}
    for each in problems:
        silencing = meant.get((each.path, each.line, each.code))
        if silencing is None or each.severity == "error":
            yield each
        else:
            idle -= silencing
    yield from _useless(sorted(idle))


def _ignores(source: Source | None) -> Iterator[tuple[_Ignore, int]]:
    """Each code of each comment, with every line it applies to."""
    if source is None or "imbot:" not in source.text:
        return
    lines = source.lines
    texts = _texts(source)
    following = _following(source.text, lines)
    for comment in _COMMENT.finditer(source.text):
        number, column = lines.position(comment.start())
        if _inside(texts, (number, column)):
            continue
        alone = not lines.line(number)[: column - 1].strip(" \t{")
        for code in _CODE.finditer(comment["codes"]):
            place = lines.position(comment.start("codes") + code.start())
            ignore = _Ignore(source.path, *place, code[0])
            yield ignore, number
            if alone:
                yield ignore, following[number]


def _texts(source: Source) -> list[tuple[Position, Position]]:
    """Where the scalars of a YAML file begin and end, sorted: a ``#`` inside of one is not a comment."""
    if source.yaml is None:
        return []
    marks = source.yaml.marks.values
    holders = {pointer.rpartition("/")[0] for pointer in marks if pointer}
    spans = (span for pointer, span in marks.items() if pointer not in holders)
    return sorted(((span.line, span.column), (span.end_line, span.end_column)) for span in spans)


def _inside(texts: list[tuple[Position, Position]], place: Position) -> bool:
    before = bisect_right(texts, place, key=lambda text: text[0])
    return before > 0 and place < texts[before - 1][1]


def _following(text: str, lines: Lines) -> list[int]:
    """For each line, from 1, the next line that is not only a comment."""
    last = lines.position(len(text))[0]
    following = [last + 1] * (last + 1)
    for number in range(last - 1, 0, -1):
        comment = lines.line(number + 1).lstrip().startswith("#")
        following[number] = following[number + 1] if comment else number + 1
    return following


def _useless(ignores: Iterable[_Ignore]) -> Iterator[Problem]:
    told: dict[str, int] = {}
    for ignore in ignores:
        told[ignore.path] = told.get(ignore.path, 0) + 1
        if told[ignore.path] <= _ENOUGH:
            span = Span(ignore.line, ignore.column, ignore.line, ignore.column + len(ignore.code))
            yield Problem.at(ignore.path, span, "ignore.unused", *_why(ignore.code), severity="warning")


def _why(code: str) -> tuple[str, str]:
    from imbot.problems.codes import pages  # read only where a comment is wrong

    page = pages().get(code)
    if page is None:
        return f"no problem has the code `{code[:40]}`", did_you_mean(code[:40], pages())
    if page.severity == "error":
        return f"`{code}` is an error, and errors cannot be silenced", "correct it instead"
    return f"there is no `{code}` here to silence", "remove this comment"
