"""Two libraries judge: the fast one passes what is sound, the thorough one decides on the rest and explains it.

What the fast one passes nobody looks at again, so it must never pass what the thorough one refuses.
"""

import enum
import json
import subprocess
import sys

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbot.config import schema
from imbot.config.schema.editor import walk

PARTS = ["bot", "test"]
PARTS += [f"{group}/{name}" for group in ("types", "agents", "cards") for name in schema.names(group)]
FORMS = [(part, layout, partial) for part in PARTS for layout in (False, True) for partial in (False, True)]
BOT = {"type": "dingtalk-stream", "credentials": {}, "agent": {"type": "echo"}}


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Real(float):
    pass


class Items(list):
    pass


class Mapping(dict):
    pass


class Word(enum.StrEnum):
    STOP = "stop"


class Number(enum.IntEnum):
    ONE = 1


def deep(levels, wrap):
    value = "x"
    for _ in range(levels):
        value = wrap(value)
    return value


PLAIN = [
    None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, 20.0, 10**18, 2**63, 2**64, 10**30, -(10**30), 10**400, 1e300, 5e-324,
    "", " ", "a", "长", "é", "1", "٣", "true", "2s", "2s\n", "0s", "٣s", "2s\r", "2s\u2028", "stop", "stop\n", "a\0b", "\0",
    "http://x", "http://x\n", "http://x\u0085", "a:b", "a:b\n", "/", "\n/", "{{ x }}", "{%\n%}", "<<A>>",
    "x" * 300, "长" * 300, "😀" * 51, "x" * 100_000,
    [], {}, [None], ["a", "a"], ["a", "b"], ["stop", "stop"], [1, True], [1, 1.0], [0, False], [{}, {}], {"a": 1},
    {"": ""}, {"file": "x"}, {"file": "x", "a": 1}, {"for": "x in y"}, {"a b": "c"}, {"X-A": "c"}, {"X-A\n": "c"}, {"/a": 1},
    deep(60, lambda value: [value]), deep(60, lambda value: {"a": value}),
]  # fmt: skip
HOSTILE = [
    Text("stop"), Text("2s"), Text(""), Whole(1), Whole(0), Real(1.0), Real(1.5), Number.ONE, Word.STOP,
    Items(), Items(["a"]), Mapping(), Mapping(a=1), [Text("a")], {"a": Text("b")}, {Text("a"): "b"}, {Text("file"): "x"},
    {1: "a"}, {None: "a"}, {True: "a"}, {1.5: "a"}, {"a": 1, 2: 3},
    "\ud800", "2s\udfff", "http://x\ud800", ["\ud800"], {"\ud800": "a"},
    float("nan"), float("inf"), float("-inf"), [float("nan")], {"a": float("inf")},
    b"2s", bytearray(b"a"), {"a"}, frozenset(), range(2), object(), Text, print,
]  # fmt: skip


def scalars(values):
    return [value for value in values if not isinstance(value, dict | list)]


def fast_of(node):
    return jsonschema_rs.Draft202012Validator(node)


def takes(fast, value):
    """What the fast library says; None where it raises, as it does for what it cannot take."""
    try:
        return fast.is_valid(value)
    except ValueError:
        return None


def schemas_in(node):
    """A schema and every one inside it."""
    if not isinstance(node, dict):
        return
    yield node
    for key in ("properties", "$defs"):
        for inner in node.get(key, {}).values():
            yield from schemas_in(inner)
    for key in ("items", "additionalProperties", "propertyNames", "if", "then", "else"):
        yield from schemas_in(node.get(key))
    for inner in node.get("allOf", ()):
        yield from schemas_in(inner)


def nodes_of(part, layout, partial):
    """Every schema inside a part, each once and able to stand alone."""
    whole = schema._judged(part, layout, partial)
    definitions = {"$defs": whole["$defs"]} if "$defs" in whole else {}
    found = {json.dumps(node, sort_keys=True): node for node in schemas_in(whole)}
    return [{**node, **definitions} for node in found.values()]


def words(node):
    """What values near a schema are made of: its keys, and the texts that it names."""
    found = set()
    for inner in walk(node):
        found |= inner.get("properties", {}).keys()
        texts = [inner.get("const"), inner.get("default"), *inner.get("enum", ()), *inner.get("examples", ())]
        found |= {text for text in texts if isinstance(text, str)}
    return sorted(found)


def near(node):
    """Values at the limits of a schema: what it names, one off its bounds, its texts with an ending."""
    named = [
        *node.get("examples", ()),
        *node.get("enum", ()),
        *(node[key] for key in ("default", "const") if key in node),
    ]
    yield from named
    yield from (
        text + ending
        for text in named
        if isinstance(text, str)
        for ending in ("\n", "\0", " ", "\u2028", "é")
    )
    for key in ("minimum", "maximum"):
        if key in node:
            yield from (node[key] + step for step in (-1, -0.5, 0, 0.5, 1))
    for key in ("minLength", "maxLength"):
        if key in node:
            yield from ("长" * max(node[key] + step, 0) for step in (-1, 0, 1))


@pytest.mark.parametrize(("part", "layout", "partial"), FORMS)
def test_the_fast_library_reads_every_schema(part, layout, partial):
    assert schema._fast_validator(part, layout, partial).is_valid(None) is False


@pytest.mark.parametrize("part", PARTS)
def test_no_schema_holds_itself(part):
    # a deep value would overflow the stack of the fast library
    definitions = schema.source(part).get("$defs", {})

    def reached(node, way):
        for inner in walk(node):
            if "$ref" in inner:
                name = inner["$ref"].removeprefix("#/$defs/")
                assert name not in way, way
                reached(definitions[name], (*way, name))

    reached({key: value for key, value in schema.source(part).items() if key != "$defs"}, ())


@pytest.mark.parametrize(("part", "layout", "partial"), FORMS)
def test_both_libraries_agree_on_plain_values(part, layout, partial):
    for node in nodes_of(part, layout, partial):
        fast, thorough = fast_of(node), schema._validators()(node)
        values = [*PLAIN, *near(node)]
        assert [value for value in values if takes(fast, value) != thorough.is_valid(value)] == [], node


@pytest.mark.parametrize(("part", "layout", "partial"), FORMS)
def test_the_fast_library_passes_nothing_hostile_that_the_thorough_one_refuses(part, layout, partial):
    for node in nodes_of(part, layout, partial):
        fast, thorough = fast_of(node), schema._validators()(node)
        assert [value for value in HOSTILE if takes(fast, value) and not thorough.is_valid(value)] == [], node


def values_near(node, odd):
    leaves = st.sampled_from([*words(node), *scalars(PLAIN), *odd])
    keys = st.sampled_from([*words(node), *(["\ud800", Text("a")] if odd else ["a"])])
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


@pytest.mark.parametrize("part", PARTS)
def test_both_libraries_agree_on_values_near_a_schema(part):
    fast, thorough = schema._fast_validator(part, False, False), schema._validator(part, False, False)

    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(values_near(schema.source(part), ()))
    def agree(value):
        assert fast.is_valid(value) == thorough.is_valid(value)

    agree()


@pytest.mark.parametrize("part", PARTS)
def test_whatever_a_value_is_made_of_the_thorough_library_has_the_last_word(part):
    @settings(max_examples=60, derandomize=True, deadline=None, database=None)
    @given(values_near(schema.source(part), HOSTILE))
    def agree(value):
        assert schema.violations(part, value, partial=True) == schema._explained(part, value, False, True)

    agree()


@pytest.mark.parametrize(
    "more",
    [
        {"title": Text("x")},
        {"title": "\ud800"},
        {"throttle": {"chunks": Whole(5)}},
        {"vars": {1: "x"}},
        {"vars": {"\udfff": "x"}},
        {"vars": {Text("a"): Real(0.5)}},
        {"vars": {"a": float("nan")}},
        {"vars": {"a": deep(300, lambda value: [value])}},
    ],
    ids=str,
)
def test_what_the_fast_library_cannot_take_may_be_sound(more):
    value = {"card": more} if "vars" in more else more

    assert schema.violations("bot", BOT | value) == []


@pytest.mark.parametrize("value", [Text("x"), Whole(5), "x\ud800", {1: "x"}, {"\ud800": "x"}, float("inf")])
def test_what_the_fast_library_cannot_take_may_be_wrong(value):
    (violation,) = schema.violations("bot", BOT | {"throttle": {"interval": value}})

    assert violation.pointer == "/throttle/interval"


def test_a_value_of_any_depth_is_judged_without_harm():
    value = deep(100_000, lambda value: [value])

    for part, layout, partial in FORMS:
        assert not schema._is_valid(
            part, {"card": {"vars": {"a": value}}, "body": value, "contents": value}, layout, partial
        )


def test_the_fast_library_alone_passes_what_is_sound():
    code = (
        "import sys; from imbot.config import schema;"
        f"assert schema.violations('bot', {BOT!r}) == []; assert 'jsonschema_rs' in sys.modules;"
        "assert 'jsonschema' not in sys.modules;"
        "assert schema.violations('bot', {}); assert 'jsonschema' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
