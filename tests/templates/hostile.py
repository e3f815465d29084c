"""Draws hostile templates within limits, in a process of its own: ``python hostile.py SEED COUNT SIZE``.

Prints the CPU seconds and the mebibytes that the worst ones took, each with its template, and how the drawings ended.
The address space is limited, so a template that makes more than it may ends this process.
"""

import json
import random
import re
import resource
import sys
import time
from collections import Counter

from imbot.templates.budget import Budget
from imbot.templates.compile import compile_text
from imbot.templates.faults import TemplateFault
from imbot.templates.prices import TEST_PRICES
from imbot.templates.sandbox import FILTERS, GLOBALS

MOST_MB = 150  # above what the process has before; a little of it is Python's own
MOST_S = 5
SIZE = int(sys.argv[3])  # characters of the long texts
ANSWER = 10_000  # characters

VARIABLES = {
    "answer": "长" * ANSWER,
    "a": "a" * SIZE,
    "wide": "长" * SIZE,
    "words": " a" * (SIZE // 2),
    "odd_lines": "a\v" * (SIZE // 2),
    "lines": "\n" * SIZE,
    "control": "\x01" * SIZE,
    "ab": "ab" + "a" * (SIZE // 2),
    "ba": "a" * (SIZE // 2) + "ba",
    "chars": "".join(map(chr, range(0x4E00, 0x9000))),
    "small": "ab c",
    "empty": "",
    "path": "a." * 2_000,
    "numbers": list(range(9_000)),
    "texts": ["a" * 60 + str(number) for number in range(3_000)],
    "lists": [[number] for number in range(3_000)],
    "dicts": [{"a": {"a": number}} for number in range(2_000)],
    "deep": [[[[[["a" * 100]]]]]] * 100,
    "keys": {f"k{number}" * 5: number for number in range(4_000)},
    "of_a": {"a": "a" * SIZE},
    "pattern": "%(a)s" * 9_000,
    "directives": "%s" * 5_000,
    "wide_number": "%999d" * 9_000,
    "digits": "9" * 4_000,
    "big": 2**1000,
    "huge_float": 1e308,
    "nan": float("nan"),
    "n": 9_999,
    "minus": -(10**9),
}
TEXTS = [
    "answer",
    "a",
    "wide",
    "words",
    "odd_lines",
    "lines",
    "control",
    "ab",
    "ba",
    "chars",
    "small",
    "empty",
    "path",
]
TEXTS += ["pattern", "directives", "wide_number", "digits", "'ab' ~ ba[: n // 2 * 26]", "'x' * 9999", "ns.x"]
LISTS = ["numbers", "texts", "lists", "dicts", "deep", "range(9999)", "[]", "[a, wide]", "keys", "of_a"]
NUMBERS = ["big", "huge_float", "nan", "n", "minus", "0", "1", "2", "999", "0x" + "f" * 2_000]
NAMES = [*(name for name in FILTERS if not name.startswith("_")), "_step", "_hold", "_concat"]
TEST_NAMES = [name for name in TEST_PRICES if name.isidentifier()]
# operations with operands of the kinds that they take: t is a text, l a list, n a number, x anything
OPERATIONS = {
    "t": [
        "t.rfind(t) ~ t.find(t)",
        "t.replace(t)",
        "t.split(t)[0]",
        "t.strip(t)",
        "t.title()",
        "t.upper()",
        "t.count(t) ~ ''",
        "t + t",
        "t * n",
        "t ~ t ~ t",
        "t % x",
        "t % of_a",
        "t % (t, t)",
        "t[::-1]",
        "t[1:]",
        "(t | replace(t, t))",
        "(t | center(n))",
        "(t | indent(n, true, true))",
        "(t | indent(t))",
        "(t | wordwrap(n))",
        "(t | wordwrap(1, true, t))",
        "(t | truncate(n))",
        "(l | join(t))",
        "(t | join(t))",
        "(x | tojson)",
        "(x | string)",
        "(t | format(x, x))",
        "(x | urlencode)",
        "(t | title)",
        "(t | trim(t))",
        "(t | format(a=t))",
        "(t | default(t))",
        "(l ~ l)",
        "m(t)",
        "m(x)",
    ],
    "l": [
        "t.split(t)",
        "t.splitlines()",
        "t.split()",
        "l + l",
        "l * n",
        "[x] * 99",
        "[x, x]",
        "{t: x}",
        "(t | list)",
        "(l | batch(n, x))",
        "(l | slice(n, x))",
        "(l | sort)",
        "(t | sort)",
        "(l | unique)",
        "(l | map('F'))",
        "(l | map('F', x))",
        "(l | map('replace', t, t))",
        "(l | map(attribute=t, default=x))",
        "(l | select('T'))",
        "(l | select('T', x))",
        "(l | selectattr('a.a', 'T'))",
        "(l | groupby(t, default=t))",
        "(l | groupby('a'))",
        "dict(l)",
        "dict(a=x)",
        "keys.items()",
        "keys.values()",
        "range(n)",
        "(keys | dictsort)",
        "l[::-1]",
        "(t | reverse | list)",
        "(l | F)",
    ],
    "n": [
        "(t | length)",
        "t.count(t)",
        "t.rfind(t)",
        "l.count(x)",
        "l.index(x)",
        "n + n",
        "n * n",
        "n ** n",
        "n // n",
        "n % n",
        "-n",
        "(t | int)",
        "(t | int(0, 16))",
        "(t | float)",
        "(l | sum)",
        "(l | sum(start=x))",
        "(t | wordcount)",
        "(n | round(n))",
        "(x in t)",
        "(t in t)",
        "(t in l)",
        "(l == l)",
        "(l < l)",
        "(x is T)",
        "(n is odd)",
        "(t is even)",
        "(t is divisibleby(n))",
        "(x is in(x))",
        "(l | min)",
        "(t | max)",
        "t.startswith((t, t))",
        "(t == t)",
        "(l | first)",
    ],
}
DOUBLED = "{% set ns = namespace(x='a') %}{% for i in range(18) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{% set b = ns.x %}"
OFTEN = "{%% for i in range(9999) %%}{%% set x = %s %%}{%% endfor %%}"
KNOWN = [  # found by hand, each once taken for cheap
    DOUBLED + "{{ b.rfind('ab' ~ b[:130000]) }}",
    "{{ ('%(a)s' * 9000) % {'a': a} }}",
    "{{ ('%(a)s' * 9000) % of_a }}",
    "{{ pattern | format(a=wide) }}",
    DOUBLED + "{{ " + " ~ ".join(["b"] * 2_000) + " }}",
    DOUBLED + "{{ b.strip('b' * 60000 ~ 'a') }}",
    "{{ ba.split('a') | length }}",
    "{{ wide | list | length }}",
    "{{ wide | sort | length }}",
    "{{ odd_lines | indent(999, true, true) }}",
    "{{ '%999999999d' is odd }}",
    "{{ '%999999999d' is divisibleby(3) }}",
    "{{ a | wordwrap(1) }}",
    "{{ lists | sum(start=[]) }}",
    "{{ texts | groupby('a', default=wide) | length }}",
    "{{ 1 | batch(nan) }}" + OFTEN % "wide | upper",
    "{{ -(10 ** 300) | _step }}" + OFTEN % "wide | upper",
    "{{ [-(10 ** 300)] | map('_step') | list }}" + OFTEN % "wide | upper",
    "{{ 2 | slice(lines) }}",
    "{{ 2 | batch(keys, wide) }}",
    OFTEN % "words % keys",
    OFTEN % ("0x" + "f" * 40_000 + " // 0x" + "f" * 4_000),
    OFTEN % "'ab' in wide and small.startswith((wide, wide))",
    OFTEN % "keys.get(wide)",
    OFTEN % "numbers.index(wide)",
    OFTEN % "dict([[wide, 1]])",
    OFTEN % "{wide: 1}",
    OFTEN % "lists | map(attribute='a.' * 9000, default=1)",
]
KINDS = {"t": TEXTS, "l": LISTS, "n": NUMBERS}


class Author:
    """Writes templates that do their worst."""

    def __init__(self, seed):
        self._random = random.Random(seed)

    def _pick(self, *choices):
        return self._random.choice(choices)

    def expression(self, kind="x", depth=3):
        """An expression of a kind: t, l, n, or x for any."""
        kind = self._pick(*KINDS) if kind == "x" else kind
        if depth == 0 or self._random.random() < 0.15:
            return self._pick(*KINDS[kind])
        operation = self._pick(*OPERATIONS[kind])
        return re.sub(r"\b[tlnxFT]\b", lambda found: self._operand(found[0], depth), operation)

    def _operand(self, kind, depth):
        if kind in "FT":
            return self._pick(*(NAMES if kind == "F" else TEST_NAMES))
        return f"({self.expression(kind, depth - 1)})"

    def statement(self, depth=2):
        value = self.expression()
        inner = self.statement(depth - 1) if depth else "{{ " + value + " }}"
        over = self._pick("range(9999)", "range(60)", "numbers", "a", value)
        return self._pick(
            lambda: "{{ " + value + " }}",
            lambda: (
                "{% set ns.x = " + self._pick(value, "ns.x ~ ns.x", "ns.x + ns.x", "[ns.x, ns.x]") + " %}"
            ),
            lambda: "{% for i in " + over + " %}" + inner + "{% endfor %}",
            lambda: (
                "{% for i in range(30) %}{% set ns.x = "
                + self._pick("ns.x ~ ns.x", "[ns.x] * 2", "(ns.x,)")
                + " %}{% endfor %}"
            ),
            lambda: "{% for i in " + over + " recursive %}" + inner + "{{ loop(range(99)) }}{% endfor %}",
            lambda: "{% set ns.x %}" + inner + "{% endset %}",
            lambda: "{% filter " + self._pick(*NAMES) + " %}" + inner + "{% endfilter %}",
            lambda: "{% call(z) m(" + value + ") %}" + inner + "{% endcall %}",
            lambda: "{% macro k(x) %}" + inner + "{{ k(x) }}{{ k(x) }}{% endmacro %}{{ k(" + value + ") }}",
            lambda: "{% include 'one.j2' %}{% from 'one.j2' import m %}",
            lambda: "{% if " + value + " %}" + inner + "{% else %}" + inner + "{% endif %}",
            lambda: inner + inner,
        )()

    def template(self):
        once = self.statement()
        if self._random.random() < 0.5:  # often, to see whether one run is charged for what it takes
            once = "{% for j in range(9999) %}" + once + "{% endfor %}"
        return (
            "{% macro m(x) %}{{ caller(x) if caller else x }}{% endmacro %}{% set ns = namespace(x='ab') %}"
            + once
        )


FILES = (("one.j2", "{% macro m(x) %}{{ x }}{% endmacro %}{{ small }}"),)


def drawn(source):
    """How drawing a template ends, and the CPU seconds and mebibytes that it takes."""
    with open("/proc/self/clear_refs", "w") as peak:  # the peak begins anew
        peak.write("5")
    before, began = status("VmRSS"), time.process_time()
    try:
        with Budget(ANSWER):
            compile_text(source, FILES, frozenset(VARIABLES)).draw({**GLOBALS, **VARIABLES})
        end = "drawn"
    except TemplateFault as error:
        end = error.fault.code
    return end, time.process_time() - began, (status("VmHWM") - before) / 1024


def status(name):
    """Kibibytes, as the kernel counts them."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main(seed, count):
    drawn("{{ small | upper }}")  # what is made once
    resource.setrlimit(resource.RLIMIT_AS, ((status("VmSize") + MOST_MB * 1024) * 1024,) * 2)
    author, ends, slowest, largest = Author(seed), Counter(), (0.0, ""), (0.0, "")
    for source in [*KNOWN, *(author.template() for _ in range(count))]:
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + MOST_S, resource.RLIM_INFINITY))
        sys.stderr.write(f"{source}\n")  # the last one is the one that ended this process
        end, took_s, made_mb = drawn(source)
        ends[end] += 1
        slowest, largest = max(slowest, (took_s, source)), max(largest, (made_mb, source))
    sys.stdout.write(json.dumps({"ends": ends, "slowest": slowest, "largest": largest}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
