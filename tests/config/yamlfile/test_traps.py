"""Every trap goes through ``read_yaml``: what counts is what a person gets to read."""

import pytest

from imbot.config import yamlfile
from imbot.config.yamlfile import read_yaml
from imbot.errors import ConfigError

PARSER_WORDS = ("scanning", "expected <", "did not find", "token", "simple key", "block mapping", "context")


def refusal(text):
    with pytest.raises(ConfigError) as caught:
        read_yaml(text.encode(), "a.yaml")
    return caught.value.problems[-1]


@pytest.fixture(params=["libyaml", "python"])
def parser(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(yamlfile, "_events", yamlfile._python_events)


TRAPS = [
    ("a: {{ x }}\n", "yaml.unquoted-template", 1, 4),
    ("a: {{x}}\n", "yaml.unquoted-template", 1, 4),
    ("a: {{ x }} 好 {{ y }}\n", "yaml.unquoted-template", 1, 4),
    ("好:\n  - {{ x.y | f('a') }}\n", "yaml.unquoted-template", 2, 5),
    ("{a: {{ x }}}\n", "yaml.unquoted-template", 1, 5),
    ("a: [1, {{ x['y'] }}]\n", "yaml.unquoted-template", 1, 8),
    ("a: {% if x %}y{% endif %}\n", "yaml.unquoted-template", 1, 4),
    ("a: {# note #}\n", "yaml.unquoted-template", 1, 4),
    ('a: {{ "x }}\n', "yaml.unquoted-template", 1, 4),
    ("a: Hi {{ x: y }}\n", "yaml.unquoted-template", 1, 4),
    ("a: Hi {{ x # y }}\n", "yaml.unquoted-template", 1, 4),
    ("a: 工单 #{{ id }}\n", "yaml.unquoted-template", 1, 4),
    ("a: <<X:-a #b>>\n", "yaml.unquoted-placeholder", 1, 4),
    ("a: room #<<X>>\n", "yaml.unquoted-placeholder", 1, 4),
    ("a: <<X:?set: it>>\n", "yaml.unquoted-placeholder", 1, 4),
    ("a:\n- <<X:?set: it>>\n", "yaml.unquoted-placeholder", 2, 3),
    ("{a: <<X:-4, 5>>}\n", "yaml.unquoted-placeholder", 1, 5),
    ("[<<X:-{}>>]\n", "yaml.unquoted-placeholder", 1, 2),
    ("{a: <<file:x,y>>}\n", "yaml.unquoted-placeholder", 1, 5),
    ("a:\n\tb: 1\n", "yaml.tab", 2, 1),
    ("a:\n  b: 1\n \tc: 2\n", "yaml.tab", 3, 2),
    ("a: |\n\tx\n", "yaml.tab", 2, 1),
    ("a：1\nb: 2\n", "yaml.full-width", 1, 2),
    ("agent：\n  b: c\n", "yaml.full-width", 1, 6),
    ("type：dingtalk\n", "yaml.full-width", 1, 5),
    ("a: 1\nb：2\nc: 3\n", "yaml.full-width", 2, 2),
    ("\u3000a: 1\n", "yaml.space", 1, 1),
    ("a: 1\n\xa0b: 1\n", "yaml.space", 2, 1),
    ("a: 1\nb:2\nc: 3\n", "yaml.colon", 2, 2),
    ("a:\n  b:2\n  c: 3\n", "yaml.colon", 2, 4),
    ("a:1\n", "yaml.colon", 1, 2),
    ("a: b: c\n", "yaml.colon", 1, 5),
    ('"a": "b": c\n', "yaml.colon", 1, 9),
    ("a: 1\n  b: 2\n", "yaml.indentation", 2, 4),
    ("a:\n    b: 1\n  c: 2\n", "yaml.indentation", 3, 3),
    ("  a: 1\nb: 2\n", "yaml.indentation", 2, 1),
    ("b: 1\n- a\n", "yaml.indentation", 2, 1),
    ("- a\nb: 1\n", "yaml.indentation", 2, 1),
    ('a: "x" y\n', "yaml.syntax", 1, 8),
    ("a: 'it's'\n", "yaml.syntax", 1, 8),
    ('a: "x\nb: 2\n', "yaml.syntax", 1, 4),
    ("a: [1, 2\nb: 3\n", "yaml.syntax", 2, 2),
    ("b: 1\nfoo\nc: 1\n", "yaml.syntax", 2, 1),
    ("a: @x\n", "yaml.syntax", 1, 4),
    ("a: `x`\n", "yaml.syntax", 1, 4),
    ("a: **x**\n", "yaml.syntax", 1, 5),
    ("a: | text\n", "yaml.syntax", 1, 6),
    ("a: - b\n", "yaml.syntax", 1, 4),
    ("a: ]\n", "yaml.syntax", 1, 4),
    ("%YAML 3.0\n---\na: 1\n", "yaml.syntax", 1, 1),
    ("a: !e!foo x\n", "yaml.tag", 1, 4),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "code", "line", "column"), TRAPS)
def test_a_trap_is_explained_at_its_place(text, code, line, column):
    problem = refusal(text)
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert problem.hint
    assert not any(word in problem.message for word in PARSER_WORDS)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a: "C:\\path"\n', "backslash"),
        ('a: "\\ud83d\\ude00"\n', "character"),
        ('a: "\\U7fffffff"\n', "character"),
        ("a: [1, 2\nb: 3\n", "opened in line 1"),
        ('a: "x\nb: 2\n', "never closed"),
        ("a: | text\n", "next line"),
        ("a: {{ x }}\n", "{"),
        ("a: <<X:-a #b>>\n", "comment"),
        ("{a: <<X:-4, 5>>}\n", "comma"),
        ("{a: <<X:-}>>}\n", "bracket"),
        ("[<<X:-{}>>]\n", "bracket"),
    ],
)
def test_the_message_names_the_trap(text, words):
    assert words in refusal(text).message


@pytest.mark.parametrize(
    "text",
    [
        "a: <<X>> # was <<Y>>\n",
        "a: <<X:-b>> #c\n",
        "a: cout << x # >>\n",
        "a: 1 << 2 >> 3 # c\n",
        "a: '<<X:-a #b>>'\n",
        "a: {b: <<X>>, c: <<Y:-z>>}\n",
        "a: [<<X>>, cout << y, z >> 1]\n",
        "a: Hi {{ x }} # {{ y }}\n",
        "a: '{{ x }}'\n",
        "a: |\n  {{ x: y #1 }}\n  {% if x %}\n",
        "a: b#c\n",
        "a: http://x:80/y?z#q\n",
        "a：b: c\n",
    ],
)
def test_what_only_resembles_a_trap_passes(text):
    read_yaml(text.encode(), "a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        "client_secret:S3CRET\n",
        "a:\n  client_secret:S3CRET\n  b: c\n",
        "{client_secret:S3CRET}\n",
        "client_secret: *S3CRET\n",
        "client_secret: !S3CRET\n",
        "client_secret: !S3CRET!x\n",
        "client_secret: &S3CRET &x\n",
        "client_secret: @S3CRET\n",
        "client_secret: S3CRET: x\n",
        "client_secret: 'S3CRET\n",
        'client_secret: "S3CRET\\q"\n',
        "client_secret: S3CRET\n  x: y\n",
        "client_secret: <<X:-S3CRET #>>\n",
        "client_secret: {{ 'S3CRET' }}\n",
        "client_secret: [S3CRET\n",
        "S3CRET\n",
        "- S3CRET\n",
        "client_secret: 5\n? [S3CRET]\n: 1\n",
    ],
)
def test_no_message_repeats_a_value(text):
    assert "S3CRET" not in str(refusal(text))
