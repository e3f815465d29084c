"""The README is followed as a person does: every command is copied in its order, Ctrl-C ends what runs on."""

import json
import re
import shutil
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from terminal import Terminal

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"([^\n]*)\n+```sh\n(.*?)```", re.DOTALL)  # the line before it, its commands
SERVES = re.compile(r"#.*Ctrl-C")
SECOND_TERMINAL = re.compile(r"second terminal|另开一个终端")
TO_ASK = re.compile(r"(?:choose the bot |选“)(\w+)(?:”，问一句| and ask) `([^`]+)`")
ANSWER = "7 天"  # of bots/knowledge/returns.md


@pytest.fixture
def checkout(tmp_path):
    """The folder that a clone makes, with what `make` would install in it."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "bots", tmp_path / "bots")
    installed = tmp_path / ".venv"
    installed.mkdir()
    (installed / "bin").symlink_to(Path(sys.executable).parent)
    (installed / ".installed").touch()
    return tmp_path


@pytest.fixture
def dingtalk(tmp_path):
    """The address of what stands for DingTalk."""
    with Terminal(tmp_path, {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}) as terminal:
        terminal.type("imbot simulate --port 0")
        yield terminal.shows(r"http://127\.0\.0\.1:\d+")[0]


def state(url):
    with urllib.request.urlopen(f"{url}/sim/state") as response:
        return json.load(response)


def until(true, what, within_s=30):
    ends = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.05)
    return found


def ask(url, title, question):
    """Ask a bot as the chat page does: what its card says in the end."""

    def app():
        return [each["id"] for each in state(url)["apps"] if each["name"] == title and each["connections"]]

    def answer():
        cards = [card for card in state(url)["cards"].values() if card["state"] == "finished"]
        return [card["data"]["msgContent"] for card in cards]

    body = {"app": until(app, f"{title} is connected")[0], "user": "u-alex", "text": question}
    head = {"Content-Type": "application/json"}
    urllib.request.urlopen(
        urllib.request.Request(f"{url}/sim/messages", json.dumps(body).encode(), head)
    ).close()
    return until(answer, "an answer")[0]


def fill_in(environment):
    """Write the credentials of an app into the file, as a person does in an editor."""
    text = environment.read_text(encoding="utf-8")
    for name, value in (("CLIENT_ID", "dingtherightone"), ("CLIENT_SECRET", "its-secret")):
        text, found = re.subn(rf"(?m)^(\w+_{name})=.*", rf"\1={value}", text)
        assert found, f"{name} is to be filled in"
    environment.write_text(text, encoding="utf-8")


class Reader:
    """Follows the blocks of a page in one terminal, and in a second one where the page says so."""

    def __init__(self, folder, dingtalk, terminals):
        self.folder = folder
        self.asked = self.served = 0
        self._open = lambda: terminals.enter_context(
            Terminal(folder, {"DINGTALK_OPENAPI_ENDPOINT": dingtalk})
        )
        self._first = self._open()
        self._serving = ""

    def follow(self, text):
        """Copy every command. Asks what the page says to ask wherever a chat page is served."""
        to_ask = TO_ASK.search(text).groups()
        for before, code in BLOCK.findall(text):
            if SECOND_TERMINAL.search(before):
                assert self._serving, "something runs in the first terminal"
                terminal = self._open()
            else:
                self.press_ctrl_c()
                terminal = self._first
            for line in code.splitlines():
                assert not (self._serving and terminal is self._first), f"`{self._serving}` blocks: {line}"
                if SERVES.search(line):
                    self._serve(line, *to_ask)
                else:
                    exit_code, said = terminal.run(line)
                    assert exit_code == 0, f"{line}\n{said}"
                if line.startswith("cp .env.example .env"):
                    fill_in(self.folder / "my-bots/.env")
        self.press_ctrl_c()

    def press_ctrl_c(self):
        """End what runs in the first terminal."""
        if self._serving:
            exit_code, said = self._first.interrupt()
            assert exit_code in (0, 130), said  # 130 is that of `make` after Ctrl-C
            assert "Traceback" not in said
            self._serving = ""

    def _serve(self, line, title, question):
        self._serving = line
        self._first.type(line)
        self._first.shows(": connected" if "imbot run" in line else "Press Ctrl-C to stop")
        self.served += 1
        if "Chat with your bots" in self._first.text:
            url = self._first.shows(r"http://127\.0\.0\.1:\d+")[0]
            assert ANSWER in ask(url, title, question)
            self.asked += 1


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_can_be_followed_from_top_to_bottom(name, checkout, dingtalk):
    with ExitStack() as terminals:
        reader = Reader(checkout, dingtalk, terminals)
        reader.follow((ROOT / name).read_text(encoding="utf-8"))

    assert (reader.served, reader.asked) == (4, 2), (
        "make dev, dev, preview, run; the first two have a chat page"
    )
