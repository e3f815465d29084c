"""Patterns mean the same to everybody who reads the schemas: imbot, and editors with JavaScript's engine."""

import re

import pytest
import regress

from imbot.config import schema
from imbot.config.schema.editor import walk

PARTS = ["bot", "test"]
PARTS += [f"{group}/{name}" for group in ("types", "agents", "cards") for name in schema.names(group)]
BUNDLES = (schema.bundle, schema.bundle_defaults, schema.bundle_inheriting)
PATTERNS = sorted(
    {
        node["pattern"]
        for whole in (*map(schema.source, PARTS), *(bundle() for bundle in BUNDLES))
        for node in walk(whole)
        if isinstance(node.get("pattern"), str)
    }
)

# What Python, Rust and JavaScript read alike. Not among it: `.`, `\w`, `\d`, `\s` and `\b`, each with characters
# of its own in one of them; `$`, before a last line break too in Python; `[`, `&&`, `--` and `~~` in a class.
ESCAPED = r"\\(?:[nrt]|u[0-9a-f]{4}|[][(){}.*+?^$|\\/])"
IN_CLASS = rf"(?:{ESCAPED}|(?!&&|--|~~)[^][\\])"
ATOM = rf"(?:{ESCAPED}|\[\^?{IN_CLASS}+\]|[^][(){{}}.*+?^$|\\])"
QUANTIFIER = r"(?:(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)"
THE_END = r"\(\?!\[\\s\\S\]\)"
ALLOWED = re.compile(rf"\^?(?:{ATOM}{QUANTIFIER}?|\((?:\?[:!])?|\){QUANTIFIER}?|\|)*(?:{THE_END})?")

ENDINGS = [
    "",
    "\n",
    "\r",
    "\u2028",
    "\u0085",
    "\u001c",
    " ",
    "\u3000",
    "\u00a0",
    "\ufeff",
    "\x00",
    "é",
    "٣",
    "😀",
]
WORDS = [
    "",
    "2s",
    "٣s",
    "0ms",
    "a",
    "客服-1",
    "é",
    "x:y",
    "m.n:f_1",
    "http://x",
    "https://例子.cn/a?b#c",
    "http:///",
    "/a",
]
WORDS += [
    "X-Key",
    "{{ a }}",
    "{%",
    "<<A>>",
    "<<A:-b\rc>>",
    "<<A:-b\nc>>",
    "<<file:a/b>>",
    "<<A",
    "a\nb",
    "a\rb",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_keeps_to_what_all_engines_read_alike(pattern):
    assert ALLOWED.fullmatch(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^a$",
        r"\w",
        r"\d",
        r"^\S+",
        r"a\b",
        "a.b",
        "[a[b]",
        "[a&&b]",
        "[+--]",
        "[a~~b]",
        r"\Z",
        r"\z",
        r"\-",
        "(?i)a",
    ],
)
def test_what_engines_read_differently_is_not_allowed(pattern):
    assert not ALLOWED.fullmatch(pattern)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_editors_match_what_imbot_matches(pattern):
    here, there = re.compile(pattern), regress.Regex(pattern, "u")
    texts = [word + ending for word in WORDS for ending in ENDINGS]

    assert [text for text in texts if bool(here.search(text)) != bool(there.find(text))] == []


@pytest.mark.parametrize(
    ("part", "value", "pointer"),
    [
        ("bot", {"name": "helpdesk\n"}, "/name"),
        ("bot", {"throttle": {"interval": "2s\n"}}, "/throttle/interval"),
        ("agents/openai", {"base_url": "http://x\n"}, "/base_url"),
        ("agents/openai", {"api_key": "x\n"}, "/api_key"),
        ("agents/openai", {"headers": {"a": "b\n"}}, "/headers/a"),
        ("agents/openai", {"headers": {"a\n": "b"}}, "/headers/a\n"),
        ("agents/python", {"target": "a:b\n"}, "/target"),
    ],
)
def test_a_line_break_at_the_end_is_part_of_a_value(part, value, pointer):
    (violation,) = schema.violations(part, value, partial=True)

    assert violation.pointer == pointer
