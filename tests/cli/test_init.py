"""``imbot init``: what it writes works, and what it says to do next can be copied."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from terminal import Terminal

from imbot.cli import main

AGENTS = {"faq": "support", "openai": "assistant"}  # and the bot that is written
BIN = Path(sys.executable).parent


def init(folder, *arguments):
    done = CliRunner().invoke(main, ["init", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def imbot(folder, *arguments):
    own = {name: value for name, value in os.environ.items() if not name.endswith(("_ID", "_SECRET"))}
    return subprocess.run(
        [sys.executable, "-m", "imbot", *arguments], cwd=folder, env=own, capture_output=True, text=True
    )


def assigned(path):
    return re.findall(r"^(\w+)=", path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(params=AGENTS)
def agent(request):
    return request.param


@pytest.fixture
def folder(agent, tmp_path):
    init(tmp_path, tmp_path / "mine", "--agent", agent)
    return tmp_path / "mine"


def test_a_bot_of_the_agent_that_was_asked_for_is_written(agent, folder):
    (bot,) = (path for path in (folder / "bots").glob("*.yaml") if not path.name.endswith(".test.yaml"))
    assert bot.stem == AGENTS[agent]
    assert f"type: {agent}\n" in bot.read_text(encoding="utf-8")


def test_the_list_of_variables_holds_every_placeholder_and_nothing_else(folder):
    texts = [path.read_text(encoding="utf-8") for path in (folder / "bots").rglob("*") if path.is_file()]
    used = {name for text in texts for name in re.findall(r"<<(?:env:)?(\w+)", text)}
    assert sorted(assigned(folder / ".env.example")) == sorted(used)
    assert len(used) >= 3


def test_what_is_written_passes_once_the_list_of_variables_is_copied(folder):
    (folder / ".env").write_bytes((folder / ".env.example").read_bytes())
    for arguments in (("check", "--strict"), ("test",)):
        done = imbot(folder, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_that_its_readme_names_is_there(folder):
    named = re.findall(r"^- `([^`]+)`", (folder / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(named) >= 3
    assert [name for name in named if not (folder / name).exists()] == []


@pytest.mark.parametrize("name", ["my-bots", "it's my bots", "."])
def test_the_next_steps_can_be_copied(agent, name, tmp_path):
    with Terminal(tmp_path, {"PATH": f"{BIN}:/usr/bin:/bin"}) as terminal:
        code, said = terminal.run(f'imbot init "{name}" --agent {agent}')
        steps = re.findall(r"^    (.+)$", said, re.MULTILINE)
        assert code == 0
        for step in steps[:-1]:
            code, said = terminal.run(step)
            assert code == 0, f"{step}\n{said}"
        terminal.type(steps[-1])
        terminal.shows(f"bots/{AGENTS[agent]}.yaml")
        terminal.shows("Press Ctrl-C to stop")
        assert terminal.interrupt()[0] == 0


def test_on_a_terminal_it_asks_for_the_agent_and_says_what_each_is(tmp_path):
    with Terminal(tmp_path, {"PATH": f"{BIN}:/usr/bin:/bin"}) as terminal:
        terminal.type("imbot init mine")
        terminal.shows(r"openai +an AI agent that you already have")
        terminal.shows(r"Agent \(faq, openai\) \[faq\]: $")
        assert terminal.run("openai")[0] == 0
    assert (tmp_path / "mine/bots/assistant.yaml").is_file()


def test_where_nobody_can_be_asked_the_bot_needs_no_model(tmp_path):
    init(tmp_path, tmp_path / "mine")
    assert (tmp_path / "mine/bots/support.yaml").is_file()


def test_without_a_folder_it_says_where_it_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = init(tmp_path)
    assert f"Writing into the current folder, {tmp_path}" in said
    assert "cd " not in said
    assert "into the current folder" in " ".join(init(tmp_path, "--help").split())


def test_a_second_bot_in_the_folder_leaves_all_files_and_names_the_variables_it_needs(tmp_path):
    init(tmp_path, tmp_path, "--agent", "faq")
    (tmp_path / ".env").write_text("MINE=1\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    said = init(tmp_path, tmp_path, "--agent", "openai")

    assert "    LLM_BASE_URL=https://" in said
    assert "SUPPORT_" not in said
    assert "cp .env.example" not in said, "it would overwrite what a person wrote"
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("name", ["bots", "bots/cards", "schemas"])
def test_a_file_in_the_way_is_told_in_a_line(name, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    done = CliRunner().invoke(main, ["init", str(tmp_path)])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert f"{name}/" in done.output
    assert "cannot be written" in done.output
