"""YAML's syntax: quotes, brackets, signs with a meaning, tags, aliases."""

import pytest
from planted import BOT, changed, hold, mistakes

MISTAKES = mistakes(
    (
        "colon forgotten",
        changed("agent:", "⟦agent⟧"),
        "yaml.syntax: expected key: value, but this line has no colon ⇒ add it; a text of several lines goes in",
    ),
    (
        "colon forgotten 2",
        changed("  model: m", "  ⟦model⟧ m"),
        "yaml.syntax: expected key: value, but this line has no colon ⇒ add it; a text of several lines goes in",
    ),
    (
        "quote open",
        changed("title: 客服", 'title: ⟦"客服⟧'),
        "yaml.syntax: the quoted text that begins here is never ⇒ add the closing quote",
    ),
    (
        "single open",
        changed("title: 客服", "title: ⟦'客服⟧"),
        "yaml.syntax: the quoted text that begins here is never ⇒ add the closing quote",
    ),
    (
        "quote mid",
        changed("title: 客服", 'title: "客" ⟦服⟧'),
        "yaml.syntax: the text ends at the quote before this, but more follows ⇒ double a quote inside the text (''), or use",
    ),
    (
        "apostrophe",
        changed("title: 客服", "title: 'it'⟦s'⟧"),
        "yaml.syntax: the text ends at the quote before this, but more follows ⇒ double a quote inside the text (''), or use",
    ),
    (
        "escape",
        changed("title: 客服", 'title: "C:⟦\\data"⟧'),
        "yaml.syntax: in double quotes a backslash begins an ⇒ use single quotes, or write \\\\",
    ),
    (
        "surr",
        changed("title: 客服", 'title: "\\u⟦D83D\\uDE00"⟧'),
        "yaml.syntax: no character has this code ⇒ write the character itself (😀) instead",
    ),
    (
        "bracket open",
        changed(
            "{label: 👍, rating: good}", "{label: 👍, rating: good", "    - label: 👎", "    - label⟦:⟧ 👎"
        ),
        "yaml.syntax: a comma is missing here, or the bracket ⇒ check the brackets; quote texts that",
    ),
    (
        "comma missing",
        changed("{label: 👍, rating: good}", "{label: 👍 rating⟦:⟧ good}"),
        "yaml.syntax: a comma is missing here, or the bracket ⇒ check the brackets; quote texts that",
    ),
    (
        "at",
        changed("title: 客服", "title: ⟦@客服⟧"),
        'yaml.syntax: an unquoted text cannot begin with this ⇒ put the whole text in quotes: "..."',
    ),
    (
        "backtick",
        changed("title: 客服", "title: ⟦`客服`⟧"),
        'yaml.syntax: an unquoted text cannot begin with this ⇒ put the whole text in quotes: "..."',
    ),
    (
        "percent",
        changed("title: 客服", "title: ⟦%x⟧"),
        'yaml.syntax: an unquoted text cannot begin with this ⇒ put the whole text in quotes: "..."',
    ),
    (
        "star",
        changed("title: 客服", "title: *⟦客服*⟧"),
        'yaml.syntax: a text that begins with * or & needs quotes ⇒ put the whole text in quotes: "..."',
    ),
    (
        "star2",
        changed("title: 客服", "title: ⟦*bold⟧"),
        "yaml.alias: a text that begins with * is an alias, and ⇒ put the text in quotes, or define it",
    ),
    (
        "bang",
        changed("title: 客服", "title: ⟦!important⟧"),
        "yaml.tag: a text that begins with ! is a tag, and ⇒ remove it, or put the whole text in",
    ),
    (
        "python tag",
        changed("title: 客服", "title: ⟦!!python/object/apply:os.system⟧ [ls]"),
        "yaml.tag: a text that begins with ! is a tag, and ⇒ remove it, or put the whole text in",
    ),
    (
        "set tag",
        changed("title: 客服", "title: ⟦!!set⟧ {a}"),
        "yaml.tag: a text that begins with ! is a tag, and ⇒ remove it, or put the whole text in",
    ),
    (
        "bin tag",
        changed("title: 客服", "title: ⟦!!binary aGk=⟧"),
        "yaml.tag: a text that begins with ! is a tag, and ⇒ remove it, or put the whole text in",
    ),
    (
        "pipe text",
        changed("title: 客服", "title: | ⟦客服⟧"),
        "yaml.syntax: the text of a | or > block must begin on the next line ⇒ move it there, indented deeper than its key;",
    ),
    (
        "gt",
        changed("title: 客服", "title: > ⟦5⟧"),
        "yaml.syntax: the text of a | or > block must begin on the next line ⇒ move it there, indented deeper than its key;",
    ),
    (
        "dash val",
        changed("title: 客服", "title: ⟦-⟧ 客服"),
        "yaml.syntax: a list cannot begin here ⇒ begin it on a line of its own; quote a",
    ),
    (
        "question",
        changed("title: 客服", "title: ⟦?⟧ 客服"),
        "yaml.syntax: a key cannot begin here ⇒ quote a text that begins with ? and a",
    ),
    (
        "json broken",
        {"a.yaml": '{"agent": {"type": "echo"}, "credentials": {"client_id": "a" ⟦"client_secret":⟧ "b"}}'},
        "yaml.syntax: a comma is missing here, or the bracket ⇒ check the brackets; quote texts that",
    ),
    (
        "alias undefined",
        changed("  interval: 2s", "  interval: ⟦*two⟧"),
        "yaml.alias: a text that begins with * is an alias, and ⇒ put the text in quotes, or define it",
    ),
    (
        "nan",
        changed("  model: m", "  model: m\n  temperature: ⟦.nan⟧"),
        "yaml.number: this number is too long, infinite or not a ⇒ put it in quotes if it is a text",
    ),
    (
        "inf",
        changed("  model: m", "  model: m\n  temperature: ⟦.inf⟧"),
        "yaml.number: this number is too long, infinite or not a ⇒ put it in quotes if it is a text",
    ),
    (
        "conflict",
        changed("title: 客服", "⟦<<<<<<< HEAD⟧\ntitle: 客服\n=======\ntitle: 小满\n>>>>>>> main"),
        "yaml.syntax: a merge conflict that is not resolved ⇒ keep one of the two sides, and delete",
    ),
    (
        "python dict",
        {"a.yaml": "agent = {'type': 'echo'⟦}⟧\n"},
        "yaml.syntax: the text ends at the quote before this, but more follows ⇒ double a quote inside the text (''), or use",
    ),
    (
        "markdown fence",
        {
            "a.yaml": "⟦```yaml⟧\ntype: dingtalk-stream\ntitle: 客服\ncredentials:\n  client_id: <<ID>>\n  client_secret: <<SECRET>>\nagent:\n  type: openai\n  base_url: http://x\n  model: m\nthrottle:\n  pace: fixed\n  interval: 2s\nfeedback:\n  buttons:\n    - {label: 👍, rating: good}\n    - label: 👎\n      rating: bad\n```\n"
        },
        'yaml.syntax: an unquoted text cannot begin with this ⇒ put the whole text in quotes: "..."',
    ),
    (
        "anchor self",
        {"a.yaml": BOT + "card: {vars: &a {b: ⟦*a⟧}}"},
        "yaml.alias: a text that begins with * is an alias, and ⇒ put the text in quotes, or define it",
    ),
    (
        "secret no colon",
        {"a.yaml": "credentials:\n  client_id: a\n  ⟦client_secret⟧ s3cr3t-value-x7\nagent: {type: echo}\n"},
        "yaml.syntax: expected key: value, but this line has no colon ⇒ add it; a text of several lines goes in",
    ),
    (
        "secret at",
        {
            "a.yaml": "credentials:\n  client_id: a\n  client_secret: ⟦@s3cr3t-value-x7⟧\nagent: {type: echo}\n"
        },
        'yaml.syntax: an unquoted text cannot begin with this ⇒ put the whole text in quotes: "..."',
    ),
    (
        "layout json comma",
        {
            "a.yaml": BOT + "card: {templates: {final: {file: cards/f.json}}}\n",
            "cards/f.json": '{"msgContent": "x" ⟦"msgTitle":⟧ "y"}',
        },
        "yaml.syntax: a comma is missing here, or the bracket ⇒ check the brackets; quote texts that",
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_syntax_is_one_problem_at_its_place_with_its_cure(mistake, tmp_path):
    hold(mistake, tmp_path)
