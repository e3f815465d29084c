"""Any heap of template pieces ends as a plain value or as a fault, never otherwise."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from imbot.templates.budget import Budget
from imbot.templates.compile import compile_text
from imbot.templates.faults import TemplateFault
from imbot.templates.sandbox import GLOBALS

FILES = (("a.j2", "{{ answer }}"), ("b.j2", "{% macro m(x) %}{{ x }}{% endmacro %}"))
PIECES = [
    *[
        "{{ ",
        " }}",
        "{% ",
        " %}",
        "{#",
        "#}",
        "{%- ",
        " -%}",
        "\n",
        " ",
        "text",
        "长",
        "😀",
        "<<X>>",
        "'",
        '"',
        "\\",
    ],
    *[
        "{{ answer }}",
        "{{ xs }}",
        "{{ xs[9] }}",
        "{{ d.nope }}",
        "{{ d.k.k }}",
        "{{ nobody }}",
        "{{ n / 0 }}",
    ],
    *[
        "{% if answer %}",
        "{% else %}",
        "{% endif %}",
        "{% for x in xs %}",
        "{{ loop }}",
        "{{ x }}",
        "{% endfor %}",
    ],
    *[
        "{% set y = xs %}",
        "{% set y %}",
        "{% endset %}",
        "{{ y }}",
        "{% macro m(x) %}",
        "{% endmacro %}",
        "{{ m(1) }}",
    ],
    *[
        "{% include 'a.j2' %}",
        "{% from 'b.j2' import m %}",
        "{% raw %}",
        "{% endraw %}",
        "{% block b %}",
        "{% endblock %}",
    ],
    *[
        "answer",
        "xs",
        "d",
        "n",
        "|",
        ".",
        "(",
        ")",
        "[",
        "]",
        ",",
        "+",
        "*",
        "**",
        "%",
        "~",
        "==",
        " in ",
        " is ",
        "9999",
    ],
    *[
        "upper",
        "join",
        "map",
        "sort",
        "center",
        "round",
        "tojson",
        "defined",
        "range",
        "namespace",
        "__class__",
        "items",
    ],
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_every_template_ends_as_a_value_or_a_fault(source):
    variables = {"answer": "yes", "xs": ["a", 1, None], "d": {"k": "v"}, "n": 3}
    try:
        compiled = compile_text(source, FILES, frozenset(variables))
        with Budget():
            json.dumps(compiled.draw({**GLOBALS, **variables}), allow_nan=False)
    except TemplateFault as error:
        fault = error.fault
        assert fault.code.startswith("template.")
        assert fault.message
        assert 1 <= fault.line <= source.count("\n") + 1 or fault.file


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_every_expression_ends_as_a_value_or_a_fault(source):
    test_every_template_ends_as_a_value_or_a_fault.hypothesis.inner_test("{{ " + source + " }}")
