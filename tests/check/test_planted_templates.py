"""Templates: names, what they draw, what they include."""

import pytest
from planted import BOT, hold, mistakes

MISTAKES = mistakes(
    (
        "undefined",
        "card: {templates: {final: {msgContent: '{{ ⟦anser⟧ }}'}}}",
        "template.undefined: `anser` is not defined ⇒ did you mean `answer`?",
    ),
    (
        "undefined block",
        "card:\n  templates:\n    final:\n      msgContent: |\n        你好 😀\n        {{ answer }} {{ ⟦hotline⟧ }}\n",
        "template.undefined: `hotline` is not defined ⇒ known names: answer, bot, buttons, citations,",
    ),
    (
        "var undefined",
        "card: {vars: {hotline: 1}, templates: {final: {msgContent: '{{ vars.⟦hotlin⟧ }}'}}}",
        "template.undefined: there is no `hotlin` here ⇒ did you mean `hotline`?",
    ),
    (
        "vars none",
        "card: {templates: {final: {msgContent: '{{ vars.⟦hotline⟧ }}'}}}",
        "template.undefined: there is no `hotline` here ⇒ it is empty; put values of your own into `card.vars`",
    ),
    (
        "bot attr",
        "card: {templates: {final: {msgContent: '{{ bot.⟦nme⟧ }}'}}}",
        "template.undefined: there is no `nme` here ⇒ did you mean `name`?",
    ),
    (
        "bot attr fb",
        "card: {templates: {final: {msgContent: '{{ feedback.⟦choosen⟧ }}'}}}",
        "template.undefined: there is no `choosen` here ⇒ did you mean `chosen`?",
    ),
    (
        "filter arg",
        "card: {templates: {final: {msgContent: '{{ answer | ⟦truncate⟧(a=5) }}'}}}",
        "template.error: `truncate` has no parameter `a` ⇒ check its parameters",
    ),
    (
        "test",
        "card: {templates: {final: {msgContent: '{% if answer is ⟦emty⟧ %}x{% endif %}y'}}}",
        "template.error: there is no test `emty` ⇒ known tests: odd, even, divisibleby, defined,",
    ),
    (
        "add",
        "card: {templates: {final: {msgContent: '{{ answer ⟦+⟧ 1 }}'}}}",
        "template.error: `+` does not work on a text and a number ⇒ join texts with ~; turn a text into a number with | int",
    ),
    (
        "call",
        "card: {templates: {final: {msgContent: '⟦{{ answer() }}⟧'}}}",
        "template.error: a text cannot be called ⇒ leave out the brackets after its name",
    ),
    (
        "class",
        "card: {templates: {final: {msgContent: '{{ answer.⟦__class__⟧ }}'}}}",
        "template.unsafe: `__class__` of a text is not available ⇒ templates can use plain values only: texts,",
    ),
    (
        "format",
        "card: {templates: {final: {msgContent: '{{ \"{}\".⟦format⟧(1) }}'}}}",
        "template.unsafe: `format` of a text is not available ⇒ use the filter: | format",
    ),
    (
        "replace method",
        'card: {templates: {final: {msgContent: \'{{ answer.⟦replace⟧("a","b") }}\'}}}',
        "template.unsafe: `replace` of a text is not available ⇒ use the filter: | replace",
    ),
    (
        "div",
        "card: {templates: {final: {msgContent: '⟦{{ 1/0 }}⟧'}}}",
        "template.error: a division by zero ⇒ check the number first, with {% if ... %}",
    ),
    (
        "index",
        "card: {templates: {final: {msgContent: '⟦{{ suggestions[5] }}⟧'}}}",
        "template.undefined: there is no item 5 here ⇒ check the length first: {% if ... | length > 5 %}",
    ),
    (
        "empty only",
        "card: {templates: {final: {msgContent: '⟦{{ suggestions[0] }}⟧'}}}",
        "template.undefined: there is no item 0 here, with an empty turn ⇒ it may be missing: check with {% if ... %}, or",
    ),
    (
        "for item name",
        "card: {templates: {final: {msgContent: x, msgButtons: [{for: s in suggestions, text: '{{ ⟦x⟧ }}'}]}}}",
        "template.undefined: `x` is not defined ⇒ known names: answer, bot, buttons, citations,",
    ),
    (
        "unquoted",
        "card:\n  templates:\n    final:\n      msgContent: ⟦{{ answer }}⟧\n",
        'yaml.unquoted-template: a template without quotes: YAML takes { for ⇒ put the whole text in quotes: "..."',
    ),
    (
        "unquoted title",
        "title: ⟦{{ bot.name }}⟧",
        'yaml.unquoted-template: a template without quotes: YAML takes { for ⇒ put the whole text in quotes: "..."',
    ),
    (
        "unquoted tag",
        "texts:\n  help: ⟦{% if answer %}⟧x{% endif %}\n",
        'yaml.unquoted-template: a template without quotes: YAML takes { for ⇒ put the whole text in quotes: "..."',
    ),
    (
        "cut #",
        "texts:\n  help: ⟦请看 {{ answer #x }}⟧\n",
        'yaml.unquoted-template: a template without quotes is cut off: a # ⇒ put the whole text in quotes: "..."',
    ),
    (
        "cut # 2",
        "texts:\n  help: ⟦拨打 #{{ vars.a }}⟧\n",
        'yaml.unquoted-template: this text is cut off: a # after a space ⇒ put the whole text in quotes: "..."',
    ),
    (
        "text undefined",
        "texts: {help: '{{ bot.⟦titel⟧ }}'}",
        "template.undefined: there is no `titel` here ⇒ did you mean `title`?",
    ),
    (
        "text undefined texts",
        "texts: {help: '{{ ⟦texts⟧.error }}'}",
        "template.undefined: `texts` is not defined ⇒ known names: answer, bot, buttons, citations,",
    ),
    (
        "include missing",
        "card: {templates: {final: {msgContent: '{% include \"⟦cards/x.j2⟧\" %}'}}}",
        "template.missing: there is no text `cards/x.j2` ⇒ write its path from the bots folder on, ending in .j2",
    ),
    (
        "include ext",
        "card: {templates: {final: {msgContent: '{% include \"⟦cards/x.md⟧\" %}'}}}",
        "template.missing: there is no text `cards/x.md` ⇒ write its path from the bots folder on, ending in .j2",
    ),
    (
        "include outside",
        "card: {templates: {final: {msgContent: '{% include \"⟦../x.j2⟧\" %}'}}}",
        "template.missing: there is no text `../x.j2` ⇒ write its path from the bots folder on, ending in .j2",
    ),
    (
        "include var",
        "card: {templates: {final: {msgContent: '⟦{% include answer %}⟧'}}}",
        "template.unsafe: the name of an included text must be written out ⇒ write it in quotes, such as 'cards/more.j2'",
    ),
    (
        "include cycle",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: '{% include \"a.j2\" %}'}}}",
            "a.j2": "{% include 'b.j2' %}",
            "b.j2": "x\n{% include '⟦a.j2⟧' %}",
        },
        "template.cycle: texts include each other: a.j2 → b.j2 → a.j2 ⇒ remove one of these includes",
    ),
    (
        "include bad",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: '{% include \"cards/a.j2\" %}'}}}",
            "cards/a.j2": "hello\n{{ ⟦anwser⟧ }}",
        },
        "template.undefined: `anwser` is not defined ⇒ did you mean `answer`?",
    ),
    (
        "macro rec",
        "card: {templates: {final: {msgContent: '⟦{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}⟧'}}}",
        "template.recursion: the template calls itself, or is nested too ⇒ make sure that the recursion ends",
    ),
    (
        "range",
        "card: {templates: {final: {msgContent: '⟦{% for i in range(100000) %}x{% endfor %}⟧'}}}",
        "template.too-expensive: a range of more than 10000 numbers ⇒ make its loops and texts shorter",
    ),
    (
        "loop",
        "card: {templates: {final: {msgContent: '⟦{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}⟧'}}}",
        "template.too-expensive: the template takes too many steps or makes ⇒ make its loops and texts shorter",
    ),
    (
        "mult",
        "card: {templates: {final: {msgContent: \"⟦{{ 'a' * 10**9 }}⟧\"}}}",
        "template.too-expensive: the template takes too many steps or makes ⇒ make its loops and texts shorter",
    ),
    (
        "own template no content",
        "card: {template_id: x, content_key: y, templates: {final: ⟦{z: x}⟧}}",
        'card.content-key: the layout lacks `y`, the card\'s content key ⇒ for example y: "{{ answer }}"',
    ),
    (
        "layout broken",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n",
            "cards/f.yaml": "msgContent: ⟦{{ answer }}⟧\n",
        },
        'yaml.unquoted-template: a template without quotes: YAML takes { for ⇒ put the whole text in quotes: "..."',
    ),
    (
        "layout undef",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n",
            "cards/f.yaml": "msgTitle: x\nmsgContent: |\n  {{ answer }}\n  {{ ⟦anser⟧ }}\n",
        },
        "template.undefined: `anser` is not defined ⇒ did you mean `answer`?",
    ),
    (
        "layout shared",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n",
            "b.yaml": "credentials: {client_id: ding9, client_secret: <<SECRET>>}\nagent: {type: echo}\ncard: {templates: {final: {file: cards/f.yaml}}}\n",
            "cards/f.yaml": 'msgContent: "{{ ⟦anser⟧ }}"',
        },
        "template.undefined: `anser` is not defined ⇒ did you mean `answer`?",
    ),
    (
        "include from file missing near",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: \"{% include '⟦cards/foot.j2⟧' %}\"}}}\n",
            "cards/footer.j2": "x",
        },
        "template.missing: there is no text `cards/foot.j2` ⇒ did you mean `cards/footer.j2`?",
    ),
    (
        "import missing from a layout file, in another folder",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/final.yaml}}}\n",
            "cards/final.yaml": "msgContent: \"{% from '⟦marks.j2⟧' import bold %}{{ bold(answer) }}\"\n",
            "cards/texts/marks.j2": "{% macro bold(x) %}**{{ x }}**{% endmacro %}",
        },
        "template.missing: there is no text `marks.j2` ⇒ did you mean `cards/texts/marks.j2`?",
    ),
    (
        "include missing, from an included text",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: \"{% include 'cards/a.j2' %}\"}}}\n",
            "cards/a.j2": "x {% include '⟦cards/food.j2⟧' %}",
            "cards/foot.j2": "x",
        },
        "template.missing: there is no text `cards/food.j2` ⇒ did you mean `cards/foot.j2`?",
    ),
    (
        "include missing, in a text",
        {
            "a.yaml": BOT + "texts: {help: \"{% include '⟦help⟧' %}\"}\n",
            "cards/help.j2": "x",
        },
        "template.missing: there is no text `help` ⇒ did you mean `cards/help.j2`?",
    ),
    (
        "include chain missing",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: \"{% include 'a.j2' %}\"}}}\n",
            "a.j2": "x {% include '⟦b.j2⟧' %}",
        },
        "template.missing: there is no text `b.j2` ⇒ did you mean `a.j2`?",
    ),
    (
        "import macro missing",
        {
            "a.yaml": BOT
            + "card: {templates: {final: {msgContent: \"{% from '⟦a.j2⟧' import foo %}{{ foo() }}\"}}}\n",
            "a.j2": "{% macro fooo() %}x{% endmacro %}",
        },
        "template.undefined: `a.j2` does not define `foo` ⇒ check the name of the macro",
    ),
    (
        "vars used 3x",
        BOT
        + "card: {vars: {a: 1}, templates: {final: {msgContent: '{{ vars.⟦b⟧ }}'}, streaming: {msgContent: '{{ vars.b }}'}, error: {msgContent: '{{ vars.b }}'}, stopped: {msgContent: '{{ vars.b }}'}}}\n",
        "template.undefined: there is no `b` here ⇒ known keys: a; also at",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_template_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
