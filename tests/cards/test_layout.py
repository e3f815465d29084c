import pytest

from imbot.cards.layout import compile_layout, origin
from imbot.spec import Secret
from imbot.templates.budget import Budget
from imbot.templates.faults import TemplateFault
from imbot.templates.sandbox import GLOBALS

VARIABLES = {**GLOBALS, "answer": "yes", "suggestions": ["a", "b"], "vars": {"on": True}, "citations": []}


def drawn(layout, files=()):
    compiled = compile_layout(layout, files)
    assert not compiled.faults
    with Budget():
        return compiled.draw(VARIABLES)


def faults(layout):
    return {fault.pointer: fault.code for fault in compile_layout(layout, ()).faults}


def test_strings_are_templates_and_the_rest_stays():
    layout = {"a": "{{ answer }}!", "b": {"c": ["{{ suggestions }}", 1, None, True]}, "d": "x"}
    assert drawn(layout) == {"a": "yes!", "b": {"c": [["a", "b"], 1, None, True]}, "d": "x"}


def test_keys_are_no_templates():
    assert drawn({"{{ answer }}": 1}) == {"{{ answer }}": 1}


def test_an_item_with_for_is_repeated():
    items = [{"id": 1}, {"for": "s in suggestions", "text": "{{ s }}"}]
    assert drawn({"x": items}) == {"x": [{"id": 1}, {"text": "a"}, {"text": "b"}]}


def test_an_item_with_if_may_be_left_out():
    items = [
        {"if": "citations", "t": 1},
        {"if": "vars.on", "t": 2},
        {"if": False, "t": 3},
        {"if": True, "t": 4},
    ]
    assert drawn({"x": items}) == {"x": [{"t": 2}, {"t": 4}]}


def test_an_if_sees_the_names_of_its_for():
    assert drawn({"x": [{"for": "s in suggestions", "if": "s != 'a'", "t": "{{ s }}"}]}) == {
        "x": [{"t": "b"}]
    }


def test_repetitions_nest():
    inner = [{"for": "t in suggestions", "v": "{{ s }}{{ t }}"}]
    values = drawn({"x": [{"for": "s in suggestions", "y": inner}]})
    assert [[cell["v"] for cell in row["y"]] for row in values["x"]] == [["aa", "ab"], ["ba", "bb"]]


def test_for_and_if_outside_a_list_are_ordinary_keys():
    assert drawn({"x": {"for": "me", "if": "so"}}) == {"x": {"for": "me", "if": "so"}}


def test_a_secret_never_shows():
    assert drawn({"x": Secret("k")}) == {"x": "***"}


def test_every_fault_is_found_at_its_place():
    layout = {
        "a/b": "{{ anwser }}",
        "x": [
            {"t": "{{ 1 +"},
            {"for": "s in sugestions", "t": "{{ s }}"},
            {"if": "{{ answer }}", "t": "{{ vars }}"},
        ],
    }
    assert faults(layout) == {
        "/a~1b": "template.undefined",
        "/x/0/t": "template.syntax",
        "/x/1/for": "template.undefined",
        "/x/2/if": "template.syntax",
    }


def test_a_fault_while_drawing_has_its_place():
    compiled = compile_layout({"x": [1, {"for": "s in suggestions", "t": ["{{ s.nope.more }}"]}]}, ())
    with Budget(), pytest.raises(TemplateFault) as caught:
        compiled.draw(VARIABLES)
    assert caught.value.fault.pointer == "/x/1/t/0"


def test_what_each_key_reads_is_known():
    layout = {
        "a": "{{ answer }}",
        "b": [{"if": "buttons", "for": "s in suggestions", "t": "{{ question }}"}],
        "c": 1,
    }
    names = compile_layout(layout, ()).names
    assert names == {"a": {"answer"}, "b": {"buttons", "suggestions", "question"}, "c": set()}


def test_a_drawn_place_leads_back_to_its_source():
    layout = {
        "x": [
            {"if": "citations", "t": 1},
            {"for": "s in suggestions", "t": {"u": "{{ s }}"}},
            {"v": "{{ vars }}"},
        ]
    }
    result = drawn(layout)
    assert origin(layout, result, "/x/0/t/u") == "/x/1/t/u"
    assert origin(layout, result, "/x/1/t/u") == "/x/1/t/u"
    assert origin(layout, result, "/x/2/v/on") == "/x/2/v"
    assert origin(layout, result, "/x/2/missing") == "/x/2/missing"
    assert origin(layout, result, "/missing") == "/missing"
    assert origin(layout, result, "") == ""
