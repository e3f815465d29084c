"""The table of promises is whole: its tests are there, and so is every test of an invariant."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
PAGE = DOCS / "promises.md"
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\[[\w-]+\]\(([\w-]+\.md)(?:#([\w-]+))?\)")


def rows():
    """Promise, place and tests of each row, with the number of its line."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("|") and not line.startswith(("| promise |", "|---")):
            yield number, [cell.strip() for cell in line.strip("|").split(" | ")]


def named():
    return [(number, *test) for number, cells in rows() for test in NAMED.findall(cells[-1])]


@cache
def names_in(path):
    """The names of all tests in a file below the tests; none where there is no file."""
    if not (TESTS / path).is_file():
        return frozenset()
    nodes = ast.walk(ast.parse((TESTS / path).read_text(encoding="utf-8")))
    functions = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


@cache
def headings(page):
    """The anchors of a page, as GitHub makes them."""
    text = (DOCS / page).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_row_tells_a_promise_its_place_and_its_tests():
    wrong = [
        f"{PAGE.name}:{number}"
        for number, cells in rows()
        if len(cells) != 3 or not all(cells) or NAMED.sub("", cells[2]).replace(", ", "")
    ]

    assert wrong == [], "these rows are not `| promise | where | path::test, path::test |`"


def test_every_test_that_is_named_exists():
    lost = [
        f"{PAGE.name}:{number}: {path}::{name}"
        for number, path, name in named()
        if name not in names_in(path)
    ]

    assert lost == [], (
        "these tests are not there. If one was moved or renamed, write its new place into the row. If one was "
        "removed, find the test that holds the promise now: break the code, and see which test fails. If there "
        "is none, write it. A promise that is no longer made goes from its document and from the table."
    )


def test_every_test_of_an_invariant_is_in_the_table():
    known = {(path, name) for _, path, name in named()}
    there = {
        (path.relative_to(TESTS).as_posix(), name)
        for path in TESTS.rglob("*.py")
        for name in names_in(path.relative_to(TESTS).as_posix())
        if name.startswith("test_invariant_")
    }

    missing = sorted(f"{path}::{name}" for path, name in there - known)
    assert missing == [], f"add these tests to the rows of their invariants in {PAGE.name}"


@pytest.mark.parametrize("number", range(1, 13))
def test_every_invariant_has_a_test(number):
    assert any(name.startswith(f"test_invariant_{number}_") for _, _, name in named())


def test_every_place_leads_to_a_heading():
    lost = [
        f"{PAGE.name}:{number}: {page}#{anchor}"
        for number, cells in rows()
        for page, anchor in LINK.findall(cells[1])
        if not (DOCS / page).is_file() or (anchor and anchor not in headings(page))
    ]

    assert lost == [], (
        "these places are not in the documents: name the heading below which the promise stands now"
    )
