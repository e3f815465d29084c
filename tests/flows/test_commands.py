"""The commands as people call them: in processes of their own, with a real browser."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

import pytest
from browser import console_errors, open_browser
from page_driver import Page
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[2]
IMBOT = (sys.executable, "-m", "imbot")


class Process:
    """A running command whose output is read as it comes."""

    def __init__(self, *command, cwd, **env):
        self.lines = []
        self._popen = subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self._popen.stdout:
            self.lines.append(line)

    @property
    def output(self):
        return "".join(self.lines)

    def until(self, pattern, within_s=20):
        """The first group of a pattern as soon as the output holds it."""
        deadline = time.monotonic() + within_s
        while not (found := re.search(pattern, self.output)):
            assert time.monotonic() < deadline, f"no {pattern!r} within {within_s} s in:\n{self.output}"
            assert self._popen.poll() is None, f"ended early:\n{self.output}"
            time.sleep(0.05)
        return found.group(1) if found.groups() else found.group()

    def tell(self, number):
        """Send a signal and go on."""
        self._popen.send_signal(number)

    def end(self, number=signal.SIGINT):
        """Send a signal; the exit code and how many seconds it took."""
        began = time.monotonic()
        self._popen.send_signal(number)
        code = self._popen.wait(30)
        took = time.monotonic() - began
        self._reader.join()
        self._popen.stdout.close()
        return code, took

    @property
    def alive(self):
        return self._popen.poll() is None


@contextlib.contextmanager
def started(*command, cwd, **env):
    process = Process(*command, cwd=cwd, **env)
    try:
        yield process
    finally:
        if process.alive:
            process.end(signal.SIGKILL)


def say(url, app, text):
    """Say something as a person of the simulator."""
    body = json.dumps({"app": app, "user": "u-lilei", "text": text}).encode()
    request = urllib.request.Request(
        f"{url}/sim/messages", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert json.load(answer)["message"]["delivered"]


def ran(*command, cwd):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)


@pytest.fixture
def working(tmp_path):
    shutil.copytree(ROOT / "bots", tmp_path / "bots")
    return tmp_path


# The page itself notes all that its card shows, and where in the card its text begins.
WATCH = """
  window.seen = [];
  window.tops = new Set();
  const note = () => {
    const card = document.querySelector("[data-testid=card]");
    if (!card?.querySelector(".card-content")) return;
    if (seen.at(-1) !== card.innerText) seen.push(card.innerText);
    tops.add(card.querySelector(".card-content").offsetTop);
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
"""


def chat(browser, url, app, question):
    """Ask a bot on the chat page, watch the card, press its first button; all texts the card showed."""

    def one(test_id, extra=""):
        return WebDriverWait(browser, 10).until(
            lambda b: b.find_elements(By.CSS_SELECTOR, f"[data-testid={test_id}]{extra}")
        )[-1]

    browser.get(url)
    browser.execute_script(WATCH)
    one("app", f"[data-app='{app}']").click()
    one("composer").send_keys(question)
    one("send").click()
    WebDriverWait(browser, 15).until(lambda _: one("card").get_attribute("data-state") == "finished")
    seen = [*browser.execute_script("return seen"), one("card").text]
    assert len(browser.execute_script("return [...tops]")) == 1, "the text of the card jumps"
    one("card").find_element(By.CSS_SELECTOR, "[data-testid=card-button]").click()
    WebDriverWait(browser, 5).until(lambda _: one("card").text != seen[-1])
    return [*seen, one("card").text]


@pytest.mark.browser
def test_dev_answers_in_a_browser_and_keeps_the_feedback(working):
    with started(*IMBOT, "dev", "bots/", "--port", "0", cwd=working) as dev:
        url = dev.until(r"(http://\S+)")
        assert "waits" in dev.output, "the bot without an endpoint says what it waits for"
        dev.until("小满客服")
        with open_browser() as browser:
            texts = chat(browser, url, "dev-support", "怎么退货？")
        code, took = dev.end()

    assert len(set(texts)) >= 4, f"thinking, streaming, final, thanked: {texts}"
    assert "7 天" in texts[-2]
    assert "谢谢您的反馈" in texts[-1]
    assert (code, took < 10) == (0, True), dev.output
    shown = ran(*IMBOT, "feedback", cwd=working)
    assert "very_helpful" in shown.stdout
    assert "怎么退货" in shown.stdout


ECHO = "title: 回声\ncredentials: {client_id: <<ECHO_ID>>, client_secret: <<ECHO_SECRET>>}\nagent: {type: echo}\n"
WAITS = (
    "agent: {type: openai, base_url: <<NO_SUCH_URL>>, model: m}\n"
    + ECHO.replace("ECHO", "WAITS").partition("agent")[0]
)


class Shown:
    """Where the page of a process is."""

    def __init__(self, url):
        self.sim = self
        self.url = url


@pytest.mark.browser
def test_the_page_of_dev_shows_what_the_terminal_shows(tmp_path):
    bots = tmp_path / "bots"
    bots.mkdir()
    echo = bots / "echo.yaml"
    echo.write_text(ECHO, encoding="utf-8")
    (bots / "waits.yaml").write_text(WAITS, encoding="utf-8")
    fails = ECHO.replace("ECHO", "FAILS").replace("echo}", "echo, fail_after: 1}")
    (bots / "fails.yaml").write_text(fails, encoding="utf-8")
    with started(*IMBOT, "dev", "bots/", "--port", "0", cwd=tmp_path) as dev, open_browser() as browser:
        page = Page(browser, Shown(dev.until(r"(http://\S+)")))
        page.shows("app", "等待变量", '[data-bot="waits"][data-state="waiting"]')
        page.until(lambda: page.all("app", '[data-bot="echo"][data-state="online"]'), "the echo runs")

        echo.write_text(ECHO.replace("echo}", "ehco}"), encoding="utf-8")
        page.shows("notice", "文件有错误；回答来自")
        page.shows("problem", "bots/echo.yaml:3:15")
        dev.until("did you mean `echo`")
        page.shows("problem", "did you mean echo?")
        page.say("still there?")
        page.shows("card-content", "still there?")

        echo.write_text(ECHO.replace("回声", "改好了"), encoding="utf-8")
        page.until(lambda: not page.one("notice").is_displayed(), "the file is mended")
        page.shows("app", "改好了")

        (tmp_path / ".env").write_text("NO_SUCH_URL=http://127.0.0.1:9/v1\n", encoding="utf-8")
        page.until(lambda: page.all("app", '[data-bot="waits"][data-online="true"]'), "it waits no longer")
        (tmp_path / ".env").write_text("NO_SUCH_URL: x\n", encoding="utf-8")
        page.shows("app", ".env", '[data-state="folder"]')
        (tmp_path / ".env").write_text("NO_SUCH_URL=http://127.0.0.1:9/v1\n", encoding="utf-8")
        page.until(lambda: not page.all("app", '[data-state="folder"]'), "the file is mended")
        page.press("app", '[data-bot="fails"]')
        for number in range(1, 4):
            page.say(f"question {number}")
            page.until(lambda: len(page.all("failure")) == number, "each failed answer says why")  # noqa: B023
        page.shows("failure", "because of fail_after [fail_after] — remove it from the bot file")
        page.shows("notice", "3 次回答都失败了")
        page.shows("app", "回答都失败了", '[data-bot="fails"][data-state="failing"]')
        echo.unlink()
        page.until(lambda: len(page.all("app")) == 2, "a bot without a file is gone")
        assert console_errors(browser) == []


@pytest.mark.browser
def test_run_and_simulate_in_two_processes_do_the_same(working):
    secrets = {"SUPPORT_CLIENT_ID": "app-1", "SUPPORT_CLIENT_SECRET": "hunter2-secret"}
    (working / ".env").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()))
    for other in ("assistant", "echo"):
        (working / f"bots/{other}.yaml").unlink()
    with started(*IMBOT, "simulate", "--port", "0", "--app", "app-1:hunter2-secret:Shop", cwd=working) as sim:
        url = sim.until(r"Chat page:\s+(\S+)")
        with started(
            *IMBOT, "run", "bots/", cwd=working, DINGTALK_OPENAPI_ENDPOINT=url, IMBOT_LOG="json"
        ) as run:
            run.until("connected")
            with open_browser() as browser:
                texts = chat(browser, url, "app-1", "运费怎么算？")
            code, took = run.end(signal.SIGTERM)
        sim_code, _ = sim.end()

    assert "99 元" in texts[-2]
    assert "谢谢您的反馈" in texts[-1]
    assert (code, sim_code, took < 10) == (0, 0, True), run.output
    assert all(line.startswith("{") for line in run.lines)
    for secret in ("hunter2-secret", "ticket=", "session="):
        assert secret not in re.sub(r"\w+=\*\*\*", "", run.output), "invariant 10"
    shown = ran(*IMBOT, "feedback", "--format", "csv", cwd=working)
    assert "very_helpful" in shown.stdout


def test_a_simulator_for_other_machines_warns_and_has_a_token(tmp_path):
    with started(*IMBOT, "simulate", "--host", "0.0.0.0", "--port", "0", cwd=tmp_path) as sim:
        page = sim.until(r"Chat page:\s+(\S+)")
        (warning,) = [line for line in sim.lines if "warning" in line]
        assert warning == (
            "warning: other machines can reach 0.0.0.0: whoever has the address of the chat page reads and writes "
            "every chat, and any program may connect with any client id; give --app to admit only yours\n"
        )
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(page) as answer:
            assert (answer.status, answer.url) == (200, page.partition("?")[0])
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(page.partition("?")[0])
        assert sim.end()[0] == 0


def test_run_refuses_missing_credentials_and_goes_on_waiting(working):
    with started(*IMBOT, "run", "bots/", cwd=working) as run:
        run.until("SUPPORT_CLIENT_ID is not set")
        run.until("ECHO_CLIENT_SECRET is not set")
        assert run.alive
        assert run.end(signal.SIGTERM)[0] == 0


def test_a_second_signal_ends_at_once_what_is_still_ending(tmp_path):
    (tmp_path / "bots").mkdir()
    (tmp_path / "bots/slow.yaml").write_text(
        "credentials: {client_id: app-1, client_secret: s3cret}\nagent: {type: echo, delay: 30s}\n"
    )
    with (
        started(*IMBOT, "simulate", "--port", "0", cwd=tmp_path) as sim,
        started(
            *IMBOT, "run", "--admin", "off", cwd=tmp_path,
            DINGTALK_OPENAPI_ENDPOINT=sim.until(r"Chat page:\s+(\S+)"),
        ) as run,
    ):  # fmt: skip
        run.until("connected")
        say(sim.until(r"Chat page:\s+(\S+)"), "app-1", "hello slow world")
        time.sleep(0.5)
        run.tell(signal.SIGINT)
        run.until("waiting for 1 running answer to end, at most 25 s")
        code, took = run.end(signal.SIGINT)

    assert code == -signal.SIGINT
    assert took < 10


def test_run_that_cannot_open_its_store_ends_with_one_and_a_cure(working):
    (working / "not-a-store").write_text("this is no database, but it is long enough to look like one" * 20)
    got = ran(*IMBOT, "run", "bots/", "--store", "sqlite:///not-a-store", cwd=working)

    assert got.returncode == 1
    assert "not-a-store" in got.stderr
    assert "Traceback" not in got.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["chekc"], 2, "Did you mean 'check'"),
        (["run", "--admin", "0.0.0.0:1"], 2, "IMBOT_ADMIN_TOKEN"),
        (["run", "--admin", "8870"], 2, "127.0.0.1:8870"),
        (["status"], 1, "not started"),
        (["reload", "--admin", "127.0.0.1:1"], 1, "nothing answers"),
        (["check", "nowhere.yaml"], 2, "nowhere.yaml"),
        (["check", "bots"], 1, "bots/echo.yaml:4:14: error"),
        (["simulate", "--app", "nonsense"], 2, "ID:SECRET"),
        (["feedback"], 1, "nothing is stored"),
        (["feedback", "--since", "yesterday-ish"], 2, "7d"),
        (["--version"], 0, "imbot"),
        (["dev", "nowhere/bots"], 2, "there is no folder 'nowhere'"),
        (["run", "bots/echo.yaml"], 2, "'bots/echo.yaml' is a file"),
        (["run", "bots", "--settle", "fast"], 2, "'fast' is not a duration; write it like 300ms"),
        (["plan", "nowhere"], 1, "there is no folder nowhere"),
        (["reload", "nowhere", "--prune"], 1, "not started"),
        (
            ["run", "bots", "--store", "mysql://me:hunter2@db/x"],
            1,
            "a store at mysql://…: only sqlite:///PATH",
        ),
        (["run", "bots", "--store", "sqlite:///"], 1, "sqlite:///PATH"),
        (["simulate", "--host", "192.0.2.1"], 1, "192.0.2.1:8700: cannot assign requested address"),
    ],
)
def test_wrong_use_and_trouble_have_their_exit_codes(working, arguments, code, says):
    got = ran(*IMBOT, *arguments, cwd=working)

    assert (got.returncode, says in got.stdout + got.stderr) == (code, True), got.stdout + got.stderr
    assert "hunter2" not in got.stdout + got.stderr


@pytest.mark.parametrize("command", [("dev", "--port", "0"), ("run", "--admin", "127.0.0.1:0")])
def test_r13_a_folder_that_is_not_there_yet_is_waited_for_and_said_to_be_once(working, command):
    with started(*IMBOT, command[0], "later", *command[1:], "--settle", "50ms", cwd=working) as process:
        process.until("here is no folder later yet")
        (working / "later").mkdir()
        (working / "later/a.yaml").write_text("agent: {type: echoo}\n")
        process.until("a: rejected")
        code, _ = process.end()
    assert code == 0
    assert process.output.lower().count("there is no folder") == 1


def test_the_shipped_examples_pass_check_once_their_variables_are_set(working):
    names = set(re.findall(r"<<(\w+)>>", "".join(p.read_text() for p in (working / "bots").glob("*.yaml"))))
    (working / ".env").write_text("".join(f"{name}=https://{name.lower()}.test\n" for name in names))
    got = ran(*IMBOT, "check", cwd=working)

    assert (got.returncode, got.stdout) == (0, "")


def test_init_never_overwrites_and_what_it_writes_passes_check(tmp_path):
    (tmp_path / "x/bots").mkdir(parents=True)
    mine = tmp_path / "x/bots/support.yaml"
    mine.write_text("mine")
    got = ran(*IMBOT, "init", "x", cwd=tmp_path)
    assert "kept     x/bots/support.yaml" in got.stdout
    assert mine.read_text() == "mine"

    mine.unlink()
    ran(*IMBOT, "init", "x", cwd=tmp_path)
    (tmp_path / "x/.env").write_text(
        re.sub(r"=$", "=value", (tmp_path / "x/.env.example").read_text(), flags=re.MULTILINE)
    )
    assert ran(*IMBOT, "check", "x/bots", cwd=tmp_path).returncode == 0


@pytest.mark.timeout(240)
def test_the_wheel_alone_is_enough(tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT],
        capture_output=True, text=True,
    )  # fmt: skip
    if built.returncode and "IMBOT_REQUIRE_PEERS" not in os.environ:
        pytest.skip(f"no wheel can be built here: {built.stderr[-300:]}")
    (wheel,) = tmp_path.glob("imbot_runtime-*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True, capture_output=True)
    imbot = str(tmp_path / "env/bin/imbot")

    empty = tmp_path / "empty"
    empty.mkdir()
    assert ran(imbot, "init", "x", cwd=empty).returncode == 0
    with started(imbot, "dev", "x/bots", "--port", "0", cwd=empty) as dev:
        url = dev.until(r"(http://\S+)")
        page = ran(
            str(python), "-c", f"import urllib.request as u; print(u.urlopen('{url}').read())", cwd=empty
        )
        assert "data-testid" in page.stdout
        assert "小满客服" in dev.output
        assert dev.end()[0] == 0
        assert dev.output.endswith("\nStopping.\n"), "the prompt begins on a line of its own"
    assert ran(imbot, "schema", cwd=empty).stdout == (ROOT / "schemas/imbot.schema.json").read_text()
    for kind in ("defaults", "inheriting", "test"):
        said = ran(imbot, "schema", f"--{kind}", cwd=empty).stdout
        assert said == (ROOT / f"schemas/{kind}.schema.json").read_text()
