import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbot.text.escapes import unescaped


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a%2Fb", "a/b"),
        ("a%2fb%E5%AF%86", "a/b密"),
        (r"say \"x\" \u5bc6 \ud83d\ude00 \x2f\n", 'say "x" 密 😀 /\n'),
        ("&lt;&#39;&#x27;&quot;&amp;", "<''\"&"),
    ],
)
def test_escapes_are_undone(text, meant):
    assert [found.text for found in unescaped(text)] == [meant]


@pytest.mark.parametrize("text", ["plain", "80% & more", "C:\\dir", "&nothing", "%", "\\"])
def test_what_has_no_escapes_is_left_alone(text):
    assert list(unescaped(text)) == []


def test_each_kind_is_undone_by_itself():
    assert {found.text for found in unescaped(r"%41 \" &lt;")} == {r"A \" &lt;", '%41 " &lt;', r"%41 \" <"}


@given(
    st.text(), st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["quote", "json", "html"])
)
def test_every_character_knows_where_it_was(before, inside, kind):
    written = {
        "quote": lambda text: quote(text, safe=""),
        "json": lambda text: json.dumps(text)[1:-1],
        "html": html.escape,
    }[kind](inside)
    text = f"{before}{written}"
    for found in unescaped(text):
        assert len(found.starts) == len(found.text) + 1
        assert found.starts == sorted(found.starts)
        assert found.starts[-1] == len(text)
