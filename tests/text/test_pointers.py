import pytest

from imbot.errors import Marks, Span
from imbot.text.pointers import pointer, span_at, split_pointer

MARKS = Marks(values={"": Span(1, 1, 9, 1), "/a": Span(2, 3, 4, 5)}, keys={"/a": Span(2, 1, 2, 2)})


@pytest.mark.parametrize(
    ("parts", "text"),
    [((), ""), (("a", 0, "b"), "/a/0/b"), (("a/b", "c~d"), "/a~1b/c~0d"), (("~1", ""), "/~01/")],
)
def test_a_pointer_can_be_taken_apart_again(parts, text):
    assert pointer(*parts) == text
    assert split_pointer(text) == [str(part) for part in parts]


@pytest.mark.parametrize(
    ("at", "key", "line"),
    [
        ("/a", False, 2),
        ("/a", True, 2),
        ("/a/b/c", False, 2),
        ("/x/y", False, 1),
        ("", False, 1),
        ("", True, 1),
    ],
)
def test_what_has_no_place_stands_at_its_nearest_parent(at, key, line):
    assert span_at(MARKS, at, key=key).line == line


def test_a_key_has_a_place_of_its_own():
    assert span_at(MARKS, "/a", key=True) == Span(2, 1, 2, 2)


def test_nothing_known_is_the_beginning_of_the_file():
    assert span_at(Marks(), "/a") == Span(1, 1, 1, 1)
