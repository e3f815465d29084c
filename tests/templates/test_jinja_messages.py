import pytest
from jinja2 import Environment, TemplateSyntaxError

from imbot.templates.budget import TooExpensiveError
from imbot.templates.compile import compile_condition, compile_text
from imbot.templates.faults import TemplateFault
from imbot.templates.jinja_messages import _BARE_TAGS, _EXAMPLES, explain_error, word_of


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


def fault_of(source):
    with pytest.raises(TemplateFault) as caught:
        compile_text(source, ())
    return caught.value.fault.message, caught.value.fault.hint


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("{{ }}", "an expression is missing", "for example {{ answer }}"),
        ("{% if %}x{% endif %}", "an expression is missing", "for example {% if answer %}"),
        ("{% if a %}x{% elif %}y{% endif %}", "an expression is missing", "for example {% elif error %}"),
        ("a\n{%- for -%}x{% endfor %}", "an expression is missing", "for example {% for x in suggestions %}"),
        (
            "{% for x %}{% endfor %}",
            "the expression ends too early",
            "for example {% for x in suggestions %}",
        ),
        ("{% set x = %}", "the expression ends too early", "for example {% set name = answer %}"),
        ("{% with x = %}{% endwith %}", "the expression ends too early", "{% with name = answer %}"),
        ("{% include %}", "an expression is missing", "for example {% include 'part.j2' %}"),
        ("{% macro x %}{% endmacro %}", "the expression ends too early", "{% macro button(text) %}"),
        ("{% if answer == %}x{% endif %}", "the expression ends too early", "add what follows =="),
        ("{% if answer and %}x{% endif %}", "the expression ends too early", "add what follows and"),
        ("{{ answer }} {{ answer ~ }} {{ error }}", "the expression ends too early", "add what follows ~"),
        ("{{ answer | }}", "the expression ends too early", "add what follows |"),
        ("{{ answer if }}", "the expression ends too early", "add what follows if"),
        ("{{ feedback. }}", "a name is missing after the dot", "{{ feedback.chosen }}"),
        ("{{ answer[0 }}", "a closing ] is missing", "before the }"),
        ("{{ answer | replace('a', }}", "a closing ) is missing", "before the }"),
        ("{{ {'a': (1] }}", "a closing ) is missing", "before the ]"),
        ("{{ * }}", "`*` does not fit here", "write what is missing before *"),
        ("{{ “a” }}", "`“` does not fit here", "plain quotes"),
    ],
)
def test_what_ends_too_early_is_told_with_an_example_of_its_own_tag(source, message, hint):
    found = fault_of(source)
    assert message in found[0]
    assert hint in found[1]
    assert "end of" not in found[0], "a word of the language's own"


@pytest.mark.parametrize("source", ["", "answer ==", "1 +"])
def test_a_bare_expression_gets_no_example_with_braces(source):
    with pytest.raises(TemplateFault) as caught:
        compile_condition(source, ())
    assert "{" not in caught.value.fault.hint
    assert caught.value.fault.hint


@pytest.mark.parametrize(("tag", "example"), _EXAMPLES.items())
def test_every_example_is_right(tag, example):
    begin = "{% if a %}" if tag == "elif" else ""
    end = {"elif": "{% endif %}"}.get(tag, f"{{% end{tag} %}}" if f"end{tag}" in _BARE_TAGS else "")
    Environment().parse(begin + example + (end if tag != "set" else ""))
