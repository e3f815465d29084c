import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.platforms.dingtalk.markdown import platform_markdown
from imbot.text.markdown import closed


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
    assert platform_markdown(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "# Title\ntext",
        "intro\n- one\n- two\n  1. three",
        "- one\n\n- two",
        "intro\n```\ncode\n```",
        "text\n# Title",
        "text\n> quote",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ],
)
def test_no_break_is_marked_where_a_block_ends_anyway(text):
    assert platform_markdown(text) == text


def test_breaks_inside_quotes_and_items_are_marked():
    assert platform_markdown("> a\n> b") == "> a  \n> b"
    assert platform_markdown("- a\n  b") == "- a  \n  b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("> 引用\n正文", "> 引用  \n正文"),
        ("> a\n> b\nc\nd", "> a  \n> b  \nc  \nd"),
        ("> a\n\nb", "> a\n\nb"),
        ("> a\n- b", "> a\n- b"),
        ("步骤\n2. b\n3. c", "步骤  \n2. b\n3. c"),
        ("步骤\n1. a\n2. b", "步骤\n1. a\n2. b"),
        ("a\\\nb", "a  \nb"),
        ("a\\\\\nb", "a\\\\  \nb"),
    ],
)
def test_a_break_is_kept_where_the_next_line_would_run_on(text, expected):
    assert platform_markdown(text) == expected


TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"see:\n{TABLE}", f"see:\n\n{TABLE}"),
        (f"see:\n\n{TABLE}", f"see:\n\n{TABLE}"),
        (f"{TABLE}\nafter\nit", f"{TABLE}\n\nafter  \nit"),
        (f"```\nx\n{TABLE}\n```", f"```\nx\n{TABLE}\n```"),
        ("a | b\nc", "a | b  \nc"),
        # the outer bars may be missing
        ("结果：\na | b\n--- | ---\n1 | 2\n完", "结果：\n\na | b\n--- | ---\n1 | 2\n\n完"),
        ("x\n| a | b\n|:--|--:\n| 1 | 2\n完\n了", "x\n\n| a | b\n|:--|--:\n| 1 | 2\n\n完  \n了"),
        ("x\na \\| b | c\n--|--\n1 | 2", "x\n\na \\| b | c\n--|--\n1 | 2"),
        # no table: the columns of the head and of the line below differ, or there is no such line
        ("a | b | c\n--- | ---\nx", "a | b | c  \n--- | ---  \nx"),
        ("总计\n| 1 |\n完", "总计  \n| 1 |  \n完"),
    ],
)
def test_a_table_stands_free(text, expected):
    assert platform_markdown(text) == expected


def test_an_open_code_block_is_closed():
    assert platform_markdown("so:\n```py\nx = 1") == "so:\n```py\nx = 1\n```"


@given(st.text(st.sampled_from("ab |->#`~\n \t1."), max_size=80))
def test_doing_it_twice_changes_nothing(text):
    assert platform_markdown(platform_markdown(text)) == platform_markdown(text)


@given(st.text(st.sampled_from("ab |->#`~\n \t1."), max_size=80))
def test_only_space_and_the_end_of_a_code_block_are_added(text):
    assert "".join(platform_markdown(text).split()) == "".join(closed(text).split())
