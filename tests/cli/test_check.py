"""``imbot check`` as people and CI run it."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from botfolder import write

IMBOT = (sys.executable, "-m", "imbot")
GOOD = "credentials: {client_id: good, client_secret: <<SECRET:-none>>}\nagent: {type: echo}\n"
WARNS = GOOD.replace("good", "warns") + 'title: "<< X >>"\n'
FAILS = "title: 你好\ncredentials:\n  client_id: fails\n  client_secret: hunter2-abc\nagnet: {type: echo}\n"


@pytest.fixture
def here(tmp_path):
    write(tmp_path / "bots", {"good.yaml": GOOD})
    return tmp_path


def ran(here, *arguments, **environ):
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    return subprocess.run(
        [*IMBOT, "check", *arguments],
        cwd=here,
        capture_output=True,
        text=True,
        env=kept | environ,
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        ({}, [], 0),
        ({}, ["bots", "--strict"], 0),
        ({"warns.yaml": WARNS}, [], 0),
        ({"warns.yaml": WARNS}, ["--strict"], 1),
        ({"fails.yaml": FAILS}, [], 1),
        ({"fails.yaml": FAILS}, ["bots/good.yaml"], 0),
        ({"fails.yaml": FAILS}, ["--format", "json"], 1),
        ({}, ["nowhere"], 2),
        ({}, ["--format", "yaml"], 2),
        ({"cards/a.j2": ""}, ["bots/cards/a.j2"], 2),
    ],
)
def test_the_exit_code_says_clean_problems_or_wrong_use(here, files, arguments, code):
    write(here / "bots", files)

    assert ran(here, *arguments).returncode == code


def test_a_folder_that_is_not_there_is_wrong_use(tmp_path):
    got = ran(tmp_path)

    assert got.returncode == 2
    assert "there is no folder 'bots' here" in got.stderr


def test_the_text_shows_line_caret_and_cure(here):
    write(here / "bots", {"fails.yaml": FAILS})
    got = ran(here)

    assert got.stdout == (
        "bots/fails.yaml:4:18: warning: the secret `client_secret` is written into the file in plain text [secret.literal]\n"
        "  |\n"
        "4 |   client_secret: ***\n"
        "  |                  ^~~\n"
        "  = put it into the environment or `.env`, and write <<CLIENT_SECRET>> here\n"
        "bots/fails.yaml:5:1: error: unknown key `agnet` [schema.unknown-key]\n"
        "  |\n"
        "5 | agnet: {type: echo}\n"
        "  | ^~~~~\n"
        "  = did you mean `agent`?\n"
    )
    assert got.stderr == "2 bot files: 1 error, 1 warning; `imbot explain CODE` tells more\n"


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_no_format_prints_a_secret(here, form):
    write(here / "bots", {"fails.yaml": FAILS})
    got = ran(here, "--format", form)

    assert "secret.literal" in got.stdout
    assert "hunter2" not in got.stdout + got.stderr


@pytest.mark.parametrize(("form", "clean"), [("text", ""), ("github", "")])
def test_a_clean_folder_prints_nothing_to_read(here, form, clean):
    assert ran(here, "--format", form).stdout == clean


def test_json_is_utf_8_wherever_it_is_written(here):
    write(here / "bots", {"客.yaml": FAILS.replace("fails", "客服")})
    got = ran(here, "--format", "json", PYTHONIOENCODING="ascii", LC_ALL="C")

    said = json.loads(got.stdout)
    assert {problem["path"] for problem in said["problems"]} == {"bots/客.yaml"}
    assert said["bots"] == [
        {"name": "good", "path": "bots/good.yaml", "type": "dingtalk-stream", "calls": 12}
    ]
    assert got.stderr == ""


def test_a_terminal_without_the_characters_is_no_trouble(here):
    write(here / "bots", {"a.yaml": GOOD.replace("good", "a") + "你好: 1\n"})
    got = ran(here, PYTHONIOENCODING="ascii")

    assert got.returncode == 1
    assert "\\u4f60\\u597d" in got.stdout


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
    ],
)
def test_colour_is_for_terminals_that_want_it(here, environ, coloured):
    write(here / "bots", {"fails.yaml": FAILS})
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    with subprocess.Popen(
        [*IMBOT, "check"], cwd=here, stdout=theirs, stderr=theirs, env=kept | environ
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)

    assert (b"\x1b[" in shown) is coloured
    assert process.returncode == 1


def _read(terminal):
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_colour_is_not_for_files(here):
    write(here / "bots", {"fails.yaml": FAILS})

    assert "\x1b" not in ran(here, TERM="xterm").stdout


def test_no_env_is_for_ci_without_secrets(here):
    write(here / "bots", {"a.yaml": GOOD.replace("good", "<<IMBOT_TEST_UNSET>>")})

    assert ran(here).returncode == 1
    assert ran(here, "--no-env").returncode == 0


def test_the_pre_commit_hook_runs_a_command_there_is(here):
    hook = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    entry = re.search("entry: imbot (.*)", hook)[1].split()
    arguments = re.search(r"args: \[(.*)\]", hook)[1].split(", ")

    assert subprocess.run([*IMBOT, *entry, *arguments], cwd=here, capture_output=True).returncode == 0


def test_the_commands_of_the_docs_for_hooks_and_ci_run(here):
    docs = (Path(__file__).parents[2] / "docs/check.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?:^ +entry|^- run): imbot (check .*)", docs, re.MULTILINE)

    assert len(commands) == 2
    for command in commands:
        assert subprocess.run([*IMBOT, *command.split()], cwd=here, capture_output=True).returncode == 0
