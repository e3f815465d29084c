"""Templates: their syntax, filters and tests."""

import pytest
from planted import BOT, OTHER, hold, mistakes

MISTAKES = mistakes(
    (
        "syn",
        "card: {templates: {final: {msgContent: '⟦{{⟧ answer'}}}",
        "template.syntax: `{{` is not closed ⇒ close it with }}",
    ),
    (
        "syn2",
        "card:\n  templates:\n    final:\n      msgContent: |\n        hello\n        {% ⟦if⟧ answer %}\n        x\n",
        "template.syntax: `if` is not closed ⇒ add {% endif %}",
    ),
    (
        "syn3",
        "card:\n  templates:\n    final:\n      msgContent: |\n        hello\n        {% ⟦endfi⟧ %}\n        x\n",
        "template.syntax: there is no tag `endfi` ⇒ did you mean `endif`?",
    ),
    (
        "expr",
        "card: {templates: {final: {msgContent: '⟦{{ answer | }}⟧'}}}",
        "template.syntax: the expression ends too early ⇒ add what follows |",
    ),
    (
        "expr empty",
        "card: {templates: {final: {msgContent: '⟦{{ }}⟧'}}}",
        "template.syntax: an expression is missing ⇒ for example {{ answer }}",
    ),
    (
        "filter",
        "card: {templates: {final: {msgContent: '{{ answer | ⟦uper⟧ }}'}}}",
        "template.syntax: there is no filter `uper` ⇒ did you mean `upper`?",
    ),
    (
        "filter html",
        "card: {templates: {final: {msgContent: '{{ answer | ⟦safe⟧ }}'}}}",
        "template.syntax: there is no filter `safe` ⇒ leave it out: a card needs no escaping",
    ),
    (
        "tag",
        "card: {templates: {final: {msgContent: '{% ⟦fi⟧ answer %}x{% endif %}'}}}",
        "template.syntax: there is no tag `fi` ⇒ did you mean `if`?",
    ),
    (
        "elseif",
        "card: {templates: {final: {msgContent: '{% if answer %}x{% ⟦else if⟧ error %}y{% endif %}'}}}",
        "template.syntax: `else if` does not fit here ⇒ write elif",
    ),
    (
        "elif",
        "card: {templates: {final: {msgContent: '{% if answer %}x{% ⟦elsif⟧ error %}y{% endif %}'}}}",
        "template.syntax: there is no tag `elsif` ⇒ did you mean `elif`?",
    ),
    (
        "for end",
        "card: {templates: {final: {msgContent: '{% for a in suggestions %}x{% ⟦endif⟧ %}'}}}",
        "template.syntax: `endif` comes before `for` is closed ⇒ close that first: {% endfor %}",
    ),
    (
        "=",
        "card: {templates: {final: {msgContent: '{% if phase ⟦=⟧ 1 %}x{% endif %}'}}}",
        "template.syntax: a single `=` does not compare ⇒ write ==",
    ),
    (
        "for key",
        "card: {templates: {final: {msgContent: x, msgButtons: [{for: ⟦suggestions⟧, text: x}]}}}",
        "template.syntax: `for` must be NAME in LIST ⇒ for example: x in suggestions",
    ),
    (
        "for braces",
        "card: {templates: {final: {msgContent: x, msgButtons: [{for: ⟦'x in {{ suggestions }}'⟧, text: x}]}}}",
        "template.syntax: write a bare expression here, without braces ⇒ for example: x in suggestions",
    ),
    (
        "if braces",
        "card: {templates: {final: {msgContent: x, msgButtons: [{if: ⟦'{{ suggestions }}'⟧, text: x}]}}}",
        "template.syntax: write a bare expression here, without braces ⇒ for example: suggestions",
    ),
    (
        "for str",
        "card: {templates: {final: {msgContent: x, msgButtons: [{for: ⟦x in answer⟧, text: x}]}}}",
        "template.syntax: `for` needs a list ⇒ for example: x in suggestions",
    ),
    (
        "include bad2",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: '{% include \"cards/a.j2\" %}'}}}",
            "cards/a.j2": "hello\n⟦{% if %}⟧",
        },
        "template.syntax: an expression is missing ⇒ for example {% if answer %}",
    ),
    (
        "include shared",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: \"{% include 'p.j2' %}\"}}}\n",
            "b.yaml": OTHER + "card: {templates: {final: {msgContent: \"{% include 'p.j2' %}\"}}}\n",
            "p.j2": "hi\n{{ answer | ⟦uper⟧ }}",
        },
        "template.syntax: there is no filter `uper` ⇒ did you mean `upper`?",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_syntax_of_a_template_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
