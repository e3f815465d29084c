"""No line that is shown has a secret in it, however it came there."""

import pytest
from botfolder import write
from click.testing import CliRunner

from imbot.cli import main
from imbot.errors import Problem
from imbot.problems.excerpt import excerpt
from imbot.problems.masks import is_secret_name
from imbot.problems.sources import Sources

SECRET = "hunter2-abc"


def shown(tmp_path, text, name="a.yaml"):
    """Every line of a file, as a problem there would show it."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    sources = Sources()
    lines = range(1, text.count("\n") + 2)
    problems = [Problem(str(path), n, 2, n, 3, "", "schema.type", "error", "wrong") for n in lines]
    return [found.line for problem in problems if (found := excerpt(problem, sources))]


PARSES = {
    "as meant": "credentials:\n  client_secret: hunter2-abc\n",
    "below a type that is inherited": "agent:\n  headers: {X-Any: hunter2-abc}\n  api_key: hunter2-abc\n",
    "quoted": 'credentials: {client_id: a, client_secret: "hunter2-abc"}\n',
    "block": "credentials:\n  client_secret: |\n    first\n    hunter2-abc\n  client_id: a\n",
    "folded over lines": "credentials:\n  client_secret: first\n    hunter2-abc\n",
    "in a list": "credentials:\n  client_secret: [hunter2-abc]\n",
    "in a mapping": "credentials:\n  client_secret:\n    value: hunter2-abc\n",
    "instead of a mapping": "credentials: hunter2-abc\n",
    "misspelt": "credentials:\n  client_secert: hunter2-abc\n",
    "another word": "credentials:\n  app_secret: hunter2-abc\n",
    "no word at all": "credentials:\n  foo: hunter2-abc\n",
    "misspelt parent": "credentails:\n  client_secret: hunter2-abc\n",
    "wrong depth": "client_secret: hunter2-abc\n",
    "full-width colon": "credentials:\n  client_secret：hunter2-abc\n",
    "no colon": "credentials:\n  client_secret hunter2-abc\n",
    "with a comma": "agent: {type: openai, api_key: first,hunter2-abc}\n",
    "a header with a comma": "agent: {type: openai, headers: {X: Bearer ,hunter2-abc}}\n",
    "in a key": "agent: {type: openai, headers: {Authorization Bearer hunter2-abc}}\n",
    "a default": "agent: {type: openai, api_key: '<<KEY:-hunter2-abc>>'}\n",
    "beside a placeholder": "agent: {type: openai, api_key: 'hunter2-abc<<KEY>>'}\n",
    "a header": "agent:\n  type: openai\n  headers:\n    X-Anything: hunter2-abc\n",
    "headers as text": "agent: {type: openai, headers: 'Authorization: hunter2-abc'}\n",
    "agent of no type": "agent:\n  api_key: hunter2-abc\n",
    "agent of unknown type": "agent: {type: opnai, headers: {X: hunter2-abc}}\n",
    "out of its mapping": "agent:\n  type: openai\n  headers:\nX-Any: hunter2-abc\n",
    "an alias": "card: {vars: {x: &s hunter2-abc}}\ncredentials: {client_secret: *s}\n",
    "again in a comment": "credentials:\n  client_secret: hunter2-abc  # hunter2-abc\n",
    "only in a comment": "title: x # api_key: hunter2-abc\n",
    "commented out": "title: x\n# client_secret: hunter2-abc\n",
    "password in a URL": "agent: {type: openai, base_url: 'https://me:hunter2-abc@host/v1'}\n",
}
BROKEN = {
    "no space": "client_secret:hunter2-abc\ntitle: [\n",
    "quote left open": 'credentials:\n  client_secret: "first\nhunter2-abc\n',
    "quote closed later": "credentials:\n  client_secret: 'first\nhunter2-abc'\ntitle: [\n",
    "twice": "credentials:\n  client_secret: a\n  client_secret: hunter2-abc\n",
    "misspelt": "credentials:\n  client_secert: hunter2-abc: x\n",
    "block": "credentials:\n  client_secret: |\n    hunter2-abc\n\n    hunter2-abc\ntitle: [\n",
    "flow": "credentials: {client_id: a, client_secret: hunter2-abc\nagent: {}\n",
    "no name": "credentials:\n  client_id: a\n  : hunter2-abc\ntitle: [\n",
    "no name in a row": "credentials: {client_id: a, : hunter2-abc, }}\n",
    "unknown name in a row": "agent: {type: openai, headers: {X: hunter2-abc\n",
    "block not indented": "credentials:\n  client_secret: |\nhunter2-abc\n",
    "nothing else": "hunter2-abc\n",
    "headers": "agent:\n  headers:\n    X: hunter2-abc\n   X: y\n",
    "tab": "credentials:\n\tclient_secret: hunter2-abc\n",
    "anchor": "agent:\n  api_key: *hunter2-abc*\n",
}


@pytest.mark.parametrize("text", PARSES.values(), ids=PARSES.keys())
def test_no_secret_of_a_file_that_parses_is_shown(tmp_path, text):
    lines = shown(tmp_path, text)

    assert Sources().of(str(tmp_path / "a.yaml")).yaml is not None
    assert SECRET not in "\n".join(lines)
    assert "***" in "\n".join(lines)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_no_secret_of_a_broken_file_is_shown(tmp_path, text):
    lines = shown(tmp_path, text)

    assert Sources().of(str(tmp_path / "a.yaml")).yaml is None
    assert SECRET not in "\n".join(lines)
    assert "***" in "\n".join(lines)


@pytest.mark.parametrize(
    "line",
    [
        "title: Helpdesk",
        "credentials: {client_id: dingabc, client_secret: <<DINGTALK_SECRET>>}",
        "agent: {type: openai, model: qwen, max_tokens: 2000}",
        "agent: {type: openai, modle: qwen}",
        "card: {template_id: 1.schema, content_key: content}",
        "throttle: {foo: bar}",
    ],
)
def test_what_is_no_secret_is_shown(tmp_path, line):
    assert shown(tmp_path, f"{line}\n") == [line]


@pytest.mark.parametrize(
    "text",
    [
        "title: Helpdesk\n",
        "agent: {type: opnai, model: qwen, max_tokens: 2000}\n",
        "  model: qwen\n",
        "throttle:\n  intervall 2s\n",
        "card:\n  templates:\n    final:\n      msgContent: {{ answer }}\n",
        "credentials:\n  client_id: a: b\n",
    ],
)
def test_what_is_clearly_no_secret_is_shown_of_a_broken_file(tmp_path, text):
    lines = shown(tmp_path, f"{text}title: [\n")

    assert lines[:-1] == text.splitlines()


def test_a_text_that_templates_include_is_shown(tmp_path):
    assert shown(tmp_path, "{{ answer }} tokenized: {{ x }}\n", name="a.j2") == [
        "{{ answer }} tokenized: {{ x }}"
    ]


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("client_secret", True),
        ("api_key", True),
        ("headers", True),
        ("apikey", True),
        ("X-Auth-Token", True),
        ("password", True),
        ("client_id", False),
        ("max_tokens", False),
        ("content_key", False),
        ("type", False),
        ("rating", False),
        ("credentials", False),
    ],
)
def test_a_name_tells_whether_it_holds_a_secret(name, secret):
    assert is_secret_name(name) is secret


TEMPLATES = {
    "after a colon": "{{ answer }} password: hunter2-abc\n",
    "after an equals sign": "<a data-token='hunter2-abc'>{{ x }}</a>\n",
    "in the line below": "密码:\nhunter2-abc\n",
    "in a URL": "https://h/v1?hunter2-abc&x={{ x }}\n",
    "with a form of its own": "{{ x }} sk-hunter2-abc\n",
}


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_no_secret_of_a_template_is_shown(tmp_path, text):
    lines = "\n".join(shown(tmp_path, text, name="a.j2"))

    assert SECRET not in lines
    assert "***" in lines


@pytest.mark.parametrize(
    "name", [".env", "a.txt", "knowledge.md", "secret", "layout.json", "a.env", "A.YAMLX"]
)
def test_nothing_is_shown_of_a_file_without_a_rule_for_its_secrets(tmp_path, name):
    text = 'A=1\nOPENAI_API_KEY="hunter2-abc\ntitle: x\nhunter2-abc\n'

    assert shown(tmp_path, text, name=name) == []


LAYOUTS = {
    "a layout": "msgContent: x\ntoken: hunter2-abc\n",
    "a layout with a URL": "actions:\n  - {url: 'https://h/v1?key=hunter2-abc', text: x}\n",
    "a variable of a test": "env:\n  LLM_KEY: hunter2-abc\ncases: []\n",
    "a secret of a test": "env: {SECRET: hunter2-abc}\n",
}


@pytest.mark.parametrize("name", ["final.yaml", "a.test.yaml", "_defaults.yml"])
@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_no_secret_of_another_yaml_file_is_shown(tmp_path, text, name):
    assert SECRET not in "\n".join(shown(tmp_path, text, name=name))


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        (
            "agent: {type: openai, base_url: 'http://h/v1?key=hunter2-abc'}",
            "agent: {type: openai, base_url: 'http://h/v1?***'}",
        ),
        ("agent: {base_url: http://me:hunter2-abc@h/v1}", "agent: {base_url: http://***@h/v1}"),
        ("agent: {base_url: http://hunter2-abc@h/v1#hunter2-abc}", None),
        ("agent: {base_url: 'http://h/v1?key=<<KEY>>'}", "agent: {base_url: 'http://h/v1?***<<KEY>>'}"),
        ("agent: {base_url: 'http://h/v1?key=<<KEY:-hunter2-abc>>'}", "agent: {base_url: 'http://h/v1?***'}"),
        ("title: http://h/v1", "title: http://h/v1"),
    ],
)
def test_a_url_is_shown_without_its_query_and_its_user(tmp_path, line, seen):
    (found,) = shown(tmp_path, line + "\n")

    assert SECRET not in found
    assert seen in (None, found)


COMMANDS = {
    "check": ["check", "bots"],
    **{f"check as {form}": ["check", "bots", "--format", form] for form in ("json", "github", "sarif")},
    "preview": ["preview", "a", "--json"],
    "preview as a page": ["preview", "a", "--html", "page.html"],
    "test": ["test", "bots"],
    "doctor": ["doctor", "a"],
    "run": ["run", "bots", "--admin", "off"],
}
BROKEN_FILES = {
    ".env": 'A=1\nOPENAI_API_KEY="hunter2-abc\n',
    "bots/_defaults.yaml": "agent: {type: openai, api_key: [hunter2-abc}\n",
    "bots/a.yaml": "credentials: {client_id: a, client_secret: hunter2-abc\n",
    "bots/a.test.yaml": "env: {KEY: hunter2-abc\n",
    "bots/final.json": '{"msgContent": "hunter2-abc {{ answer }", "token": "hunter2-abc", }}\n',
    "bots/p.j2": "{{ answer | hunter2 }} {% if %} sk-hunter2-abc\n",
}


# `run` minds no test files, and would stay
PAIRS = [
    (name, each) for name in BROKEN_FILES for each in COMMANDS if (name, each) != ("bots/a.test.yaml", "run")
]


@pytest.mark.parametrize(("name", "command"), PAIRS)
def test_no_command_shows_a_secret_of_a_broken_file(tmp_path, monkeypatch, name, command):
    layouts = (
        "card: {templates: {final: {file: final.json}, error: {msgContent: \"{% include 'p.j2' %}\"}}}\n"
    )
    good = f"credentials: {{client_id: a, client_secret: <<SECRET>>}}\nagent: {{type: echo}}\n{layouts}"
    files = {
        "bots/a.yaml": good,
        "bots/final.json": "msgContent: x\n",
        "bots/p.j2": "x",
        ".env": "SECRET=x\n",
    }
    files |= {"bots/a.test.yaml": "cases: [{name: n, steps: [{say: x}]}]\n", name: BROKEN_FILES[name]}
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    options = ["--on-broken", "fail"] if command == "run" else []

    result = CliRunner().invoke(main, [*COMMANDS[command], *options])

    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "hunter2-abc" not in result.output
    assert (
        name in result.output or result.exit_code != 0 or command in ("preview", "preview as a page", "test")
    )
