import pytest

from imbot.platforms.dingtalk.markdown import keep_breaks, size, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb", "a  \nb"),
        ("a  \nb", "a  \nb"),
        ("a\n\nb", "a\n\nb"),
        ("a\n \nb", "a\n \nb"),
        ("one", "one"),
        ("", ""),
        ("```py\nx = 1\ny = 2\n```\nafter\nmore", "```py\nx = 1\ny = 2\n```\nafter  \nmore"),
        ("~~~\n```\nstill code\n~~~\nout\nside", "~~~\n```\nstill code\n~~~\nout  \nside"),
    ],
)
def test_single_line_breaks_are_marked_outside_code(text, expected):
    assert keep_breaks(text) == expected


def test_a_short_text_is_one_part():
    assert split("hello\n\nthere", 1000) == ["hello\n\nthere"]


def test_a_long_text_is_cut_between_paragraphs():
    paragraphs = [f"paragraph {n} " + "words " * 20 for n in range(10)]

    parts = split("\n\n".join(paragraphs), 700)

    assert len(parts) > 1
    assert all(size(part) <= 700 for part in parts)
    assert "\n\n".join(parts) == "\n\n".join(paragraphs)


def test_a_long_paragraph_is_cut_between_lines():
    lines = [f"line {n} " + "x" * 30 for n in range(40)]

    parts = split("\n".join(lines), 500)

    assert all(size(part) <= 500 for part in parts)
    assert "\n".join(parts) == "\n".join(lines)


@pytest.mark.parametrize("character", ["x", "字", '"', "😀"])
def test_a_long_line_is_cut_anywhere_and_nothing_is_lost(character):
    text = character * 2000

    parts = split(text, 600)

    assert all(size(part) <= 600 for part in parts)
    assert "".join(parts) == text


def test_a_code_block_that_is_cut_is_closed_and_opened_again():
    code = [f"value_{n} = {n}" for n in range(100)]

    parts = split("\n".join(["before", "", "```python", *code, "```", "after"]), 500)

    assert len(parts) > 2
    assert all(size(part) <= 500 for part in parts)
    assert all(part.count("```") == 2 for part in parts)
    assert all(part.startswith("```python\n") for part in parts[1:])
    kept = [line for part in parts for line in part.split("\n") if line.startswith("value_")]
    assert kept == code


def test_a_paragraph_border_inside_code_is_no_border():
    text = "intro " * 20 + "\n\n" + "```\n" + "a = 1\n\n" * 60 + "```"

    parts = split(text, 400)

    assert all(part.count("```") % 2 == 0 for part in parts)
    assert sum(part.count("a = 1") for part in parts) == 60
