import pytest
from botfolder import bot, load, spec_of, write

MORE = """\
title: 你好
history: {turns: 3, chars: 9}
card:
  vars: {a: 1, b: x}
  templates:
    final: {msgContent: "{{ answer }}", msgTitle: t}
"""


def fingerprint(tmp_path, text, environ=None):
    return spec_of(tmp_path, text, environ).fingerprint


def test_a_fingerprint_is_sixteen_hex_digits(tmp_path):
    found = fingerprint(tmp_path, bot())
    assert len(found) == 16
    int(found, 16)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: 你好", "# a comment\n\ntitle:   '你好'  # another"),
        ("{turns: 3, chars: 9}", "\n  chars: 9\n  turns: 3"),
        ("{a: 1, b: x}", "{b: x, a: 1}"),
        ("{a: 1, b: x}", "&v {a: 1, b: <<X>>}"),
        ("{a: 1, b: x}", "{a: 1, b: <<Y:-x>>}"),
        ("title: 你好", "title: 你好\nenabled: true\nversion: 1"),
        ("title: 你好", "title: 你好\nname: a"),
        ("chars: 9", "chars: 9.0"),
    ],
)
def test_what_means_the_same_has_the_same_fingerprint(tmp_path, old, new):
    text = bot(more=MORE)
    assert old in text
    assert fingerprint(tmp_path, text) == fingerprint(tmp_path, text.replace(old, new), {"X": "x"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: 你好", "title: 您好"),
        ("turns: 3", "turns: 4"),
        ("{a: 1, b: x}", "{a: '1', b: x}"),
        ("{a: 1, b: x}", "{a: true, b: x}"),
        ("msgTitle: t", "msgTitle: u"),
        ("final:", "error:"),
        ("s3cr3t-value", "another-secret"),
        ("ding1", "ding2"),
        ("title: 你好", "title: 你好\nenabled: false"),
        ("title: 你好", "title: 你好\nname: b"),
    ],
)
def test_what_means_something_else_has_another_fingerprint(tmp_path, old, new):
    text = bot(more=MORE)
    assert old in text
    assert fingerprint(tmp_path, text) != fingerprint(tmp_path, text.replace(old, new))


def test_where_a_layout_stands_is_no_part_of_the_meaning(tmp_path):
    inline = bot(more="name: one\ncard: {templates: {final: {msgContent: x}}}\n")
    filed = bot("ding1", "name: one\ncard: {templates: {final: {file: cards/f.yaml}}}\n")
    (first,) = load(write(tmp_path / "a", {"x.yaml": inline}))
    (second,) = load(write(tmp_path / "b", {"y.yaml": filed, "cards/f.yaml": "msgContent: x"}))
    assert first.spec.fingerprint == second.spec.fingerprint


def test_the_content_of_knowledge_counts_and_so_do_its_names(tmp_path):
    text = "credentials: {client_id: x, client_secret: y}\nagent: {type: faq, knowledge: kb}\n"
    seen = set()
    for number, knowledge in enumerate([{"kb/a.md": "# A"}, {"kb/a.md": "# B"}, {"kb/b.md": "# A"}]):
        (file,) = load(write(tmp_path / str(number), {"a.yaml": text, **knowledge}))
        seen.add(file.spec.fingerprint)
    assert len(seen) == 3
