"""A bot file on top of the defaults: what wins, and where things stand then."""

import pytest

from imbot.config.loader.merge import is_inherited, merged, stamped
from imbot.config.yamlfile import read_yaml, span_at


def files(base, own):
    return stamped(read_yaml(base.encode(), "_defaults.yaml")), read_yaml(own.encode(), "a.yaml")


def value(base, own):
    return merged(*files(base, own)).value


# -- values

OPENAI = "agent: {type: openai, base_url: u, headers: {X-A: a}}"


@pytest.mark.parametrize(
    ("base", "own", "expected"),
    [
        ("title: b", "title: a", {"title": "a"}),
        ("title: b", "enabled: true", {"enabled": True, "title": "b"}),
        (
            "throttle: {pace: fixed, chunks: 3}",
            "throttle: {chunks: 4}",
            {"throttle": {"pace": "fixed", "chunks": 4}},
        ),
        ("commands: {new: [a, b]}", "commands: {new: [c]}", {"commands": {"new": ["c"]}}),
        ("feedback: {buttons: [{label: x}]}", "feedback: {buttons: []}", {"feedback": {"buttons": []}}),
        ("throttle: {chunks: 3}", "throttle:", {"throttle": None}),
        ("throttle:", "throttle: {chunks: 3}", {"throttle": {"chunks": 3}}),
        ("throttle: 3", "throttle: {chunks: 3}", {"throttle": {"chunks": 3}}),
        (
            "card: {vars: {a: {b: 1, c: 2}}}",
            "card: {vars: {a: {c: 3}}}",
            {"card": {"vars": {"a": {"b": 1, "c": 3}}}},
        ),
        # what an agent's type decides
        (
            OPENAI,
            "agent: {model: m}",
            {"agent": {"type": "openai", "base_url": "u", "headers": {"X-A": "a"}, "model": "m"}},
        ),
        (
            OPENAI,
            "agent: {type: openai, headers: {X-B: b}}",
            {"agent": {"type": "openai", "base_url": "u", "headers": {"X-A": "a", "X-B": "b"}}},
        ),
        (OPENAI, "agent: {type: echo}", {"agent": {"type": "echo"}}),
        (
            OPENAI,
            "agent: {type: echo, headers: {X-B: b}}",
            {"agent": {"type": "echo", "headers": {"X-B": "b"}}},
        ),
        (OPENAI, "agent: {type: <<T>>}", {"agent": {"type": "<<T>>"}}),
        ("agent: {base_url: u}", "agent: {type: openai}", {"agent": {"type": "openai"}}),
        # what a card's kind decides, and what it does not
        (
            "card: {vars: {a: 1}, templates: {final: {x: y}}}",
            "card: {kind: markdown}",
            {"card": {"kind": "markdown", "vars": {"a": 1}}},
        ),
        (
            "card: {templates: {final: {x: y}}}",
            "card: {kind: ai}",
            {"card": {"kind": "ai", "templates": {"final": {"x": "y"}}}},
        ),
        (
            "card: {kind: markdown, templates: {final: {x: y}}}",
            "card: {mention_sender: true}",
            {"card": {"kind": "markdown", "mention_sender": True, "templates": {"final": {"x": "y"}}}},
        ),
        (
            "card: {template_id: t, content_key: c, mention_sender: true}",
            "card: {kind: markdown}",
            {"card": {"kind": "markdown", "mention_sender": True}},
        ),
        (
            "card: {template_id: t, content_key: c, templates: {final: {c: y}}}",
            "card: {template_id: u}",
            {"card": {"template_id": "u"}},
        ),
        (
            "card: {templates: {final: {x: y}}}",
            "card: {template_id: t, content_key: c}",
            {"card": {"template_id": "t", "content_key": "c"}},
        ),
        # layouts
        (
            "card: {templates: {final: {a: 1, b: 2}, error: {c: 3}}}",
            "card: {templates: {final: {b: 4}}}",
            {"card": {"templates": {"final": {"a": 1, "b": 4}, "error": {"c": 3}}}},
        ),
        (
            "card: {templates: {final: {file: x.yaml}}}",
            "card: {templates: {final: {b: 4}}}",
            {"card": {"templates": {"final": {"b": 4}}}},
        ),
        (
            "card: {templates: {final: {b: 4}}}",
            "card: {templates: {final: {file: x.yaml}}}",
            {"card": {"templates": {"final": {"file": "x.yaml"}}}},
        ),
        (
            "card: {templates: {final: {file: x.yaml}}}",
            "card: {templates: {error: {b: 4}}}",
            {"card": {"templates": {"final": {"file": "x.yaml"}, "error": {"b": 4}}}},
        ),
    ],
)
def test_the_bots_own_wins_mappings_merge_and_lists_replace(base, own, expected):
    assert value(base, own) == expected


def test_neither_file_is_changed():
    base, own = files("throttle: {pace: fixed}\ncard: {vars: {a: 1}}", "throttle: {chunks: 4}")
    merged(base, own)
    assert base.value == {"throttle": {"pace": "fixed"}, "card": {"vars": {"a": 1}}}
    assert own.value == {"throttle": {"chunks": 4}}


# -- places


def place(file, at, **options):
    span = span_at(file.marks, at, **options)
    return span.path, span.line, span.column


def test_a_place_tells_the_file_it_is_in():
    file = merged(*files("\nthrottle: {pace: fixed}\ntexts: {'a/b': x}", "throttle:\n  chunks: 4\n"))

    assert place(file, "/throttle") == ("", 2, 3)
    assert place(file, "/throttle", key=True) == ("", 1, 1)
    assert place(file, "/throttle/chunks") == ("", 2, 11)
    assert place(file, "/throttle/pace") == ("_defaults.yaml", 2, 18)
    assert place(file, "/throttle/pace", key=True) == ("_defaults.yaml", 2, 12)
    assert place(file, "/texts/a~1b") == ("_defaults.yaml", 3, 16)


def test_what_is_overridden_has_no_place_in_the_defaults():
    file = merged(*files("commands: {new: [a, b, c]}", "commands: {new: [d]}"))

    assert not is_inherited(file, "/commands/new/0")
    assert not is_inherited(file, "/commands/new/2"), "the list is the bot's own"


def test_an_alias_stands_in_the_file_that_has_it():
    file = merged(*files("texts: {help: &x hello, error: *x}", "title: t"))

    assert file.value["texts"]["error"] == "hello"
    assert place(file, "/texts/error")[0] == "_defaults.yaml"


def test_the_text_of_a_place_is_that_of_its_file():
    base, own = files("title: b", "enabled: true")
    file = merged(base, own)

    assert file.text_at(span_at(file.marks, "/title")) == "title: b"
    assert file.text_at(span_at(file.marks, "/enabled")) == "enabled: true"
