"""What docs/architecture.md says of the code is true: its packages, libraries, paths, names and tests."""

import ast
import re
from pathlib import Path

import pytest
from test_architecture import ONLY_IN, ORDER, PACKAGE

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs/architecture.md").read_text(encoding="utf-8")
QUOTED = [quoted for line in PAGE.splitlines() for quoted in re.findall(r"`([^`]+)`", line)]
INVARIANT = re.compile(r"^(\d+)\. .*?\n +Tests: (.+?)$", re.MULTILINE | re.DOTALL)


def section(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL).group(1)


def rows(text):
    """The cells of every row of a table whose first cell holds a number or something quoted."""
    lines = (line.strip() for line in text.splitlines())
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if re.match(r"\| [\d`]", line)]


def quoted(cell):
    return tuple(re.findall(r"`([^`]+)`", cell))


def invariants():
    """The files with tests that the page names for each invariant."""
    return {number: set(quoted(files)) for number, files in INVARIANT.findall(section("Invariants"))}


def files_with_tests_of(number):
    test = re.compile(rf"^(?:async )?def test_invariant_{number}_", re.MULTILINE)
    paths = TESTS.rglob("test_*.py")
    return {path.relative_to(TESTS).as_posix() for path in paths if test.search(path.read_text("utf-8"))}


def test_the_table_of_packages_is_the_order_that_imports_keep_to():
    table = [(int(row), *quoted(name)) for row, name, _ in rows(section("Packages"))]

    assert [row for row, _ in table] == sorted(row for row, _ in table)
    assert set(table) == {(row, name) for row, names in enumerate(ORDER, 1) for name in names}
    assert len(table) == len(set(table))


def test_every_package_is_in_the_table():
    there = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    assert there == {name for _, cell, _ in rows(section("Packages")) for name in quoted(cell)}


def test_the_table_of_libraries_is_where_they_are_imported():
    table = {quoted(library)[0]: quoted(places) for library, places in rows(section("Rules"))}

    assert table == ONLY_IN


def test_every_path_that_is_named_exists():
    paths = {text for text in QUOTED if re.fullmatch(r"[\w/]+(?:/|\.py)", text)}
    bases = (PACKAGE, TESTS, TESTS.parent)

    assert len(paths) > 40
    assert {path for path in paths if not any((base / path).exists() for base in bases)} == set()


def test_every_class_that_is_named_exists():
    named = {text for text in QUOTED if re.fullmatch(r"(?:[A-Z][a-z]+)+", text)}
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))
    classes = {node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}

    assert "CardView" in named
    assert named - classes == set()


def test_the_invariants_are_numbered_from_1_to_12():
    assert list(invariants()) == [str(number) for number in range(1, 13)]


@pytest.mark.parametrize("number", invariants())
def test_the_tests_of_an_invariant_are_in_the_files_that_are_named(number):
    there = files_with_tests_of(number)

    assert invariants()[number] == there, f"name under invariant {number} the files with its tests: {there}"


def test_lines_are_short():
    assert [line for line in PAGE.splitlines() if len(line) >= 120] == []
