"""YAML's structure: indentation, colons, duplicate keys, documents."""

import pytest
from planted import BOT, changed, hold, mistakes

MISTAKES = mistakes(
    (
        "tab",
        changed("  model: m", "⟦\t⟧model: m"),
        "yaml.tab: a tab in the indentation ⇒ indent with spaces only",
    ),
    (
        "tab2",
        changed("  base_url", "⟦\t⟧base_url"),
        "yaml.tab: a tab in the indentation ⇒ indent with spaces only",
    ),
    (
        "dup",
        changed("title: 客服", "title: 客服\n⟦title⟧: x"),
        "yaml.duplicate-key: key 'title' is already given at line 2, column 1 ⇒ keep one of the two, or check the",
    ),
    (
        "dup nested",
        changed("  model: m", "  model: m\n  ⟦model⟧: m"),
        "yaml.duplicate-key: key 'model' is already given at line 9, column 3 ⇒ keep one of the two, or check the",
    ),
    (
        "no space",
        changed("title: 客服", "title⟦:⟧客服"),
        "yaml.colon: the space after the colon is missing ⇒ write key: value",
    ),
    (
        "over indent",
        changed("  model: m", "   model⟦:⟧ m"),
        "yaml.indentation: a key cannot begin here: the line above is a text ⇒ check the indentation, and that the",
    ),
    (
        "under indent",
        changed("  model: m", " ⟦model:⟧ m"),
        "yaml.indentation: the indentation of this line does not fit the lines above ⇒ lines of one mapping or list begin in",
    ),
    (
        "dedent mid",
        changed("  base_url: http://x", "base_url: http://x", "  model: m", "  model⟦:⟧ m"),
        "yaml.indentation: a key cannot begin here: the line above is a text ⇒ check the indentation, and that the",
    ),
    (
        "no indent agent",
        changed(
            "  type: openai\n  base_url: http://x\n  model: m", "⟦type⟧: openai\nbase_url: http://x\nmodel: m"
        ),
        "yaml.duplicate-key: key 'type' is already given at line 1, column 1 ⇒ keep one of the two, or check the",
    ),
    (
        "cred line deleted",
        changed("credentials:\n", "", "  client_id: <<ID>>", "  client_id⟦:⟧ <<ID>>"),
        "yaml.indentation: a key cannot begin here: the line above is a text ⇒ check the indentation, and that the",
    ),
    (
        "colon in text",
        changed("title: 客服", "title: 客服⟦:⟧ 小满"),
        'yaml.colon: a colon followed by a space ends a key, and this text ⇒ put the whole text in quotes: "..."',
    ),
    (
        "bracket close",
        changed("{label: 👍, rating: good}", "label: 👍, rating⟦:⟧ good}"),
        'yaml.colon: a colon followed by a space ends a key, and this text ⇒ put the whole text in quotes: "..."',
    ),
    (
        "flow colon",
        changed("{label: 👍, rating: good}", "{⟦label:👍⟧, rating: good}"),
        "yaml.colon: this is one text, not a key and a value: the space ⇒ write key: value, or quote the text",
    ),
    (
        "dash no space",
        changed("    - label: 👎", "    ⟦-⟧label: 👎"),
        "yaml.indentation: the space after the dash is missing ⇒ write - item; quote a text that begins",
    ),
    (
        "dash missing",
        changed("    - label: 👎", "      ⟦label:⟧ 👎"),
        "yaml.indentation: the indentation of this line does not fit the lines above ⇒ lines of one mapping or list begin in",
    ),
    (
        "dash indent",
        changed("    - label: 👎", "   ⟦-⟧ label: 👎"),
        "yaml.indentation: the indentation of this line does not fit the lines above ⇒ lines of one mapping or list begin in",
    ),
    (
        "two docs",
        {
            "a.yaml": "type: dingtalk-stream\ntitle: 客服\ncredentials:\n  client_id: <<ID>>\n  client_secret: <<SECRET>>\nagent:\n  type: openai\n  base_url: http://x\n  model: m\nthrottle:\n  pace: fixed\n  interval: 2s\nfeedback:\n  buttons:\n    - {label: 👍, rating: good}\n    - label: 👎\n      rating: bad\n⟦---⟧\ntype: dingtalk-stream\ntitle: 客服\ncredentials:\n  client_id: <<ID>>\n  client_secret: <<SECRET>>\nagent:\n  type: openai\n  base_url: http://x\n  model: m\nthrottle:\n  pace: fixed\n  interval: 2s\nfeedback:\n  buttons:\n    - {label: 👍, rating: good}\n    - label: 👎\n      rating: bad\n"
        },
        "yaml.documents: a second document begins here; a file may hold only one ⇒ remove this ---",
    ),
    (
        "doc end",
        {
            "a.yaml": "type: dingtalk-stream\ntitle: 客服\ncredentials:\n  client_id: <<ID>>\n  client_secret: <<SECRET>>\nagent:\n  type: openai\n  base_url: http://x\n  model: m\nthrottle:\n  pace: fixed\n  interval: 2s\nfeedback:\n  buttons:\n    - {label: 👍, rating: good}\n    - label: 👎\n      rating: bad\n...\n⟦foo⟧\n"
        },
        "yaml.indentation: the indentation of this line does not fit the lines above ⇒ lines of one mapping or list begin in",
    ),
    (
        "list file",
        {"a.yaml": "⟦⟧- a\n- b\n"},
        "yaml.shape: the file holds a list; it must hold a mapping ⇒ write key: value lines",
    ),
    (
        "scalar file",
        {"a.yaml": "⟦⟧hello\n"},
        "yaml.shape: the file holds a single value; it must hold a mapping ⇒ write key: value lines",
    ),
    ("empty", {"a.yaml": "⟦⟧"}, "yaml.empty: the file is empty ⇒ write key: value lines, or delete the"),
    (
        "comments",
        {"a.yaml": "⟦⟧# hi\n"},
        "yaml.empty: the file holds only comments ⇒ write key: value lines, or delete the",
    ),
    (
        "null doc",
        {"a.yaml": "⟦⟧---\n"},
        "yaml.empty: the file holds only comments ⇒ write key: value lines, or delete the",
    ),
    (
        "int key",
        changed("title: 客服", "⟦5⟧: x"),
        "yaml.key-type: a key must be a text, but this one is a number ⇒ put it in quotes",
    ),
    (
        "bool key",
        changed("title: 客服", "⟦true⟧: x"),
        "yaml.key-type: a key must be a text, but this one is a boolean ⇒ put it in quotes",
    ),
    (
        "null key",
        changed("title: 客服", "⟦~⟧: x"),
        "yaml.key-type: a key must be a text, but this one is null ⇒ put it in quotes",
    ),
    (
        "list key",
        changed("title: 客服", "⟦[⟧a]: x"),
        "yaml.key-type: a key must be a text, but this one is a list ⇒ put it in quotes",
    ),
    (
        "complex key",
        changed("title: 客服", "? ⟦⟧a: b\n: c"),
        "yaml.key-type: a key must be a text, but this one is a mapping ⇒ put it in quotes",
    ),
    (
        "merge text",
        changed("  interval: 2s", "  <<: ⟦fixed⟧"),
        "yaml.merge: the key << merges a mapping or a list of ⇒ write <<: *name, or put << in quotes",
    ),
    (
        "crlf dup",
        {
            "a.yaml": "type: dingtalk-stream\r\ntitle: 客服\r\ncredentials:\r\n  client_id: <<ID>>\r\n  client_secret: <<SECRET>>\r\nagent:\r\n  type: openai\r\n  base_url: http://x\r\n  model: m\r\nthrottle:\r\n  pace: fixed\r\n  interval: 2s\r\nfeedback:\r\n  buttons:\r\n    - {label: 👍, rating: good}\r\n    - label: 👎\r\n      rating: bad\r\n⟦title⟧: x\r\n"
        },
        "yaml.duplicate-key: key 'title' is already given at line 2, column 1 ⇒ keep one of the two, or check the",
    ),
    (
        "toml",
        {"a.yaml": "[agent]\n⟦type⟧ = 'echo'\n"},
        "yaml.indentation: the indentation of this line does not fit the lines above ⇒ lines of one mapping or list begin in",
    ),
    (
        "env file",
        {"a.yaml": "⟦⟧CLIENT_ID=abc\nCLIENT_SECRET=s3cr3t-value-x7\n"},
        "yaml.shape: the file holds a single value; it must hold a mapping ⇒ write key: value lines",
    ),
    (
        "html",
        {"a.yaml": "⟦⟧<!DOCTYPE html><html></html>"},
        "yaml.shape: the file holds a single value; it must hold a mapping ⇒ write key: value lines",
    ),
    (
        "deep",
        {
            "a.yaml": BOT
            + "card: {vars: {a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[⟦[⟧[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}"
        },
        "yaml.too-deep: mappings and lists are nested more than 40 levels deep ⇒ nest them less deeply",
    ),
    (
        "secret dup",
        {
            "a.yaml": "credentials:\n  client_id: a\n  client_secret: s3cr3t-value-x7\n  ⟦client_secret⟧: s3cr3t-value-x7\nagent: {type: echo}\n"
        },
        "yaml.duplicate-key: key 'client_secret' is already given at line 3, column 3 ⇒ keep one of the two, or check the",
    ),
    (
        "secret flow colon",
        {"a.yaml": "credentials: {client_id: a, ⟦client_secret:s3cr3t-value-x7⟧}\nagent: {type: echo}\n"},
        "yaml.colon: this is one text, not a key and a value: the space ⇒ write key: value, or quote the text",
    ),
    (
        "layout list",
        {"a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n", "cards/f.yaml": "⟦⟧- x\n"},
        "yaml.shape: the file holds a list; it must hold a mapping ⇒ write key: value lines",
    ),
    (
        "layout empty",
        {"a.yaml": BOT + "card: {templates: {final: {file: cards/f.yaml}}}\n", "cards/f.yaml": "⟦⟧"},
        "yaml.empty: the file is empty ⇒ write key: value lines, or delete the",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_structure_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
