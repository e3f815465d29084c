import subprocess
import sys

import pytest

from imbot.text.width import width, widths


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("abc", 3),
        ("你好", 4),
        ("，：", 4),
        ("ｱ", 1),
        ("é", 1),
        ("e\u0301", 1),
        ("😀", 2),
        ("👍🏽", 2),
        ("👨‍👩‍👧", 2),
        ("❤", 1),
        ("❤️", 2),
        ("🇨🇳", 2),
        ("🇨🇳🇩🇪", 4),
        ("한국", 4),
        ("\u200b", 0),
        ("각", 2),
        ("1️⃣", 2),
        ("🏴‍☠️", 2),
        ("䷀", 2),
        ("a\u200db", 2),
        ("你\x1b[m", 5),
        ("你\ud800", 3),
    ],
)
def test_width_is_what_a_terminal_draws(text, cells):
    assert width(text) == cells


def test_every_character_has_a_width_of_its_own():
    assert widths("a你🇨🇳e\u0301") == [1, 2, 2, 0, 1, 0]


@pytest.mark.parametrize("text", ["\u200d", "\ufe0f", "🏽", "\u200d😀", "\ufe0f\u200d🏽"])
def test_what_joins_nothing_still_has_a_width(text):
    assert len(widths(text)) == len(text)


def test_plain_lines_are_measured_without_the_tables():
    code = (
        "import sys, imbot.problems.text; from imbot.text.width import width; assert width('name: a') == 7;"
        "assert 'wcwidth' not in sys.modules; assert width('名') == 2; assert 'wcwidth' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
