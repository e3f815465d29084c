import pytest

from imbot.templates.budget import Budget
from imbot.templates.compile import compile_condition, compile_loop, compile_text
from imbot.templates.faults import TemplateFault
from imbot.templates.sandbox import GLOBALS


def fault_of(draw, source, files=(), **variables):
    with pytest.raises(TemplateFault) as caught:
        draw(source, files, **variables)
    return caught.value.fault


def test_a_text_without_marks_stays_as_it_is(draw):
    assert draw("50% off # {x} \n") == "50% off # {x} \n"


def test_a_template_draws_a_text(draw):
    assert draw("Hi {{ nick }}, {{ n }}!", nick="小明", n=3) == "Hi 小明, 3!"


@pytest.mark.parametrize("value", [["a"], {"a": 1}, 3, 1.5, True, None, "text"])
def test_one_expression_keeps_its_type(draw, value):
    assert draw("  {{ x }}\n", x=value) == value
    assert type(draw("{{ x }}", x=value)) is type(value)


def test_what_is_no_text_shows_as_json_inside_a_text(draw):
    assert draw("{{ x }}!", x=["ä", {"b": True}]) == '["ä", {"b": true}]!'
    assert draw("<{{ x }}>", x=None) == "<>"


def test_a_tag_on_a_line_of_its_own_leaves_no_line(draw):
    source = "list:\n{% for x in xs %}\n  {% if x %}\n- {{ x }}\n  {% endif %}\n{% endfor %}\n"
    assert draw(source, xs=["a", "", "b"]) == "list:\n- a\n- b"


def test_values_are_data_never_templates(draw):
    assert draw("{{ q }} {{ q }}", q="{{ 7*7 }}{% raw %}") == "{{ 7*7 }}{% raw %} {{ 7*7 }}{% raw %}"


def test_a_key_wins_over_a_method_of_the_same_name(draw):
    assert draw("{{ vars.items }}", vars={"items": "mine"}) == "mine"


def test_an_if_without_else_shows_nothing(draw):
    assert draw("{{ 'x' if no }}", no=False) == ""
    assert draw("[{{ 'x' if no }}]", no=False) == "[]"


def test_an_unknown_name_is_a_fault_even_where_it_would_not_run(draw):
    fault = fault_of(draw, "a\n  {% if no %}{{ anwser }}{% endif %}", no=False, answer="")
    assert (fault.code, fault.line, fault.columns) == ("template.undefined", 2, (17, 23))
    assert fault.hint == "did you mean `answer`?"


def test_an_unknown_key_names_the_one_that_was_meant(draw):
    fault = fault_of(draw, "line\n{{ vars.hotlin }}", vars={"hotline": "1"})
    assert (fault.code, fault.line) == ("template.undefined", 2)
    assert (fault.message, fault.hint) == ("there is no `hotlin` here", "did you mean `hotline`?")


def test_names_that_a_template_sets_itself_are_known(draw):
    source = (
        "{% set a = 1 %}{% macro m(b, c=2) %}{{ b }}{{ c }}{{ caller() }}{% endmacro %}"
        "{% for d, e in [(3, 4)] %}{{ a }}{{ d }}{{ e }}{{ loop.index }}{% endfor %}"
        "{% with f = 5 %}{{ f }}{% endwith %}{% call m(6) %}7{% endcall %}"
    )
    assert draw(source) == "13415627"


def test_a_missing_key_can_be_asked_for(draw):
    assert draw("{{ vars.x is defined }}", vars={}) is False
    assert draw("{{ vars.x | default('none') }}!", vars={}) == "none!"


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("{{ x", "template.syntax", 1),
        ("a\n{% if x %}", "template.syntax", 2),
        ("a\nb {{ x | nofilter }}", "template.syntax", 2),
        ("{% for a in x %}" * 25 + "{% endfor %}" * 25, "template.syntax", 1),
        ("{{ x.y }}", "template.undefined", 1),
        ("a\n\n{{ x.__class__ }}", "template.unsafe", 3),
        ("{{ x.format(1) }}", "template.unsafe", 1),
        ("\n{% autoescape true %}{% endautoescape %}", "template.unsafe", 2),
        ("{{ " + "(" * 500 + "1" + ")" * 500 + " }}", "template.recursion", 1),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "template.recursion", 1),
        ("{{ 1 / 0 }}", "template.error", 1),
        ("a {{ 1 + 'x' }}", "template.error", 1),
        ("{{ '%(a)s' % {} }}", "template.error", 1),
        ("{{ '%c' % 1114112 }}", "template.error", 1),
        ("{{ 1e308 * 10 }}", "template.unsafe", 1),
        ("{{ " + "9" * 5000 + " }}", "template.error", 1),
        ("x" * 60_000 + "{{ x }}", "template.too-expensive", 1),
        ("{{ 1 }}" * 6_000, "template.too-expensive", 1),
    ],
)
def test_whatever_goes_wrong_is_one_fault_with_its_line(draw, source, code, line):
    fault = fault_of(draw, source, x="text")
    assert (fault.code, fault.line) == (code, line)
    assert fault.message


def test_of_several_mistakes_the_first_is_told(draw):
    assert fault_of(draw, "{{ 1 + }}\n{{ § }}").line == 1
    assert fault_of(draw, "{{ § }}\n{{ 1 + }}").line == 1


def test_a_template_nested_too_deeply_leaves_nothing_to_be_ended_where_there_is_no_room_for_it(draw, capfd):
    def fault_below(frames):
        return fault_below(frames - 1) if frames else fault_of(draw, "{{ " + "(" * 500 + " }}")

    assert {fault_below(frames).code for frames in range(20)} == {"template.recursion"}
    assert capfd.readouterr().err == ""


def test_a_text_file_can_be_included_and_imported(draw):
    files = [
        ("cards/more.j2", "more {{ answer }}\n"),
        ("cards/macros.j2", "{% macro bold(x) %}**{{ x }}**{% endmacro %}"),
        ("cards/frame.j2", "<{% block body %}{% endblock %}>\n"),
    ]
    assert draw("{% include 'cards/more.j2' %}!", files, answer="x") == "more x!"
    assert draw("{% from 'cards/macros.j2' import bold %}{{ bold(answer) }}", files, answer="x") == "**x**"
    assert draw("{% import 'cards/macros.j2' as m %}{{ m.bold(1) }}", files) == "**1**"
    extending = "{% extends 'cards/frame.j2' %}{% block body %}{{ answer }}{% endblock %}"
    assert draw(extending, files, answer="x") == "<x>"


def test_a_text_that_is_not_there_is_a_fault_of_the_line_that_asks_for_it(draw):
    fault = fault_of(draw, "x\n{% include 'cards/mor.j2' %}", [("cards/more.j2", "")])
    assert (fault.code, fault.line, fault.missing) == ("template.missing", 2, "cards/mor.j2")
    assert draw("{% include 'a.j2' ignore missing %}ok") == "ok"


def test_a_fault_of_an_included_text_names_it(draw):
    fault = fault_of(draw, "{% include 'a.j2' %}", [("a.j2", "one\ntwo {{ nobody }}")])
    assert (fault.code, fault.file, fault.line, fault.columns) == ("template.undefined", "a.j2", 2, (8, 14))
    fault = fault_of(draw, "{% if 0 %}{% include 'a.j2' %}{% endif %}", [("a.j2", "\n{% if %}")])
    assert (fault.code, fault.file, fault.line) == ("template.syntax", "a.j2", 2)


def test_texts_that_include_each_other_are_shown_as_a_circle(draw):
    files = [("a.j2", "{% include 'b.j2' %}"), ("b.j2", "x\n{% include 'a.j2' %}")]
    fault = fault_of(draw, "{% include 'a.j2' %}", files)
    assert (fault.code, fault.file, fault.line) == ("template.cycle", "b.j2", 2)
    assert fault.message.endswith("a.j2 → b.j2 → a.j2")


def test_only_written_out_names_can_be_included(draw):
    fault = fault_of(draw, "{% include answer %}", [("a.j2", "")], answer="a.j2")
    assert fault.code == "template.unsafe"


def test_compiling_tells_the_names_read_in_included_texts_too():
    compiled = compile_text("{{ question }}{% include 'a.j2' %}", (("a.j2", "{{ buttons }}"),))
    assert {"question", "buttons"} <= compiled.names


def test_compiling_the_same_again_costs_nothing():
    assert compile_text("{{ answer }}?", ()) is compile_text("{{ answer }}?", ())


def condition(source, **variables):
    with Budget():
        return compile_condition(source, (), frozenset(variables)).draw({**GLOBALS, **variables})


def test_a_condition_is_a_bare_expression_or_a_boolean():
    assert condition("x and not y", x=1, y=0) is True
    assert condition(False) is False


@pytest.mark.parametrize("source", ["{{ x }}", "x }} {{ x", "", "x y", 3, None, ["x"]])
def test_a_condition_in_another_form_is_a_fault(source):
    with pytest.raises(TemplateFault) as caught:
        condition(source, x=1)
    assert caught.value.fault.code == "template.syntax"


def loop(source, **variables):
    with Budget():
        return compile_loop(source, (), frozenset(variables)).draw({**GLOBALS, **variables})


def test_a_loop_draws_the_names_of_each_repetition():
    assert loop("x in xs", xs=["a", "b"]) == [{"x": "a"}, {"x": "b"}]
    assert loop("k , v in d.items()", d={"a": 1}) == [{"k": "a", "v": 1}]
    assert loop("k in d", d={"a": 1}) == [{"k": "a"}]
    assert loop(None) == [{}]


@pytest.mark.parametrize(
    "source", ["", "x", "in xs", "x of xs", "x in {{ xs }}", "x y in xs", "x in text", "a, b in xs", 3]
)
def test_a_loop_in_another_form_is_a_fault(source):
    with pytest.raises(TemplateFault) as caught:
        loop(source, xs=["a"], text="abc")
    assert caught.value.fault.code == "template.syntax"
