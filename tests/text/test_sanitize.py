"""Texts from outside, made fit for every encoder and every reader."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.text.sanitize import printable, printable_json, readable, well_formed


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


def obeyed(char):
    """Whether a terminal or a reader of lines obeys a character instead of showing it."""
    turns = unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    return (
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or turns or char in "\u061c\u200e\u200f\ufeff"
    )


EVERY = [chr(code) for code in range(0x110000)]


def test_what_is_printed_obeys_no_one():
    printed = printable("".join(EVERY))
    assert not any(map(obeyed, printed))
    assert all(char in printed for char in EVERY if char.isprintable())
    assert printable("a\nb\x1b[2J\x9b\u202e\u2028") == r"a\x0ab\x1b[2J\x9b\u202e\u2028"


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x1b\x9b\x7f\u202e\u2028\udcff\n\t")))
def test_json_means_the_same_after_it_was_made_printable(text):
    shown = printable_json(json.dumps({"a": text, text: [1]}, ensure_ascii=False, indent=2))

    assert json.loads(shown) == {"a": text, text: [1]}
    assert not any(map(obeyed, shown.replace("\n", "")))
    shown.encode()
