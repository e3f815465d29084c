"""The command itself: what it prints, writes and refuses, and how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from botfolder import write
from click.testing import CliRunner
from preview_bot import BOT, FINAL

from imbot.cli.preview import command


@pytest.fixture
def bots(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "bots", {"a.yaml": BOT + "name: helper\n", "cards/final.yaml": FINAL})


def preview(*words):
    return CliRunner().invoke(command, words)


@pytest.mark.parametrize("name", ["helper", "a", "bots/a.yaml"])
def test_a_bot_is_found_by_its_name_or_file(bots, name):
    done = preview(name, "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert told["name"] == "helper"
    assert {card["phase"] for card in told["cards"]} == {"thinking", "streaming", "final", "error", "stopped"}


def test_one_phase_with_given_texts(bots):
    told = json.loads(preview("a", "--json", "--phase", "final", "--question", "Q?", "--answer", "A.").stdout)
    (card,) = told["cards"]
    assert (card["sample"], card["phase"]) == ("given", "final")
    assert card["data"]["msgTitle"] == "Q?"
    assert card["data"]["msgContent"].strip() == "A."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["helpr"], "did you mean helper?"),
        (["zzz"], "there are: a, helper"),
        (["bots/b.yaml"], "there is no file bots/b.yaml"),
        (["bots/_x.yaml"], "bots/_x.yaml is not a bot file"),
        (["a", "--bots", "nowhere"], "there is no folder nowhere"),
        (["a", "--json", "--html", "x.html"], "cannot be used together"),
        (["a", "--phase", "end"], "thinking"),
    ],
)
def test_wrong_use_says_what_is_right(bots, words, said):
    write(bots, {"_x.yaml": "{}"})
    done = preview(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_a_bot_that_cannot_be_drawn_ends_with_its_problems(bots, tmp_path):
    write(bots, {"cards/final.yaml": 'msgContent: "{{ anwser }}"\n'})
    as_json, as_html = preview("a", "--json"), preview("a", "--html", "out.html")
    assert as_json.exit_code == as_html.exit_code == 1
    told = json.loads(as_json.stdout)
    assert [problem["code"] for problem in told["problems"]] == ["template.undefined"]
    assert told["cards"] == []
    assert "bots/cards/final.yaml:1:17: error: `anwser` is not defined" in as_html.output
    assert "^~~~~~" in as_html.output
    assert not (tmp_path / "out.html").exists()


def test_the_page_is_written_without_secrets(bots, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", "hunter2hunter2")
    done = preview("a", "--html", "out.html")
    assert (done.exit_code, done.stdout) == (0, "Written: out.html\n")
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "小助手" in page
    assert "hunter2" not in page


def test_a_page_that_cannot_be_written_says_so(bots):
    done = preview("a", "--html", "nowhere/out.html")
    assert done.exit_code == 1
    assert "nowhere/out.html cannot be written: No such file or directory" in done.output


def test_half_a_character_breaks_nothing(bots, tmp_path):
    write(bots, {"cards/final.yaml": "msgContent: '{{ \"\\ud83d\" }}'\n"})
    (card, *_) = json.loads(preview("a", "--json", "--phase", "final").stdout)["cards"]
    assert card["data"]["msgContent"] == "\ufffd"
    assert preview("a", "--html", "out.html").exit_code == 0
    assert "\ufffd" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_a_taken_port_is_told(bots):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = preview("a", "--port", str(other.getsockname()[1]))
    assert done.exit_code == 1
    assert "is in use; leave --port out" in done.output


def test_the_page_is_opened_on_demand(bots, tmp_path):
    opener = tmp_path / "opener"
    opener.write_text(
        f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened.part\nmv {tmp_path}/opened.part {tmp_path}/opened\n'
    )
    opener.chmod(0o755)
    words = [sys.executable, "-m", "imbot", "preview", "a", "--port", "0", "--open"]
    environ = {**os.environ, "BROWSER": f"{opener} %s"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environ) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        deadline = time.monotonic() + 10
        while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.terminate()
    assert (tmp_path / "opened").read_text() == lines[1].split()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(bots, number):
    words = [sys.executable, "-m", "imbot", "preview", "a", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert "http://127.0.0.1:" in lines[1]
    assert (process.returncode, errors) == (0, "")


def test_shared_defaults_are_drawn_too(bots):
    write(bots, {"_defaults.yaml": "card: {vars: {hotline: Common}}\n"})
    write(bots, {"cards/final.yaml": "msgContent: '{{ vars.hotline }}'\n"})
    told = json.loads(preview("a", "--json", "--phase", "final").stdout)
    assert {card["data"]["msgContent"] for card in told["cards"]} == {"Common"}
