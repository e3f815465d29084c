"""Cutting Markdown: nothing lost, nothing too large, no block broken."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbot.text import markdown
from imbot.text.markdown import DELIMITER, LEAST, closed, cut, first_line, lines_and_blocks, size

LIMIT = 700

line = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60),
    st.sampled_from(
        [
            "",
            "```python",
            "```",
            "~~~",
            "    ```",
            "| a | b |",
            "|---|---|",
            "| 1 | 2 |",
            "# Heading",
            "- item",
            "  - nested item",
            "1. first",
            "> quoted",
            "```inline```",
            "x" * 900,
            "句子。" * 150,
            "👨‍👩‍👧" * 100,
            "`" * 30,
            "```" + "p" * 250,
        ]
    ),
)
texts = st.lists(line, max_size=40).map("\n".join)


def split(text, limit):
    return [*markdown.split(text, limit)]


def open_block(text):
    """Whether a text ends inside of a code block."""
    return closed(text) != text


@settings(max_examples=200, deadline=None)
@given(texts)
def test_every_part_fits_and_none_ends_inside_a_code_block(text):
    *parts, last = split(text, LIMIT)
    assert all(size(part) <= LIMIT for part in [*parts, last])
    assert not any(open_block(part) for part in parts)
    assert open_block(last) == open_block(text)


@settings(max_examples=200, deadline=None)
@given(texts)
def test_nothing_is_lost_and_only_marks_and_heads_of_tables_are_added(text):
    parts = split(text, LIMIT)
    left = iter(re.sub(r"\s", "", "".join(parts)))
    assert all(character in left for character in re.sub(r"\s", "", text))
    added = len(re.sub(r"\s", "", "".join(parts))) - len(re.sub(r"\s", "", text))
    assert added <= len(parts) * 200


@settings(max_examples=100, deadline=None)
@given(texts)
def test_code_stays_code_and_text_stays_text(text):
    def code(text):
        inside = [
            line for line, block in lines_and_blocks(text) if block and not re.fullmatch(r"\s*(`+|~+)", line)
        ]
        return re.sub(r"\s", "", "".join(inside))

    assert code("\n".join(split(text, LIMIT))) == code(text)


@pytest.mark.parametrize("text", ["", "hello\n\nthere", "字" * 190])
def test_what_fits_is_left_alone(text):
    assert cut(text, LEAST) == (text, "")


def paragraphs(count, words=20):
    return [f"paragraph {n} " + "words " * words for n in range(count)]


def test_it_is_cut_between_paragraphs():
    parts = split("\n\n".join(paragraphs(10)), LIMIT)
    assert len(parts) > 1
    assert all(part.startswith("paragraph") for part in parts)
    assert "\n\n".join(parts) == "\n\n".join(paragraphs(10))


def test_a_heading_goes_with_what_it_heads():
    text = "\n\n".join(paragraphs(4)) + "\n\n# Heading\n\n" + "\n\n".join(paragraphs(4))
    assert not any(part.rstrip().endswith("Heading") for part in split(text, LIMIT))


def test_a_list_is_cut_between_its_items():
    items = [f"- item {n} which says\n  something " + "more " * 8 for n in range(30)]
    parts = split("\n".join(items), LIMIT)
    assert len(parts) > 2
    assert all(part.startswith("- item") for part in parts)
    assert "\n".join(parts) == "\n".join(items)


def test_a_table_without_outer_bars_is_cut_as_one_with_them():
    rows = [f"{n} | {'cell ' * 4}cell" for n in range(60)]
    parts = split("\n".join(["intro", "", "number | cell", "---|:-:", *rows]), LIMIT)
    assert all(part.startswith("number | cell\n---|:-:\n") for part in parts[1:])
    assert [line for part in parts for line in part.split("\n") if "cell cell" in line] == rows


def test_a_table_that_is_cut_repeats_its_head():
    rows = [f"| {n} | {'cell ' * 5}|" for n in range(60)]
    parts = split("\n".join(["intro", "", "| number | cell |", "|---|:-:|", *rows]), LIMIT)
    assert all(part.startswith("| number | cell |\n|---|:-:|\n| ") for part in parts[1:])
    assert [line for part in parts for line in part.split("\n") if "cell cell" in line] == rows


def test_a_code_block_that_is_cut_is_closed_and_opened_again_with_its_language():
    code = [f"value_{n} = {n}" for n in range(100)]
    parts = split("\n".join(["before", "", "```python", *code, "```", "after"]), LIMIT)
    assert len(parts) > 2
    assert all(part.count("```") == 2 for part in parts)
    assert all(part.startswith("```python\n") for part in parts[1:])
    assert [line for part in parts for line in part.split("\n") if line.startswith("value_")] == code


def test_an_indented_code_block_is_closed_at_its_own_depth():
    text = "1. step\n\n     ```sh\n" + "     run me\n" * 80 + "     ```"
    first, rest = cut(text, LIMIT)
    assert first.endswith("\n     ```")
    assert rest.startswith("     ```sh\n     run")


@pytest.mark.parametrize("character", ["x", "字", '"', "😀"])
def test_a_long_line_is_cut_anywhere(character):
    parts = split(character * 2000, LEAST)
    assert all(size(part) <= LEAST for part in parts)
    assert "".join(parts) == character * 2000


def test_a_long_line_is_cut_after_a_sentence():
    assert all(part.endswith("。") for part in split("这是一个句子。" * 200, LIMIT))


def test_no_sign_of_several_characters_is_cut():
    parts = split("👨‍👩‍👧" * 200, LIMIT)
    assert not any(part.startswith(("\u200d", "\ufe0f")) or part.endswith("\u200d") for part in parts)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("text", "text"),
        ("```py\nx", "```py\nx\n```"),
        ("```py\nx\n```", "```py\nx\n```"),
        ("```py", "```py\n```"),
        ("````\n```\nx", "````\n```\nx\n````"),
        ("~~~\n```", "~~~\n```\n~~~"),
        ("```inline``` only", "```inline``` only"),
        ("1. a\n    ```\n    x", "1. a\n    ```\n    x\n    ```"),
    ],
)
def test_an_open_code_block_is_closed(text, whole):
    assert closed(text) == whole


@pytest.mark.parametrize(
    "line", [" " * 20_000 + "x", "|" + "-" * 20_000 + "x", "| " * 10_000 + "x", "-|" * 10_000 + "x"]
)
def test_no_line_takes_long_to_be_known_as_none_under_the_head_of_a_table(line):
    began = time.process_time()
    assert not DELIMITER.match(line)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("line", ["|---|", " | :-- | --: | ", "--- | ---", "|-|-|"])
def test_a_line_of_dashes_and_bars_stands_under_the_head_of_a_table(line):
    assert DELIMITER.match(line)


def test_splitting_takes_time_by_the_length_alone():
    def taken(text):
        began = time.process_time()
        split(text, 14_000)
        return time.process_time() - began

    nasty = ["| " * 20_000, "|-" * 20_000, "-" * 50_000, "\n" * 50_000, "```\n" * 12_000, "- " * 20_000]
    assert max(taken(text) for text in nasty) < 0.5


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hello\nworld", "hello"),
        ("\n\n## **退货** `七天`\n内", "退货 七天"),
        ("> - [ ] 看 [这里](https://x/y)", "看 这里"),
        ("1. one", "one"),
        ("---\n\nafter", "after"),
        ("```py\nx = 1\n```\nso", "x = 1"),
        ("| a | b |\n|---|---|", "a | b"),
        ("![图](https://x/y.png)\nnext", "图"),
        ("", ""),
        ("***\n \n", ""),
        ("-5 度", "-5 度"),
        ("x" * 200, "x" * 100 + "…"),
    ],
)
def test_the_first_line_is_plain(text, line):
    assert first_line(text) == line
