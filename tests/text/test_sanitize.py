"""Texts from outside, made fit for every encoder and every reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.text.sanitize import readable, well_formed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好 😀", "你好 😀"),
        ("\ud83d\ude00", "😀"),
        ("a\ud83db", "a\ufffdb"),
        ("\ude00", "\ufffd"),
        ("עברית \u202e العربية", "עברית \u202e العربية"),
    ],
)
def test_halves_are_joined_or_replaced(text, expected):
    assert well_formed(text) == expected


@given(
    st.text(st.characters(min_codepoint=0xD700, max_codepoint=0x10FFFF) | st.sampled_from("a\ud83d\ude00"))
)
def test_every_encoder_takes_the_result(text):
    assert well_formed(text).encode().decode() == well_formed(text)


def test_control_characters_go_and_line_breaks_stay():
    assert readable("a\x00b\x1b[31mc\x7f\x85d\r\ne\tf\ufffe") == "ab[31mcd\ne\tf"
