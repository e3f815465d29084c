"""What people write in templates can neither reach beyond plain values nor take long."""

import time

import pytest

from imbot.templates.faults import TemplateFault

NS = "{% set ns = namespace(x='a', y=[1], d={}, i=3) %}"
EXPENSIVE = [
    "{{ 'a' * 10**9 }}",
    "{{ 10**9 * 'ab' }}",
    "{{ [1] * 10**8 }}",
    "{{ (1,) * 10**8 }}",
    "{{ 2 ** (10**9) }}",
    "{{ (2 ** 1000) ** 1000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%*d' % (1000000000, 1) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '' | center(10**9) }}",
    "{{ text | indent(10**9) }}",
    "{{ text | indent('x' * 100000) }}",
    "{{ text | replace('', 'x' * 10000) }}",
    "{{ text | list | join('x' * 10000) }}",
    "{{ text | wordwrap(1, wrapstring='x' * 100000) }}",
    "{{ text | slice(10**9) }}",
    "{{ text | batch(10**9, 'x') }}",
    "{{ text | list | map('center', 10000) | join }}",
    "{{ 1.5 | round(10**9) }}",
    "{{ 1.5 | round(-(10**9), 'ceil') }}",
    "{{ range(10**9) }}",
    "{{ [range(9999)] * 9999 }}",
    "{% filter center(10**9) %}x{% endfilter %}",
    NS + "{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    NS + "{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    NS + "{% for i in range(60) %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}",
    NS + "{% for i in range(60) %}{% set ns.y = ns.y + ns.y %}{% endfor %}",
    NS + "{% for i in range(60) %}{% set ns.d = dict(a=ns.d, b=ns.d) %}{% endfor %}",
    NS + "{% for i in range(6000) %}{% set ns.i = ns.i * ns.i %}{% endfor %}",
    NS + "{% for i in range(9000) %}{% set ns.y = (ns.y,) %}{% endfor %}{{ {ns.y: 1} }}",
    "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}",
    "{% for i in range(9999) recursive %}{{ loop(range(9999)) if loop.depth < 5 }}{% endfor %}",
    "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "{% for i in range(9999) %}" + "x" * 40_000 + "{% endfor %}",
    "{% for i in range(9999) %}{% set x = text | upper %}{% endfor %}",
    "{% for i in range(9999) %}{% set x = text[1:] %}{% endfor %}",
    "{% for i in range(9999) %}{% set x = text.count('a') %}{% endfor %}",
    "{% for i in range(9999) %}{% set x = 'zz' in text %}{% endfor %}",
    "{% for i in range(9999) %}{% set x = text is lower %}{% endfor %}",
    "{% for i in range(9999) %}{% set x = text | wordwrap(5) %}{% endfor %}",
    "{% set x %}{{ 'a' | center(100000) }}{% endset %}{% for i in range(1000) %}{{ x }}{% endfor %}",
    (
        "{% block a %}{% for i in range(999) %}{{ self.b() }}{% endfor %}{% endblock %}"
        "{% block b %}{% for i in range(999) %}x{% endfor %}{% endblock %}"
    ),
    "{% include 'twice.j2' %}" * 1000,
]
FORBIDDEN = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ text.__init__.__globals__ }}",
    "{{ text.format(1) }}",
    "{{ text.center(9) }}",
    "{{ dict.__base__ }}",
    "{{ namespace.__init__ }}",
    "{{ range.__self__ }}",
    "{{ self._TemplateReference__context }}",
    "{% for i in [1] %}{{ loop._iterable }}{% endfor %}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{{ [].append(1) }}",
    "{{ {}.update({}) }}",
    "{{ pairs | map(attribute='a.__class__') | list }}",
    "{{ pairs | sort(attribute='__class__') }}",
    "{{ pairs | selectattr('__class__') | list }}",
    "{{ text | attr('x') }}",
    "{{ pairs | map('attr', '__class__') | list }}",
    "{{ lipsum(1) }}",
    "{{ cycler }}",
    "{{ text | safe }}",
    "{{ text is filter }}",
]


@pytest.mark.parametrize("source", EXPENSIVE, ids=range(len(EXPENSIVE)))
def test_an_expensive_template_is_stopped_soon(draw, source):
    twice = ("twice.j2", "{% for i in range(99) %}" * 2 + "{% endfor %}" * 2)
    began = time.process_time()
    with pytest.raises(TemplateFault) as caught:
        draw(source, [twice], text="长a\n<x>" * 2_000)
    assert caught.value.fault.code == "template.too-expensive"
    assert time.process_time() - began < 5  # below 0.3 s on an idle machine


@pytest.mark.parametrize("source", FORBIDDEN, ids=range(len(FORBIDDEN)))
def test_a_template_reaches_nothing_but_plain_values(draw, source):
    with pytest.raises(TemplateFault) as caught:
        draw(source, text="x", pairs=[{"a": "b"}, {"a": "c"}])
    assert caught.value.fault.code in {
        "template.unsafe",
        "template.undefined",
        "template.syntax",
        "template.error",
    }


@pytest.mark.parametrize(
    "source",
    [
        "{{ ns }}",
        "{{ [ns] }}",
        "{{ m }}",
        "{{ [m] }}",
        "{{ m ~ '' }}",
        "{{ {'a': m} }}",
        "{{ ''.strip }}",
        "{{ self }}",
    ],
)
def test_what_is_no_value_can_be_neither_shown_nor_kept(draw, source):
    with pytest.raises(TemplateFault) as caught:
        draw("{% set ns = namespace() %}{% set ns.me = ns %}{% macro m() %}x{% endmacro %}" + source)
    assert caught.value.fault.code == "template.unsafe"


def test_slicing_what_cannot_be_sliced_is_a_fault_and_no_warning(draw):
    with pytest.raises(TemplateFault) as caught:
        draw("{{ 1[1:] }}")
    assert caught.value.fault.code == "template.error"


def test_a_refused_method_names_the_filter_to_use_instead(draw):
    with pytest.raises(TemplateFault) as caught:
        draw("{{ x.replace('a', 'b') }}", x="a")
    assert caught.value.fault.hint == "use the filter: | replace"


def test_a_long_answer_passes_whatever_its_length(draw):
    from imbot.templates.budget import Budget
    from imbot.templates.compile import compile_text

    answer = "长" * 5_000_000
    source = "{% if answer %}\n{{ answer }}\n{% endif %}\n{{ answer[:10] | upper }}"
    with Budget(len(answer)):
        assert len(compile_text(source, ()).draw({"answer": answer})) == len(answer) + 11


@pytest.mark.parametrize(
    ("source", "drawn"),
    [
        ("{{ xs | map('upper') }}", ["B", "A"]),
        ("{{ xs | reverse }}", ["a", "b"]),
        ("{{ xs | sort | join(', ') }}", "a, b"),
        ("{{ ps | groupby('k') | map(attribute='grouper') }}", [1, 2]),
        ("{{ ps | selectattr('k', 'gt', 1) }}", [{"k": 2}]),
        ("{{ d.items() }}", [["x", 1]]),
        ("{{ d | items }}", [["x", 1]]),
        ("{{ {1: 2} }}", {"1": 2}),
        ("{{ xs + ['c'] }}", ["b", "a", "c"]),
        ("{{ 'ab' * 2 }}", "abab"),
        ("{{ '%05.1f' % 2.25 }}", "002.2"),
        ("{{ 2 ** 10 }}", 1024),
        ("{{ 'a\nb' | indent(2) }}", "a\n  b"),
        ("{{ xs | tojson }}", '["b", "a"]'),
        ("{{ 'é &' | urlencode }}", "%C3%A9%20%26"),
        ("{{ xs | length }}", 2),
        ("{{ 'b' in xs }}", True),
        ("{{ range(3) }}", [0, 1, 2]),
        ("{{ ' x '.strip().upper() }}", "X"),
        ("{{ 'x.y'.split('.') }}", ["x", "y"]),
        ("{{ xs | string }}", '["b", "a"]'),
        ("{{ xs[0] ~ xs ~ none }}", 'b["b", "a"]'),
        (
            "{% for x in xs %}{{ loop.cycle('1', '2') }}{{ loop.index if loop is defined }}{{ x }}{% endfor %}",
            "11b22a",
        ),
        ("{% for x in xs %}{{ loop.last }}{{ loop.nextitem | default('-') }}{% endfor %}", "falseatrue-"),
        ("{{ (1, 2, 3)[1:] }}", [2, 3]),
    ],
)
def test_everyday_filters_methods_and_operators_work(draw, source, drawn):
    assert draw(source, xs=["b", "a"], d={"x": 1}, ps=[{"k": 1}, {"k": 2}]) == drawn


@pytest.mark.parametrize("name", ["_step", "_hold", "_concat"])
def test_the_filters_that_charge_cannot_make_room(draw, name):
    source = "{{ [-(10**300)] | map('%s') | list }}{%% for i in range(9999) %%}{%% set x = text | upper %%}{%% endfor %%}"
    with pytest.raises(TemplateFault):
        draw(source % name, text="x" * 10_000)


def test_an_operator_in_is_priced_by_both_its_texts(draw):
    source = "{% for i in range(99) %}{% set x = sought in text %}{% endfor %}"
    with pytest.raises(TemplateFault, match="too many steps"):
        draw(source, text="a" * 30_000, sought="a" * 99 + "b")
    assert draw("{{ 'b' in 'abc' }}{{ 'x' not in ['x'] }}{{ 'k' in {'k': 1} }}") == "truefalsetrue"


def test_an_in_within_a_chain_of_comparisons_is_refused_at_its_line(draw):
    with pytest.raises(TemplateFault) as caught:
        draw("\n{{ 1 < 2 in [2] }}")
    assert (caught.value.fault.code, caught.value.fault.line) == ("template.unsafe", 2)


@pytest.mark.parametrize(
    "source", ["{{ 'abc'.find(1, 2, x=3) }}", "{{ 'abc' | center(x=1) }}", "{{ 2 | batch('9') }}"]
)
def test_operands_that_make_no_sense_are_named_by_the_name_of_their_operation(draw, source):
    with pytest.raises(TemplateFault) as caught:
        draw(source)
    assert caught.value.fault.code == "template.error"
    assert "search" not in caught.value.fault.message
