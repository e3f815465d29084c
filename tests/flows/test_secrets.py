"""A secret of whatever length is hidden by every output or by none: one border, in one place.

Short ones stay, as cutting them out would cut ordinary text to pieces. Each output here is made by the real
command, or the real process, and says the secret in a sentence that tells which of both happened.
"""

import asyncio
import io
import json
import logging

import click
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from imbot.agents import prepare_agent
from imbot.cli import main, status
from imbot.cli.chat_page import ChatPage
from imbot.cli.common import run_async
from imbot.cli.dev import _greeting
from imbot.cli.steps import Explained
from imbot.config.loader import Loader
from imbot.errors import AgentError, ConfigError, StoreError
from imbot.log import Readable, _Json, redactor
from imbot.model import Message, Sender
from imbot.ops.address import AdminAddress, AdminSettings
from imbot.ops.status_json import row_json
from imbot.preview.look import Looker
from imbot.preview.samples import SAMPLES
from imbot.reload.diff import Change
from imbot.reload.plan import Step
from imbot.reload.report import ReloadReport, report_json
from imbot.reload.rollout import Pending
from imbot.reload.status import BotStatus
from imbot.text.masking import MASK, SHORTEST_SECRET

# One of each length. None begins with another, as what was hidden for one test stays so for the next.
SECRETS = ("q", "w8", "J5k", "zX9f", "P3vTy", "uH6mQ1", "Rg2bN7c", "eL4sD0aK")
# The comma begins another key, so a part of the secret is a key that nobody knows.
SLIP = """\
credentials: {{client_id: app-slip, client_secret: dummy}}
agent: {{type: openai, base_url: 'http://x', model: m, api_key: first,{secret}}}  # {secret} again
"""
# Found only when the card is prepared: all values of the file are right.
TEMPLATE = """\
credentials: {{client_id: app-template, client_secret: {secret}}}
agent: {{type: echo}}
card: {{templates: {{final: {{msgContent: '{{{{ {secret} }}}}'}}}}}}  # {secret} again
"""
# Each with the sentence that has the secret in it.
MISTAKES = {"slip": (SLIP, "unknown key `{}`"), "template": (TEMPLATE, "`{}` is not defined")}
AT_WORK = "the key {} is wrong"

NO_SECRETS = {
    "explain": "knows no bot",
    "feedback": "shows what people said",
    "forget": "prints a number",
    "init": "writes an example",
    "layouts": "prints what is shipped",
    "schema": "knows no bot",
    "simulate": "has no bots; its own secrets come from its command line",
    "unanswered": "shows what people said",
}


def imbot(*words, env=None):
    got = CliRunner().invoke(main, [str(word) for word in words], env=env)
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return click.unstyle(got.output)


class Folder:
    """One bot whose file has a secret in it and one of the mistakes."""

    def __init__(self, place, secret, mistake="slip"):
        self.bots = place / f"of{len(secret)}/bots"
        self.bots.mkdir(parents=True)
        self.secret = secret
        self.bot = self.write("wrong.yaml", MISTAKES[mistake][0].format(secret=secret))

    def write(self, name, text):
        path = self.bots / name
        path.write_text(text, encoding="utf-8")
        return path

    def cases(self, text="cases: [{name: it, steps: [{say: hello, expect: {phase: final}}]}]\n"):
        return self.write("wrong.test.yaml", text)


# -- a file that says it, as commands tell of it


def checked(form):
    return lambda folder: imbot("check", folder.bot, "--no-env", "--format", form)


def tried(form):
    return lambda folder: imbot("test", folder.cases(), "--format", form)


def page(folder):
    look = Looker(folder.bot, SAMPLES, ()).look()
    return json.dumps(look.to_page(), ensure_ascii=False)


def ended(folder):
    """What ``imbot run --on-broken fail`` prints at its end."""
    problems = Loader(folder.bots, no_env=True).load().problems
    return last_words(ConfigError(problems))


def last_words(error):
    async def failing():
        raise error

    @click.command()
    def command():
        run_async(failing)

    return CliRunner().invoke(command).output


class Page:
    """A simulator that keeps what its page is to show."""

    def show_bots(self, bots):
        self.text = json.dumps(bots, ensure_ascii=False)


def greeting(folder):
    (file,) = Loader(folder.bots, no_env=True).load().files
    return click.unstyle(
        _greeting("http://x", folder.bots, [Step("rejected", "slip", file.path, problems=file.problems)])
    )


OF_FILES = {
    "check": checked("text"),
    "check --format json": checked("json"),
    "check --format sarif": checked("sarif"),
    "check --format github": checked("github"),
    "test": tried("text"),
    "test --format json": tried("json"),
    "test --format junit": tried("junit"),
    "preview": lambda folder: imbot("preview", folder.bot, "--html", folder.bots / "x.html"),
    "preview --json": lambda folder: imbot("preview", folder.bot, "--json"),
    "preview, its page": page,
    "doctor": lambda folder: imbot("doctor", folder.bot),
    "doctor --json": lambda folder: imbot("doctor", folder.bot, "--json"),
    "plan": lambda folder: imbot("plan", folder.bots),
    "plan --json": lambda folder: imbot("plan", folder.bots, "--json"),
    "run, as it ends": ended,
    "dev, its greeting": greeting,
}


EXPECTED = {length: length >= SHORTEST_SECRET for length in range(1, 9)}


def hidden(text, secret, sentence):
    """Whether a text hides the secret where it says that sentence, which it must say."""
    said, masked = sentence.format(secret), sentence.format(MASK)
    assert (said in text) != (masked in text), text
    return masked in text


BEFORE_CARDS = ("run, as it ends", "dev, its greeting")  # they tell here what was found before


@pytest.mark.parametrize(
    ("output", "mistake"),
    [(name, how) for how in MISTAKES for name in OF_FILES if how == "slip" or name not in BEFORE_CARDS],
)
def test_every_output_hides_the_same_secrets_of_files(tmp_path, output, mistake):
    found = {}
    for secret in SECRETS:
        text = OF_FILES[output](Folder(tmp_path, secret, mistake))
        found[len(secret)] = hidden(text, secret, MISTAKES[mistake][1])
        assert not (found[len(secret)] and secret in text), text

    assert found == EXPECTED


@pytest.mark.parametrize("output", ["check", "check --format json", "test", "test --format json"])
def test_every_output_hides_the_same_secrets_of_test_files(tmp_path, output):
    found = {}
    for secret in SECRETS:
        folder = Folder(tmp_path, secret)
        cases = folder.cases(f"env: {{TOKEN: first}}\ncases: [{{name: x, steps: [], {secret}}}]\n")
        folder.bot.unlink()
        command, *form = output.split()
        found[len(secret)] = hidden(imbot(command, cases, *form), secret, "unknown key `{}`")

    assert found == EXPECTED


# -- a running process, with that file and with an agent whose server repeats the key that it refuses


LOUD = """
credentials: {{client_id: app-loud{number}, client_secret: dummy}}
agent: {{type: openai, base_url: '{url}', model: m, api_key: <<LOUD_KEY>>, retries: 0}}
"""


async def refused(request):
    key = request.headers["Authorization"].removeprefix("Bearer ")
    message = AT_WORK.format(key)
    return web.json_response({"error": {"message": message, "code": "invalid_api_key"}}, status=401)


@pytest.fixture
async def server():
    app = web.Application()
    app.router.add_post("/chat/completions", refused)
    async with TestServer(app) as made:
        yield str(made.make_url("/"))


class Logs:
    """What the log says in each of its forms, through the filter that every form goes through."""

    def __init__(self):
        self._forms = {"run": Readable(), "run, as JSON": _Json(), "dev": Explained()}
        self._streams = {name: io.StringIO() for name in self._forms}

    def __enter__(self):
        self._handlers = []
        for name, form in self._forms.items():
            handler = logging.StreamHandler(self._streams[name])
            handler.addFilter(redactor)
            handler.setFormatter(form)
            self._handlers.append(handler)
            logging.getLogger("imbot").addHandler(handler)
        return self

    def __exit__(self, *_):
        for handler in self._handlers:
            logging.getLogger("imbot").removeHandler(handler)

    def texts(self):
        return {
            f"the log of {name}": click.unstyle(stream.getvalue()) for name, stream in self._streams.items()
        }


async def command(flow, *words, env=None):
    return await asyncio.to_thread(imbot, words[0], flow.folder, *words[1:], env=env)


async def of_a_process(flow, server, monkeypatch, secret):
    """Every output of a process that follows such files, by its name: what it says of files, what of its work."""
    number = len(secret)
    monkeypatch.setenv("LOUD_KEY", secret)
    flow.write("loud.yaml", LOUD.format(number=number, url=server))
    for mistake, (text, _) in MISTAKES.items():
        flow.write(f"{mistake}.yaml", text.format(secret=secret))
    said = AT_WORK.format(secret)
    admin = AdminSettings(AdminAddress("127.0.0.1", 0), flow.folder.parent / ".imbot/admin.json")
    logger = logging.getLogger("imbot.test")
    with Logs() as logs:
        async with flow.up(admin=admin):
            page = Page()
            chat_page = ChatPage(page, flow.supervisor)
            await flow.ask(f"app-loud{number}", "hello")
            chat_page.update()
            logger.error("%s", said)
            try:
                raise RuntimeError(said)
            except RuntimeError:
                logger.exception("traceback")
            row, spec = flow.row("loud"), flow.supervisor.specs()["loud"]
            files = {
                f"{words[0]} {' '.join(words[1:])}".strip(): await command(flow, *words)
                for each in ("status", "reload", "plan")
                for words in ((each,), (each, "--json"))
            }
            files["dev, its chat page"] = page.text
            doctor = {"DINGTALK_OPENAPI_ENDPOINT": flow.sim.url}
            work = {
                f"doctor {option}".strip(): await asyncio.to_thread(
                    imbot, "doctor", "loud", "--bots", flow.folder, *option.split(), env=doctor
                )
                for option in ("", "--json")
            }
    files |= logs.texts()
    work |= {
        **logs.texts(),
        **of_a_row(row, said),
        "dev, its chat page": page.text,
        "what the agent raises": await complaint(spec),
        "reload --json, a key that changed": json.dumps(changed(said)),
        "run, as it ends": await asyncio.to_thread(last_words, StoreError(said)),
    }
    return files, work


async def complaint(spec):
    """What an agent says when it is refused, before anybody logs it."""
    agent = prepare_agent(spec.agent, spec.timeouts)
    message = Message("m", "c", "single", Sender("u"), "hello", 0.0)
    with pytest.raises(AgentError) as caught:
        _ = [event async for event in agent.reply(message, ())]
    await agent.close()
    return str(caught.value)


def of_a_row(row, said):
    """The status of a bot that is in trouble."""
    troubled = BotStatus(
        row.name, row.path, row.type, "down", error=said, pending=Pending("loud", row.path, 0.0, said)
    )
    shown = row_json(troubled)
    answer = {
        "folder": "x", "version": "1", "pid": 1, "started_at": "2026-01-01T00:00:00", "bots": [shown],
        "watch": {"degraded": False}, "reload": None,
    }  # fmt: skip
    return {
        "status --json, of trouble": json.dumps(shown),
        "status, of trouble": click.unstyle("\n".join(status.status_lines(answer, 0.0))),
    }


def changed(said):
    step = Step("update", "loud", "loud.yaml", changes=(Change("agent.body.x", said, said),))
    return report_json(ReloadReport(0.0, 0.0, (step,)))


async def test_every_output_of_a_process_hides_the_same_secrets(flow, server, monkeypatch):
    shown = {}
    for secret in SECRETS:
        files, work = await of_a_process(flow, server, monkeypatch, secret)
        outputs = [(name, text, AT_WORK) for name, text in work.items()]
        outputs += [(name, text, words) for name, text in files.items() for _, words in MISTAKES.values()]
        for name, text, sentence in outputs:
            expected = EXPECTED[len(secret)]
            if hidden(text, secret, sentence) != expected or (expected and secret in text):
                shown.setdefault(f"{name}: {sentence}", []).append(len(secret))

    assert shown == {}


# -- a case that is played


CASE = """\
agent:
  - error: {said}
cases: [{{name: it, steps: [{{say: hello, expect: {{phase: final}}}}]}}]
"""


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_the_log_of_a_case_hides_the_same_secrets(tmp_path, form):
    found = {}
    for secret in SECRETS:
        folder = Folder(tmp_path, secret)
        folder.write(
            "wrong.yaml", f"credentials: {{client_id: app, client_secret: {secret}}}\nagent: {{type: echo}}\n"
        )
        cases = folder.cases(CASE.format(said=AT_WORK.format(secret)))
        found[len(secret)] = hidden(imbot("test", cases, "--format", form), secret, AT_WORK)

    assert found == EXPECTED


# -- nothing is left out


def test_every_command_and_every_form_is_looked_at():
    shown = {*OF_FILES, "status", "reload"}
    commands = {name.split(",")[0].split()[0] for name in shown}
    with click.Context(main) as context:
        assert commands | NO_SECRETS.keys() == set(main.list_commands(context))
        for name in commands:
            for param in main.get_command(context, name).params:
                if param.name == "form":
                    forms = {f"{name} --format {form}" for form in param.type.choices if form != "text"}
                    assert forms <= shown
                if param.name == "as_json" and name not in ("status", "reload"):
                    assert f"{name} --json" in shown
