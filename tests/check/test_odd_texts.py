"""Every text that the schemas know, with an odd end: a located problem of its file, or a bot that works; never an exception.

Each bot of a folder has one odd text. It is written into the file, comes from a variable or from a secret
file, and stands in the bot's own file or in the defaults. What is accepted is also used: the agent is asked,
the gateway opened.
"""

import asyncio
import json
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from botfolder import write
from fakes import message

from imbot.behaviour import prepare
from imbot.check.check import check
from imbot.config import schema
from imbot.config.loader import Loader
from imbot.errors import START, AgentError, ConfigError, PlatformError
from imbot.platforms import open_gateway
from imbot.problems.sources import Sources

ENDS = {
    "a line break": "\n",
    "a line break of Windows": "\r\n",
    "a NUL": "\0",
    "half a pair": "\ud800",
    "an escape": "\x1b",
    "10,000 characters": "x" * 10_000,
}
WAYS = ("literal", "variable", "file")
AGENTS = {
    "echo": {},
    "faq": {"knowledge": "knowledge"},
    "openai": {"base_url": "http://127.0.0.1:9/v1", "model": "m", "retries": 0},
    "python": {"target": "os:getcwd"},
}
ANY = "own"  # a key where every key is allowed
KEY = None  # the key itself is odd


def places(node, at=()):
    """The path of every text in a schema; 0 stands for the item of a list."""
    kinds = node.get("type", ())
    other = node.get("additionalProperties")
    if "string" in kinds or "enum" in node or "const" in node:
        yield at, node
    for key, inner in node.get("properties", {}).items():
        yield from places(inner, (*at, key))
    if isinstance(other, dict):
        yield from places(other, (*at, ANY))
    if "object" in kinds and other is not False:
        yield (*at, KEY), {}
        yield from [] if isinstance(other, dict) else [((*at, ANY), {})]
    if "items" in node:
        yield from places(node["items"], (*at, 0))


def every_place():
    """Every text of every schema: its path in a bot file, an example, and the agent and kind it belongs to."""
    for at, node in places(schema.source("bot")):
        if at[0] not in ("agent", "credentials"):
            yield at, node, "echo", "ai"
    for name in schema.names("types"):
        yield from (
            (("credentials", *at), node, "echo", "ai") for at, node in places(schema.source(f"types/{name}"))
        )
    for name in schema.names("agents"):
        yield from (
            (("agent", *at), node, name, "ai") for at, node in places(schema.source(f"agents/{name}"))
        )
    for name in schema.names("cards"):
        found = places(schema.source(f"cards/{name}"))
        yield from ((("card", "templates", "final", *at), node, "echo", name) for at, node in found)


def example(node):
    found = [*node.get("enum", ()), *node.get("examples", ()), "x"]
    return next(each for each in found if isinstance(each, str) and "<<" not in each)


def put(value, at, odd):
    """Put a text at a path, with the mappings and lists above it."""
    *parents, last = at
    for key, below in zip(parents, at[1:], strict=True):
        empty = [] if below == 0 else {}
        if isinstance(value, list):
            value.append(empty)
            value = value[0]
        else:
            value = value.setdefault(key, empty)
    if isinstance(value, list):
        value.append(odd)
    elif last is KEY:
        value[odd] = "x"
    else:
        value[last] = odd


def odd_bots(end, way):
    """Bot files with one odd text each, by name, the variables and secret files they use, and the places."""
    files, environ, found = {"knowledge/a.md": "# q\na\n"}, {}, {}
    for number, (at, node, agent, kind) in enumerate(every_place()):
        odd = end if len(end) > 2 else example(node) + end
        if way == "variable":
            environ[f"V{number}"], written = odd, f"<<V{number}>>"
        elif way == "file":
            files[f"secret{number}"], written = (
                odd.encode("utf-8", "surrogatepass"),
                f"<<file:secret{number}>>",
            )
        else:
            written = odd
        value = {"credentials": {"client_id": f"ding{number}", "client_secret": "s3cr3t-value"}}
        value |= {"agent": {"type": agent, **AGENTS[agent]}, "card": {"kind": kind}}
        if at[0] == "feedback":
            value["feedback"] = {"buttons": [{"label": "l", "rating": "r"}]}
        if at[:2] == ("feedback", "buttons"):
            value["feedback"]["buttons"][0][at[-1]] = written
        else:
            put(value, at, written)
        files[f"b{number}.yaml"] = json.dumps(value)
        found[f"b{number}"] = at
    return files, environ, found


async def use(spec, url):
    """Do what a running bot does with its values; only the errors that have a name may come of it."""
    behaviour = prepare(spec)
    agent = behaviour.agent
    if spec.agent.type == "openai" and url:
        agent._url = agent._url.replace("http://127.0.0.1:9/v1", url)
        with suppress(AgentError):  # the server may refuse what is too long
            assert [event async for event in agent.reply(message(), [])]
    await agent.close()
    gateway = open_gateway(spec.type, spec.credentials, "http://127.0.0.1:9")
    try:
        await gateway.prove(spec.credentials)
    except PlatformError:
        pass
    finally:
        await gateway.close()


async def answered(request):
    await request.read()
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    return web.json_response({"choices": [choice]})


async def use_all(files):
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answered)
    async with TestServer(app) as server:
        for file in files:
            with suppress(ConfigError):
                await use(file.spec, str(server.make_url("/v1")))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("end", ENDS)
def test_an_odd_text_is_a_problem_of_its_file_or_works(end, way, tmp_path):
    files, environ, found = odd_bots(ENDS[end], way)
    folder = write(tmp_path / "bots", files)

    loaded = Loader(folder, environ=environ).load().files

    assert len(loaded) == len(found)
    for each in loaded:
        assert {problem.code for problem in each.problems}.isdisjoint({"file.defect", "bot.defect"}), (
            each.problems
        )
        assert (each.spec is None) == any(problem.severity == "error" for problem in each.problems)
        assert all(problem.path.startswith(str(folder)) for problem in each.problems)
    asyncio.run(use_all(each for each in loaded if each.spec))


@pytest.mark.parametrize("end", ENDS)
def test_an_odd_text_in_the_defaults_is_a_problem_of_theirs_or_works(end, tmp_path):
    own = '{"credentials": {"client_id": "i", "client_secret": "s3cr3t-value"}, "agent": {"type": "echo"}}'
    files, _, found = odd_bots(ENDS[end], "literal")
    for name, at in found.items():
        if at[0] in schema.own_keys():
            continue
        value = json.loads(files[f"{name}.yaml"])
        del value["credentials"]
        folder = write(
            tmp_path / name,
            {"_defaults.yaml": json.dumps(value), "a.yaml": own, "knowledge/a.md": "# q\na\n"},
        )

        (bot,) = Loader(folder, environ={}).load().files

        assert not any(each.code == "file.defect" for each in bot.problems), (at, bot.problems)


@pytest.mark.parametrize("end", ["a line break", "a NUL", "10,000 characters"])
def test_check_reports_each_at_its_place(end, tmp_path):
    files, _, found = odd_bots(ENDS[end], "literal")
    folder = write(tmp_path / "bots", files)

    report = check([folder], Sources())

    told = {each.path for each in report.problems if each.severity == "error"}
    assert told | {each.path for each in report.bots} == {str(folder / f"{name}.yaml") for name in found}
    assert not [each for each in report.problems if each.code.endswith(".defect")]


ONE_LINE = [
    ("throttle", "interval"),
    ("timeouts", "idle"),
    ("agent", "api_key"),
    ("agent", "base_url"),
    ("agent", "model"),
    ("agent", "headers", ANY),
    ("credentials", "client_id"),
    ("credentials", "client_secret"),
    ("credentials", "robot_code"),
    ("access", "users", 0),
    ("commands", "help", 0),
]


@pytest.mark.parametrize("way", ["literal", "variable"])
@pytest.mark.parametrize("at", ONE_LINE, ids=str)
def test_a_line_break_at_the_end_is_named(at, way, tmp_path):
    files, environ, found = odd_bots("\n", way)
    name = next(name for name, place in found.items() if place == at)
    folder = write(tmp_path / "bots", {"a.yaml": files[f"{name}.yaml"]})

    (bot,) = Loader(folder, environ=environ).load().files

    (problem,) = bot.problems
    assert (problem.code, problem.pointer) == ("schema.pattern", "/" + "/".join(map(str, at)))
    assert "ends with a line break" in problem.message
    assert (problem.line, problem.column) != (START.line, START.column)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_one_line_break_at_the_end_of_a_secret_file_is_cut(ending, tmp_path):
    secrets = {"secret": f"s3cr3t-value{ending}".encode()}
    text = "credentials: {client_id: d, client_secret: <<file:secret>>}\nagent: {type: echo}\n"
    folder = write(tmp_path / "bots", {"a.yaml": text, **secrets})

    (bot,) = Loader(folder, environ={}).load().files

    assert bot.spec.credentials["client_secret"].reveal() == "s3cr3t-value"


@pytest.mark.parametrize(
    "host",
    ["a..b", "a" * 64, ".h", "h|", "[::1]x", "h\\x", "1.2.3.4.5", "h\u200b.cn", "*", ":80", "%00"],
)
def test_an_address_that_no_host_can_have_is_found_before_anyone_asks(host, tmp_path):
    agent = {"type": "openai", "base_url": f"http://{host}/v1", "model": "m"}
    value = {"credentials": {"client_id": "d", "client_secret": "<<S:-none>>"}, "agent": agent}
    folder = write(tmp_path / "bots", {"a.yaml": json.dumps(value)})

    (problem,) = check([folder], Sources()).problems

    assert (problem.code, problem.pointer) in (
        ("agent.base-url", "/agent/base_url"),
        ("schema.pattern", "/agent/base_url"),
    )


@pytest.mark.parametrize(
    "host", ["localhost", "my_host.cn:8000", "h.", "127.0.0.1:1", "[::1]:8000", "例子.cn", "0x7f.1"]
)
def test_every_address_that_a_host_can_have_is_accepted(host, tmp_path):
    agent = {"type": "openai", "base_url": f"http://{host}/v1", "model": "m"}
    value = {"credentials": {"client_id": "d", "client_secret": "<<S:-none>>"}, "agent": agent}
    folder = write(tmp_path / "bots", {"a.yaml": json.dumps(value)})

    assert check([folder], Sources()).problems == ()
