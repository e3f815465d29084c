import pytest

from imbot.text.quotes import MOST_QUOTED, as_quote, with_quote, without_quote


def test_a_quote_has_a_mark_before_every_line():
    assert as_quote("a\n\nb") == "> a\n>\n> b"
    assert as_quote("") == ""


def test_a_long_quote_is_cut():
    assert as_quote("x" * (MOST_QUOTED + 1)) == f"> {'x' * MOST_QUOTED}…"


@pytest.mark.parametrize("text", ["why?", "", "> a", "a\n\n> b"])
@pytest.mark.parametrize("quote", ["> a", "> a\n> b", ""])
def test_a_text_comes_back_from_above_its_quote(text, quote):
    assert without_quote(with_quote(text, quote), quote) == text
