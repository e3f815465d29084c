"""Placeholders: unset, misplaced, nearly right, cut off by YAML."""

import pytest
from planted import BOT, hold, mistakes

MISTAKES = mistakes(
    (
        "unset",
        "title: ⟦<<NOPE>>⟧",
        "placeholder.unset: environment variable NOPE is not set ⇒ set it in the environment or in .env,",
    ),
    (
        "unset in middle",
        "title: 你好 ⟦<<NOPE>>⟧ x",
        "placeholder.unset: environment variable NOPE is not set ⇒ set it in the environment or in .env,",
    ),
    (
        "empty",
        "title: ⟦<<EMPTY>>⟧",
        "placeholder.unset: environment variable EMPTY is empty ⇒ set it in the environment or in .env,",
    ),
    (
        "msg",
        "title: ⟦<<NOPE:?ask Li Lei for it>>⟧",
        "placeholder.unset: environment variable NOPE is not set: ask ⇒ set it in the environment or in .env,",
    ),
    (
        "near name",
        "title: ⟦<<SECRT>>⟧",
        "placeholder.unset: environment variable SECRT is not set ⇒ did you mean `SECRET`?",
    ),
    (
        "file missing",
        "agent: {type: openai, base_url: http://x, model: m, api_key: ⟦<<file:key.txt>>⟧}",
        "placeholder.unset: file key.txt does not exist ⇒ create the file",
    ),
    (
        "in key",
        "⟦<<ID>>⟧: x",
        "placeholder.in-key: a placeholder is not allowed in a key ⇒ write the key itself",
    ),
    (
        "in key nested",
        "texts: {⟦<<ID>>⟧: x}",
        "placeholder.in-key: a placeholder is not allowed in a key ⇒ write the key itself",
    ),
    (
        "in name",
        "name: ⟦<<ID>>⟧",
        "placeholder.not-here: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "in type",
        "type: ⟦<<ID>>⟧",
        "placeholder.not-here: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "agent type",
        "agent: {type: ⟦<<ID>>⟧}",
        "placeholder.not-here: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "kind",
        "card: {kind: ⟦<<ID>>⟧}",
        "placeholder.not-here: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "path",
        "agent: {type: faq, knowledge: ⟦<<ID>>⟧}",
        "placeholder.not-here: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "layout path",
        "card: {templates: {final: {file: ⟦<<ID>>⟧}}}",
        "placeholder.not-here: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "layout text",
        "card: {templates: {final: {msgContent: '⟦<<ID>>⟧ x'}}}",
        "placeholder.in-template: a placeholder is not allowed in a template ⇒ put it into `card.vars` and write {{",
    ),
    (
        "in texts",
        "texts: {help: call ⟦<<ID>>⟧}",
        "placeholder.in-template: a placeholder is not allowed in a template ⇒ put it into `card.vars` and write {{",
    ),
    (
        "int",
        "throttle: {chunks: ⟦<<ID>>⟧}",
        "placeholder.type: the value of ID must be a whole number ⇒ the value is not shown, as it may be a secret",
    ),
    (
        "bool",
        "enabled: ⟦<<ID>>⟧",
        "placeholder.type: the value of ID must be true or false ⇒ the value is not shown, as it may be a secret",
    ),
    (
        "number",
        "agent: {type: openai, base_url: http://x, model: m, temperature: ⟦<<ID>>⟧}",
        "placeholder.type: the value of ID must be a number ⇒ the value is not shown, as it may be a secret",
    ),
    (
        "map",
        "throttle: ⟦<<ID>>⟧",
        "placeholder.type: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "list",
        "commands: {new: ⟦<<ID>>⟧}",
        "placeholder.type: a placeholder is not allowed here ⇒ write the value itself",
    ),
    (
        "near: space",
        "title: ⟦<< ID >>⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ write <<NAME>>, without spaces",
    ),
    (
        "near: one",
        "title: ⟦<<ID>⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ end it with two: >>",
    ),
    (
        "near: opening",
        "title: ⟦<ID>>⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ begin it with two: <<",
    ),
    (
        "near: dollar",
        "title: ⟦${ID}⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ write <<NAME>> instead",
    ),
    (
        "near: dash",
        "title: ⟦<<my-id>>⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ names are letters, digits and _, without a",
    ),
    (
        "near: nested",
        "title: ⟦<<A:-<<B>>>>⟧",
        "placeholder.nested: a placeholder inside a placeholder ⇒ placeholders cannot be nested: give a plain",
    ),
    (
        "near: fullwidth",
        "title: ⟦《《ID》》⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ use ASCII signs: << and >>",
    ),
    (
        "near: colon",
        "title: ⟦<<ID:default>>⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ write a default as <<NAME:-default>>, a",
    ),
    (
        "near: env space",
        "title: '⟦<<env: ID>>⟧'",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ write <<env:NAME>> or <<file:PATH>>,",
    ),
    (
        "near: empty",
        "title: ⟦<<>>⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ add a name: <<NAME>> or <<file:PATH>>",
    ),
    (
        "near: unclosed",
        "title: ⟦<<ID⟧",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ end it with >>",
    ),
    (
        "cut: #",
        "title: ⟦<<HOT:-a #b>>⟧",
        'yaml.unquoted-placeholder: a placeholder without quotes is cut off: a ⇒ put the whole text in quotes: "..."',
    ),
    (
        "cut: colon",
        "title: ⟦<<HOT:-a: b>>⟧",
        'yaml.unquoted-placeholder: a placeholder without quotes is cut off: a ⇒ put the whole text in quotes: "..."',
    ),
    (
        "cut: comma flow",
        "feedback: {thanks: ⟦<<HOT:-a, b>>⟧}",
        'yaml.unquoted-placeholder: a placeholder without quotes is cut off: a ⇒ put the whole text in quotes: "..."',
    ),
    (
        "cut: brace flow",
        "feedback: {thanks: ⟦<<HOT:-a}b>>⟧}",
        'yaml.unquoted-placeholder: a placeholder without quotes is cut off: a ⇒ put the whole text in quotes: "..."',
    ),
    (
        "shown file",
        "title: ⟦<<file:x.txt>>⟧",
        "placeholder.unset: file x.txt does not exist ⇒ create the file, or give a default:",
    ),
    (
        "placeholder unclosed in flow",
        "credentials: {client_id: ⟦<<ID⟧, client_secret: <<SECRET>>}",
        "placeholder.near-miss!: this looks like a placeholder but is not one ⇒ end it with >>",
    ),
    (
        "include ph",
        {
            "a.yaml": BOT + "card: {templates: {final: {msgContent: '{% include \"cards/a.j2\" %}'}}}",
            "cards/a.j2": "hello\n⟦<<ID>>⟧",
        },
        "placeholder.in-template: a placeholder is not allowed in a template ⇒ put it into `card.vars` and write {{",
    ),
    (
        "layout placeholder",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n",
            "cards/f.yaml": 'msgContent: "⟦<<ID>>⟧"',
        },
        "placeholder.in-template: a placeholder is not allowed in a template ⇒ put it into `card.vars` and write {{",
    ),
    (
        "secret file bad",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: ⟦<<file:s.txt>>⟧}\nagent: {type: echo}\n",
            "s.txt": b"\xff\xfe\xff",
        },
        "placeholder.unreadable: file s.txt is not UTF-8 text ⇒ save it as UTF-8",
    ),
    (
        "secret file empty",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: ⟦<<file:s.txt>>⟧}\nagent: {type: echo}\n",
            "s.txt": b"",
        },
        "placeholder.unset: file s.txt is empty ⇒ create the file",
    ),
    (
        "secret file dir",
        {
            "a.yaml": "credentials: {client_id: <<ID>>, client_secret: ⟦<<file:s>>⟧}\nagent: {type: echo}\n",
            "s/x": b"",
        },
        "placeholder.unreadable: file s cannot be read: it is a folder ⇒ check the path and its permissions",
    ),
    (
        "secret in title",
        {"a.yaml": BOT + "title: ⟦<<file:s.txt>>⟧", "s.txt": "s3cr3t-value-x7"},
        "placeholder.shown: a value from a file counts as a secret, but this ⇒ read it from the environment: <<NAME>>",
    ),
    (
        "two unset same",
        BOT + "title: ⟦<<NOPE>>⟧ <<NOPE>>",
        "placeholder.unset: environment variable NOPE is not set ⇒ set it in the environment or in .env,",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_with_a_placeholder_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
