import pytest

from imbot.config.yamlfile.lines import Lines, line_end, line_start
from imbot.errors import Span

TEXT = "a\r\n好😀\n\rx\u2028y\x85z"


@pytest.mark.parametrize(
    ("offset", "position"),
    [
        (0, (1, 1)),
        (3, (2, 1)),
        (4, (2, 2)),
        (5, (2, 3)),
        (6, (3, 1)),
        (7, (4, 1)),
        (11, (4, 5)),
        (12, (4, 6)),
    ],
)
def test_offsets_and_positions_lead_to_each_other(offset, position):
    lines = Lines(TEXT)
    assert lines.position(offset) == position
    assert lines.offset(*position) == offset


def test_a_place_past_the_end_is_the_end():
    lines = Lines("ab\n")
    assert lines.offset(9, 1) == 3
    assert lines.offset(1, 99) == 3


def test_a_line_comes_without_its_end():
    lines = Lines(TEXT)
    assert [lines.line(n) for n in range(6)] == ["", "a", "好😀", "", "x\u2028y\x85z", ""]


def test_a_span_may_cross_lines():
    assert Lines("a\nb").span(0, 3) == Span(1, 1, 2, 2)


@pytest.mark.parametrize(
    ("offset", "start", "end"),
    [(0, 0, 1), (1, 0, 1), (3, 3, 5), (5, 3, 5), (6, 6, 6), (9, 7, 12), (12, 7, 12)],
)
def test_a_line_around_an_offset(offset, start, end):
    assert (line_start(TEXT, offset), line_end(TEXT, offset)) == (start, end)
