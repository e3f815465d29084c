"""Every code that a problem can have has a page, and its examples do what the page says."""

import ast
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import imbot
from imbot.cli.check import command as check
from imbot.cli.test import command as play
from imbot.config.file_names import names_bot
from imbot.problems.codes import pages

PACKAGE = Path(imbot.__file__).parent
REST = {
    "credentials": "credentials: {client_id: a, client_secret: <<SECRET:-none>>}\n",
    "agent": "agent: {type: echo}\n",
}
SPEAKING = (
    "testing/",
    "config/",
    "templates/",
    "cards/",
    "platforms/dingtalk/kinds/",
    "check/lints/",
    "reload/plan.py",
    "reload/agent_probe.py",
    "reload/status.py",
    "reload/supervisor.py",
    "reload/rollout.py",
    "behaviour.py",
)
IN_PARTS = {"template.cycle", "template.missing", "name.taken", "identity.taken"}  # put together in the code
ONLY_WHILE_RUNNING = {
    "bot.defect",
    "file.defect",
    "identity.held",
    "platform.refused",
    "change.pending",
    "agent.unreachable",
    "agent.failing",
}
NOT_YET = {
    "schema.deprecated",
    "schema.invalid",
}  # tests of lints and schema have schemas of their own for them
ELSEWHERE = {"folder.unreadable", "yaml.too-large"}  # below, and in tests of the YAML reader


def spoken(path):
    """Every text in a module that looks like a code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and re.fullmatch(r"(?!imbot)[a-z]+\.[a-z]+(-[a-z]+)*", text):
            yield text


def codes():
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.relative_to(PACKAGE).as_posix().startswith(SPEAKING):
            yield from spoken(path)
    for path in sorted((PACKAGE / "agents").glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "setting_error":
                yield from (word.value.value for word in call.keywords if word.arg == "code")


def test_every_code_has_a_page_and_every_page_a_code():
    assert pages().keys() == set(codes()) | IN_PARTS


@pytest.mark.parametrize("page", pages().values(), ids=lambda page: page.code)
def test_a_page_says_what_the_code_means(page):
    assert re.fullmatch(r".{10,80}(?<![.])", page.title)
    assert page.text.endswith(".")
    assert page.wrong
    assert page.right


# -- examples ---------------------------------------------------------------------------------------


def written(folder, files, *, whole):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rest = ""
        if path.parent == folder and names_bot(name) and not whole:
            rest = "".join(
                line for key, line in REST.items() if not re.search(f"^{key}:", text, re.MULTILINE)
            )
        path.write_text((rest + text).translate({ord("␀"): "\x00", ord("␣"): "\u00a0"}))
    return folder


def found(folder):
    tests = list(folder.glob("*.test.yaml"))
    words = ["--update"] if tests else []
    result = CliRunner().invoke(play if tests else check, [str(folder), "--format", "json", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return json.loads(result.stdout)["problems"]


def too_large(folder, page):
    name = next(reversed(page.wrong))
    (folder / name).write_text("# a\n" * 300_000)


def in_gbk(folder, page):
    name = next(reversed(page.wrong))
    (folder / name).write_bytes((folder / name).read_text().encode("gbk"))


def env_in_utf16(folder, page):
    (folder.parent / ".env").write_bytes("TITLE=客服".encode("utf-16"))


def env_with_an_open_quote(folder, page):
    (folder.parent / ".env").write_text('TITLE="Helpdesk\n')


ARRANGED = {
    "env.line": env_with_an_open_quote,
    "env.unreadable": env_in_utf16,
    "file.encoding": in_gbk,
    "file.too-large": too_large,
    "yaml.encoding": in_gbk,
}


@pytest.fixture(autouse=True)
def client_secret(monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", "from-the-environment")


@pytest.mark.parametrize("code", sorted(pages().keys() - ONLY_WHILE_RUNNING - NOT_YET - ELSEWHERE))
def test_the_wrong_example_has_this_problem_and_no_other(code, tmp_path):
    page = pages()[code]
    folder = written(tmp_path / "bots", page.wrong, whole=page.whole)
    ARRANGED.get(code, lambda *_: None)(folder, page)

    problems = found(folder)

    assert {(problem["code"], problem["severity"]) for problem in problems} == {(code, page.severity)}
    assert len(problems) == 1


@pytest.mark.parametrize("page", pages().values(), ids=lambda page: page.code)
def test_the_right_example_has_no_problem(page, tmp_path):
    assert found(written(tmp_path / "bots", page.right, whole=page.whole)) == []
