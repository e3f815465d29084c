from imbot.errors import Marks, Span
from imbot.spec import TextFile
from imbot.templates.faults import Fault, Place, to_problem

MARKS = Marks(
    values={"/final/a": Span(3, 5, 3, 20), "/final/b": Span(4, 6, 8, 1), "/final": Span(2, 3, 8, 1)},
    keys={"/final/a": Span(3, 2, 3, 3)},
    texts={"/final/b": Span(5, 7, 5, 20)},
)
PLACE = Place("bots/a.yaml", MARKS, "/final")


def at(fault, files=None):
    problem = to_problem(fault, PLACE, files or {})
    return (problem.path, problem.line, problem.column, problem.end_line, problem.end_column, problem.pointer)


def test_a_fault_stands_at_its_value():
    assert at(Fault("c", "m", pointer="/a")) == ("bots/a.yaml", 3, 5, 3, 20, "/final/a")


def test_a_fault_of_a_key_stands_at_the_key():
    assert at(Fault("c", "m", pointer="/a", at_key=True))[1:5] == (3, 2, 3, 3)


def test_a_fault_in_a_block_of_text_stands_at_its_line():
    assert at(Fault("c", "m", pointer="/b", line=2, columns=(4, 9)))[1:5] == (6, 10, 6, 15)


def test_a_fault_of_what_is_missing_stands_at_its_parent():
    assert at(Fault("c", "m", pointer="/zz/y"))[1:] == (2, 3, 8, 1, "/final/zz/y")


def test_a_fault_in_an_included_text_stands_there():
    files = {"cards/x.j2": TextFile("bots/cards/x.j2", "")}
    fault = Fault("c", "m", pointer="/a", line=7, columns=(2, 5), file="cards/x.j2")
    assert at(fault, files) == ("bots/cards/x.j2", 7, 2, 7, 5, "")
