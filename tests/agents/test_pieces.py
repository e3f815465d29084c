import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.agents.pieces import pieces


@given(st.text(), st.integers(1, 50))
def test_the_pieces_are_the_text(text, count):
    cut = pieces(text, count)
    assert "".join(cut) == text
    assert len(cut) <= count
    assert all(cut)


def test_pieces_are_about_equal():
    assert pieces("abcdefghij", 4) == ["abc", "def", "ghi", "j"]
    assert pieces("ab", 5) == ["a", "b"]
    assert pieces("", 5) == []


@pytest.mark.parametrize(
    "char",
    [
        "e\u0301",  # a letter and its accent
        "👨‍👩‍👧‍👦",  # joined by ZWJ
        "👍🏽",  # skin tone
        "❤️",  # variation selector
        "🏴\U000e0067\U000e0062\U000e007f",  # tags
        "\r\n",
        "नि",  # a vowel sign
        "\u1112\u1161\u11ab",  # a Korean syllable in parts
        "🇨🇳",
    ],
)
def test_a_visible_character_is_never_cut(char):
    assert pieces(char * 3, 1000) == [char] * 3
    assert pieces("a" + char + "b", 1000) == ["a", char, "b"]


def test_the_pairs_of_flags_are_counted_from_the_first():
    assert pieces("x🇨🇳🇫🇷🇩🇪", 1000) == ["x", "🇨🇳", "🇫🇷", "🇩🇪"]
