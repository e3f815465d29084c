import pytest
from jinja2 import TemplateSyntaxError

from imbot.templates.budget import TooExpensiveError
from imbot.templates.jinja_messages import explain_error, word_of


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (
            TemplateSyntaxError("unexpected end of template, expected 'end of print statement'.", 1),
            "`{{` is not closed",
            "close it with }}",
        ),
        (TemplateSyntaxError("Missing end of comment tag", 1), "`{#` is not closed", "close it with #}"),
        (
            TemplateSyntaxError("No filter named 'uper'.", 1),
            "there is no filter `uper`",
            "did you mean `upper`?",
        ),
        (
            TypeError('can only concatenate str (not "int") to str'),
            "`+` does not work on a text and a number",
            "~",
        ),
        (TypeError("'<' not supported between instances of 'str' and 'int'"), "`<` does not work", "| int"),
        (
            TypeError("do_replace() missing 1 required positional argument: 'new'"),
            "`replace` needs new",
            "value",
        ),
        (TypeError("'int' object is not iterable"), "a number is not a list", "for x in suggestions"),
        (ZeroDivisionError("division by zero"), "a division by zero", "{% if ... %}"),
        (TooExpensiveError("too much"), "too much", "shorter"),
        (MemoryError(), "too much memory", "shorter"),
        (RecursionError(), "calls itself", "end"),
        (KeyError("x"), "there is no 'x'", ""),
        (ValueError("as it is"), "as it is", ""),
        (ValueError(), "ValueError", ""),
    ],
)
def test_an_exception_is_told_in_plain_words_with_its_cure(error, message, hint):
    found = explain_error(error)
    assert message in found[0]
    assert hint in found[1]


def test_the_language_itself_still_speaks_the_phrases_that_are_translated():
    from imbot.templates.compile import compile_text
    from imbot.templates.faults import TemplateFault

    for source in (
        "{{ a",
        "{% if a %}",
        "{% endfi %}",
        "{{ a | uper }}",
        "{{ }}",
        "{% if phase = 1 %}{% endif %}",
    ):
        with pytest.raises(TemplateFault) as caught:
            compile_text(source, ())
        assert caught.value.fault.hint, source
        assert "`" in caught.value.fault.message or "missing" in caught.value.fault.message, source


def test_the_word_a_message_speaks_of_is_found_as_a_whole():
    assert word_of("there is no `ans` here", "{{ answers }} {{ vars.ans }}") == (22, 25)
    assert word_of("a single `=` does not compare", "{% if a = b %}") == (8, 9)
    assert word_of("no word", "line") is None
    assert word_of("`gone`", "line") is None
