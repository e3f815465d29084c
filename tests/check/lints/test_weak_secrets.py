import json

import pytest
from botfolder import write
from click.testing import CliRunner

from imbot.check.check import check
from imbot.cli import main
from imbot.config.loader import Loader
from imbot.log import Redactor
from imbot.problems.sources import Sources
from imbot.reload.diff import changes
from imbot.reload.plan import Step
from imbot.reload.report import step_json
from imbot.spec import secrets_of

BOT = "credentials: {client_id: ding1, client_secret: <<ODD>>}\nagent: {type: echo}\n"
OPENAI = (
    "credentials: {{client_id: ding1, client_secret: <<S:-none>>}}\n"
    "agent: {{type: openai, base_url: 'http://h/v1', model: m, {}}}\n"
)
URL = (
    "credentials: {{client_id: ding1, client_secret: <<S:-none>>}}\n"
    "agent: {{type: openai, base_url: '{}', model: m}}\n"
)


def found(tmp_path, monkeypatch, text, value):
    monkeypatch.setenv("ODD", value)
    problems = check([write(tmp_path / "bots", {"a.yaml": text})], Sources()).problems
    return [(each.code, each.pointer) for each in problems]


@pytest.mark.parametrize("value", ["hello", "Robot", "TEST", "a1", "connected"])
@pytest.mark.parametrize(
    ("text", "at"),
    [
        (BOT, "/credentials/client_secret"),
        (OPENAI.format("api_key: <<ODD>>"), "/agent/api_key"),
        (OPENAI.format("headers: {api-key: <<ODD>>}"), "/agent/headers/api-key"),
    ],
)
def test_a_secret_that_is_a_short_or_common_word_is_found(tmp_path, monkeypatch, text, at, value):
    assert found(tmp_path, monkeypatch, text, value) == [("secret.weak", at)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (BOT, "4fT9xQ2m"),
        (BOT, "none"),
        (OPENAI.format("headers: {X-Version: <<ODD>>}"), "beta"),
        (OPENAI.format("api_key: <<ODD>>"), "ollama"),
    ],
)
def test_a_good_secret_and_what_is_none_is_let_pass(tmp_path, monkeypatch, text, value):
    assert found(tmp_path, monkeypatch, text, value) == []


def test_a_common_word_is_hidden_at_its_place_alone(tmp_path):
    text = "credentials: {client_id: ding1, client_secret: answer}\nagent: {type: echo, answer: 1}\ntitle: answer me\n"
    write(tmp_path / "bots", {"a.yaml": text})

    told = CliRunner().invoke(main, ["check", str(tmp_path / "bots")]).stdout

    assert "client_secret: ***" in told
    assert "unknown key `answer`" in told


def test_a_url_is_shown_without_its_query_and_its_user_by_every_output(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write(tmp_path / "bots", {"a.yaml": URL.format("http://h:1/v1?key=pQ7xs9")})
    (before,) = Loader(folder).load().specs
    write(folder, {"a.yaml": URL.format("http://h:2/v1?key=rT8ys0") + "throttel: {}\n"})
    broken = [
        CliRunner().invoke(main, [*words, "bots"]).output
        for words in (["check"], ["plan"], ["plan", "--json"])
    ]
    write(folder, {"a.yaml": URL.format("http://h:2/v1?key=rT8ys0")})
    (after,) = Loader(folder).load().specs
    step = json.dumps(step_json(Step("update", "a", "a.yaml", changes=changes(before, after))))

    assert not [each for each in (*broken, step) if "pQ7xs9" in each or "rT8ys0" in each]
    assert "http://h:2/v1?***" in step
    redactor = Redactor()
    redactor.hide(secrets_of(after))
    assert redactor.clean("the key rT8ys0 is wrong") == "the key *** is wrong"


@pytest.mark.parametrize("url", ["http://h:s3cretport/v1", "http://me:s3cret@h:x/v1", "http://[s3cret/v1"])
def test_a_url_that_is_none_is_not_repeated(tmp_path, url):
    write(tmp_path / "bots", {"a.yaml": URL.format(url)})

    result = CliRunner().invoke(main, ["check", str(tmp_path / "bots"), "--format", "json"])

    assert [each["code"] for each in json.loads(result.stdout)["problems"]] == ["agent.base-url"]
    assert "s3cret" not in result.output
