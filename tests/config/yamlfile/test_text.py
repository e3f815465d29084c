import codecs

import pytest

from imbot.config.yamlfile.text import MAX_BYTES, decode, mask_breaks
from imbot.errors import ConfigError

CHINESE = "title: 客服机器人，您好！\n"


def refusal(data):
    with pytest.raises(ConfigError) as caught:
        decode(data, "a.yaml")
    (problem,) = caught.value.problems
    return problem


def test_a_byte_order_mark_is_taken_off():
    assert decode(codecs.BOM_UTF8 + CHINESE.encode(), "a.yaml") == CHINESE


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (CHINESE.encode("utf-16"), "UTF-16"),
        (CHINESE.encode("utf-16-be"), "UTF-16"),
        ("title: bot\n".encode("utf-16-le"), "UTF-16"),
        ("title: bot\n".encode("utf-16"), "UTF-16"),
        (CHINESE.encode("utf-32"), "UTF-32"),
        (CHINESE.encode("gbk"), "GBK"),
        ("title: 機器人 robot 説明\n".encode("gbk"), "GBK"),
        ("title: café, Müller, señor\n".encode("latin-1"), "Latin-1"),
    ],
)
def test_another_encoding_is_refused_by_name(data, name):
    problem = refusal(data)
    assert problem.code == "yaml.encoding"
    assert name in problem.message
    assert "UTF-8" in problem.hint


def test_the_first_foreign_byte_is_pointed_at():
    problem = refusal(b"a: 1\r\n\xe5\xae\xa2: " + "客服".encode("gbk"))
    assert (problem.line, problem.column) == (2, 4)


def test_damaged_utf_8_is_told_from_another_encoding():
    problem = refusal(CHINESE.encode()[:-2])
    assert problem.code == "yaml.encoding"
    assert "damaged" in problem.message
    assert (problem.line, problem.column) == (1, 16)


@pytest.mark.parametrize("char", ["\0", "\x1b", "\x7f", "\x80", "\ufeff", "\ufffe"])
def test_an_invisible_character_is_shown_by_its_code(char):
    problem = refusal(f"title: 好\nname: a{char}b\n".encode())
    assert problem.code == "yaml.character"
    assert f"U+{ord(char):04X}" in problem.message
    assert (problem.line, problem.column, problem.end_column) == (2, 8, 9)


@pytest.mark.parametrize("char", ["\t", "\x85", "\xa0", "\u200d", "\u2028", "\ufe0f", "😀", "\U0010ffff"])
def test_other_characters_pass(char):
    assert decode(char.encode(), "a.yaml") == char


def test_a_file_over_the_limit_is_not_even_decoded():
    problem = refusal(b"\xff" * (MAX_BYTES + 1))
    assert problem.code == "yaml.too-large"
    assert f"{MAX_BYTES:,}" in problem.message


def test_masked_breaks_come_back():
    text = "a\x85b\u2028c\ue000d\u2029"
    masked, table = mask_breaks(text)
    assert len(masked) == len(text)
    assert not set(masked) & set("\x85\u2028\u2029")
    assert masked.translate(table) == text


def test_without_such_breaks_nothing_is_masked():
    assert mask_breaks("a\nb") == ("a\nb", {})
