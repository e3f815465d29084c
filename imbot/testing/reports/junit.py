"""A run as JUnit XML, the form in which CI servers take results."""

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from imbot.config.yamlfile import span_at
from imbot.errors import Problem
from imbot.testing.expectations import Miss
from imbot.testing.playing import Result
from imbot.testing.running import Played, Run
from imbot.text.sanitize import printable


def render(run: Run) -> str:
    """One suite for each test file, and one for files that could not be played."""
    failed = str(run.failed)
    suites = ET.Element(
        "testsuites",
        name="imbot",
        tests=str(len(run.results)),
        failures=failed,
        errors=str(len(run.problems)),
    )
    for played in run.played:
        _suite(suites, played)
    if run.problems:
        _broken(suites, run.problems)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True)


def _suite(suites: ET.Element, played: Played) -> None:
    failed = sum(bool(result.misses) for result in played.results)
    suite = ET.SubElement(
        suites,
        "testsuite",
        name=_sayable(played.file.stem),
        tests=str(len(played.results)),
        failures=str(failed),
        errors="0",
    )
    for result in played.results:
        _case(suite, played, result)


def _case(suite: ET.Element, played: Played, result: Result) -> None:
    file = played.file
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_sayable(file.stem),
        name=_sayable(result.case.name),
        file=_sayable(str(file.path)),
        line=str(span_at(file.marks, f"{result.case.at}/name").line),
        time=f"{result.lasted_s:.3f}",
    )
    if result.misses:
        told = "\n\n".join(_told(played, miss) for miss in result.misses)
        failure = ET.SubElement(case, "failure", message=_sayable(result.misses[0].message))
        failure.text = _sayable(told)
        if result.log:
            ET.SubElement(case, "system-err").text = _sayable("\n".join(result.log))


def _told(played: Played, miss: Miss) -> str:
    span = span_at(played.file.marks, miss.at)
    lines = [f"{played.file.path}:{span.line}:{span.column}: {miss.message}"]
    lines += [f"expected: {miss.expected}"] if miss.expected else []
    lines += [f"got: {miss.got}"] if miss.got else []
    return "\n".join(lines)


def _broken(suites: ET.Element, problems: Iterable[Problem]) -> None:
    problems = tuple(problems)
    count = str(len(problems))
    suite = ET.SubElement(suites, "testsuite", name="problems", tests=count, failures="0", errors=count)
    for problem in problems:
        case = ET.SubElement(
            suite, "testcase", classname="problems", name=_sayable(f"{problem.path}:{problem.line}")
        )
        error = ET.SubElement(case, "error", message=_sayable(problem.message), type=problem.code)
        error.text = _sayable(str(problem))


def _sayable(text: str) -> str:
    """The text without what XML cannot say, and without what a terminal would obey."""
    return "\n".join(printable(line.expandtabs()) for line in text.splitlines())
