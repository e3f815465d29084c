import math

import pytest

from imbot.config.yamlfile.scalars import CORE, ScalarError, block_text, meaning


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("0777", 777),
        ("0o777", 511),
        ("0o8", "0o8"),
        ("0x1F", 31),
        ("-0x1F", "-0x1F"),
        ("-12", -12),
        ("+12", 12),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1e", "1e"),
        ("-", "-"),
        (".", "."),
        ("+", "+"),
        ("1.2.3", "1.2.3"),
        ("١٢", "١٢"),
        ("400-000-0000", "400-000-0000"),
    ],
)
def test_an_unquoted_text_means_what_yaml_1_2_says(text, value):
    result = meaning(text, None, quoted=False)
    assert (type(result), result) == (type(value), value)


@pytest.mark.parametrize("text", ["5", "true", "", "~", ".inf"])
@pytest.mark.parametrize(("tag", "quoted"), [(None, True), ("!", False), (CORE + "str", False)])
def test_quotes_and_the_str_tag_keep_a_text(text, tag, quoted):
    assert meaning(text, tag, quoted=quoted) == text


@pytest.mark.parametrize(
    "text", [".inf", "-.INF", ".nan", "1e999", "9" * 5000, "0x" + "f" * 5000, "1." + "0" * 200]
)
def test_a_number_that_json_cannot_say_is_refused(text):
    with pytest.raises(ScalarError) as caught:
        meaning(text, None, quoted=False)
    assert caught.value.words[0] == "yaml.number"
    assert text not in str(caught.value.words)


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [
        ("int", "5", 5),
        ("float", "5", 5.0),
        ("float", "5.5", 5.5),
        ("bool", "true", True),
        ("null", "~", None),
    ],
)
def test_a_core_tag_says_the_type(tag, text, value):
    result = meaning(text, CORE + tag, quoted=True)
    assert (type(result), result) == (type(value), value)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (CORE + "int", "x"),
        (CORE + "int", "true"),
        (CORE + "bool", "yes"),
        (CORE + "binary", "aGk="),
        (CORE + "timestamp", "2024-01-01"),
        (CORE + "python/object:os.system", "x"),
        ("!secret", "x"),
    ],
)
def test_an_unknown_or_wrong_tag_is_refused(tag, text):
    with pytest.raises(ScalarError) as caught:
        meaning(text, tag, quoted=False)
    assert caught.value.words[0] == "yaml.tag"


@pytest.mark.parametrize("number", ["0", "-0", "1e-400"])
def test_a_number_is_finite(number):
    assert math.isfinite(meaning(number, None, quoted=False))


@pytest.mark.parametrize(
    ("text", "value", "lines", "indent"),
    [
        ("|\n  a\n", "a\n", 1, 2),
        ("|2\n    a\n", "  a\n", 1, 2),
        (">- # note\n\n   a\n   b", "\na b", 1, 3),
        ("&x !!str\n  |\r\n    a\r\n", "a\n", 2, 4),
        ("|\n", "", 1, 0),
    ],
)
def test_the_text_of_a_block_begins_below_its_header(text, value, lines, indent):
    assert block_text("key: " + text, 5, value) == (lines, indent)
