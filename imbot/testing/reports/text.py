"""A run for people: what passed in a line, what did not with its place, its line and the difference."""

from collections.abc import Iterator
from difflib import ndiff

import click

from imbot.problems import counted
from imbot.problems.sources import Sources
from imbot.problems.text import lines_of
from imbot.testing.casefile import CaseFile
from imbot.testing.expectations import Miss
from imbot.testing.playing import Result
from imbot.testing.running import Run
from imbot.text.sanitize import printable

_MOST_LINES = 60  # of a text that is shown because it is wrong
_INDENT = "    "


def render(run: Run, sources: Sources) -> str:
    """Every case with its mark, and all there is to say of those that failed; coloured."""
    return "\n".join(line for part in (_cases(run, sources), _problems(run, sources)) for line in part)


def tests_summary(run: Run, took_s: float) -> str:
    """How many cases there were, and how they went."""
    virtual_s = sum(result.lasted_s for result in run.results)
    parts = [f"{len(run.results) - run.failed} passed"]
    parts += [f"{run.failed} failed"] if run.failed else []
    parts += [counted(len(run.problems), "problem")] if run.problems else []
    return (
        f"{counted(len(run.results), 'case')}: {', '.join(parts)}, {virtual_s:.0f} s played in {took_s:.1f} s"
    )


def _cases(run: Run, sources: Sources) -> Iterator[str]:
    for played in run.played:
        yield click.style(printable(str(played.file.path)), bold=True)
        for result in played.results:
            mark = click.style("✗", fg="red") if result.misses else click.style("✓", fg="green")
            yield f"  {mark} {printable(result.case.name)}"
            for miss in result.misses:
                yield from (f"{_INDENT}{line}".rstrip() for line in _miss(played.file, miss, sources))
            yield from _log(result)


def _log(result: Result) -> Iterator[str]:
    if result.misses:
        for entry in result.log:
            first, *rest = entry.splitlines()
            yield f"{_INDENT}{click.style('log:', dim=True)} {printable(first)}"
            yield from (f"{_INDENT}     {printable(line)}" for line in rest)


def _problems(run: Run, sources: Sources) -> Iterator[str]:
    for problem in run.problems:
        yield from lines_of(problem, sources)


def _miss(file: CaseFile, miss: Miss, sources: Sources) -> Iterator[str]:
    problem = file.problem(miss.at, "", miss.message)
    _, *excerpt = lines_of(problem, sources)
    place = f"{printable(problem.path)}:{problem.line}:{problem.column}:"
    yield f"{click.style(place, bold=True)} {printable(miss.message)}"
    yield from excerpt
    if not miss.expected:
        yield from _block("got", miss.got) if miss.got else ()
    elif "\n" in miss.expected or "\n" in miss.got:
        yield f"{click.style('- expected', fg='red')}  {click.style('+ got', fg='green')}"
        yield from _difference(miss.expected, miss.got)
    else:
        yield from _block("expected", miss.expected)
        yield from _block("got", miss.got)


def _block(label: str, text: str) -> Iterator[str]:
    head, *rest = text.splitlines() or [""]
    name = f"{label + ':':<10}"
    yield f"{click.style(name, dim=True)}{printable(head) or click.style('(nothing)', dim=True)}"
    yield from (f"{' ' * len(name)}{printable(line)}" for line in rest[:_MOST_LINES])
    if len(rest) > _MOST_LINES:
        yield f"{' ' * len(name)}… {counted(len(rest) - _MOST_LINES, 'more line')}"


def _difference(expected: str, got: str) -> Iterator[str]:
    """Both texts line by line; what is the same in both is shown only around what is not."""
    colours = {"-": "red", "+": "green"}
    # ndiff's lines of marks (?) assume that every character is equally wide
    lines = [line for line in ndiff(expected.splitlines(), got.splitlines()) if line[0] != "?"]
    near = {
        other
        for number, line in enumerate(lines)
        if line[0] != " "
        for other in range(number - 2, number + 3)
    }
    skipped = False
    for number, line in enumerate(lines[:1000]):
        if number in near:
            skipped = False
            yield click.style(printable(line), fg=colours.get(line[0]))
        elif not skipped:
            skipped = True
            yield click.style("  …", dim=True)
