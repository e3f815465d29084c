"""The doctor against the simulator, and as people call it."""

import asyncio
import json
import os
import sys

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from imbot.cli.common import bot_file
from imbot.ops.doctor import diagnose

SECRET = "s3cret-value"
OWN_TEMPLATE = "card: {template_id: own.schema, content_key: answer}\n"
ALL = [
    "file", "network", "clock", "credentials", "stream mode", "stream gateway", "sending", "cards",
    "streaming", "template", "content key", "agent", "agent streaming",
]  # fmt: skip


async def look(flow, name="echo", **options):
    file = bot_file(name, flow.folder)
    found = {each.check: each async for each in diagnose(file, endpoint=flow.sim.url, **options)}
    assert all(each.cause for each in found.values() if each.state in ("failed", "warning"))
    assert SECRET not in repr(found)
    return found


def failed(found):
    return [name for name, each in found.items() if each.state == "failed"]


async def test_a_healthy_bot_is_found_fine_and_nobody_notices(flow):
    flow.echo()
    async with flow.up():
        (connection,) = flow.sim.connections("app-echo")

        found = await look(flow)
        await flow.ask("app-echo", "hello")

        assert list(found) == ALL
        assert {each.state for each in found.values()} == {"ok"}
        assert flow.sim.connections("app-echo") == (connection,)
        shown = [card for card in flow.sim.cards.values() if card.conversation]
        assert len(shown) == 1
        assert [message.text for message in flow.sim.messages if message.text] == ["hello"]


async def test_a_wrong_secret_is_the_only_failure(flow):
    flow.echo()
    flow.sim.add_app("app-echo", "another")

    found = await look(flow)

    assert failed(found) == ["credentials"]
    assert "credentials page" in found["credentials"].cure
    assert found["cards"].state == "not tried"
    assert found["agent"].state == "ok"


@pytest.mark.parametrize(
    ("scope", "failures"),
    [
        ("Card.Instance.Write", ["cards"]),
        ("Card.Streaming.Write", ["streaming"]),
        ("qyapi_robot_sendmsg", []),
    ],
)
async def test_a_missing_permission_is_named(flow, scope, failures):
    flow.echo()
    flow.sim.set(denied_scopes=[scope])

    found = await look(flow, ask=False)

    assert failed(found) == failures
    (told,) = [each for each in found.values() if each.cure]
    assert scope in told.cure


async def test_two_missing_permissions_are_two_failures(flow):
    flow.echo()
    flow.sim.set(denied_scopes=["Card.Instance.Write", "Card.Streaming.Write"])

    found = await look(flow, ask=False)

    assert failed(found) == ["cards", "streaming"]
    assert found["template"].state == found["content key"].state == "not tried"


async def test_a_template_of_another_app_is_told(flow):
    flow.echo(extra=OWN_TEMPLATE)
    flow.sim.set(templates=["other"])

    found = await look(flow, ask=False)

    assert failed(found) == ["template"]
    assert "card.template_id" in found["template"].cure


@pytest.mark.parametrize(("key", "failures"), [("answer", []), ("content", ["content key"])])
async def test_the_content_key_is_tried_on_its_template(flow, key, failures):
    flow.echo(extra=OWN_TEMPLATE)
    flow.sim.add_template("own", [key], markdown=True)

    assert failed(await look(flow, ask=False)) == failures


async def test_a_second_that_is_used_up_is_waited_out(flow):
    flow.echo()
    flow.sim.set(qps=1)

    assert failed(await look(flow, ask=False)) == []


async def test_a_month_that_is_used_up_is_explained_once(flow):
    flow.echo()
    flow.sim.set(monthly=0)

    found = await look(flow, ask=False)

    assert failed(found) == ["sending", "cards", "streaming"]
    assert [name for name, each in found.items() if each.cure] == ["sending"]
    assert "monthly" in found["sending"].cause


@pytest.mark.parametrize("kind", ["standard", "markdown"])
async def test_other_kinds_of_card_are_tried_with_their_own_calls(flow, kind):
    flow.write(
        "plain.yaml", flow.echo("plain").read_text().split("feedback:")[0] + f"card: {{kind: {kind}}}\n"
    )

    found = await look(flow, "plain", ask=False)

    assert failed(found) == []
    assert ("cards" in found) == (kind == "standard")
    assert "template" not in found


async def test_a_bots_name_goes_before_the_name_of_a_file(flow):
    flow.echo("first", extra="name: second\n")
    flow.echo("second", extra="name: third\n")

    assert bot_file("second", flow.folder).path.endswith("first.yaml")
    assert bot_file("first", flow.folder).path.endswith("first.yaml")
    assert bot_file(str(flow.folder / "second.yaml"), flow.folder).name == "third"


# -- agents


@pytest.fixture
async def model():
    """A server for the ``openai`` agent; ``model.answer`` is what it does."""

    async def handle(request):
        return await server.answer(request)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


def asking(flow, url, more=""):
    return flow.write(
        "llm.yaml",
        f"credentials: {{client_id: app-llm, client_secret: <<S:-{SECRET}>>}}\n"
        f"agent: {{type: openai, base_url: '{url}', model: m, api_key: '<<K:-{SECRET}>>', retries: 0}}\n"
        + more,
    )


async def test_an_agent_that_does_not_take_the_key_is_told_without_the_key(flow, model):
    async def refuse(request):
        told = {
            "message": f"Incorrect API key: {request.headers['Authorization']}",
            "code": "invalid_api_key",
        }
        return web.json_response({"error": told}, status=401)

    model.answer = refuse
    asking(flow, model.make_url("/v1"))

    found = await look(flow, "llm")

    assert failed(found) == ["agent"]
    assert "***" in found["agent"].found
    assert "key" in found["agent"].cure


async def test_an_agent_that_hangs_is_given_up_soon(flow, model):
    async def hang(_request):
        await asyncio.sleep(2)
        return web.Response()

    model.answer = hang
    asking(flow, model.make_url("/v1"), "timeouts: {first_event: 200ms}\n")

    found = await look(flow, "llm")

    assert failed(found) == ["agent"]
    assert "0.2 s" in found["agent"].found


async def test_an_address_of_something_else_is_told(flow):
    asking(flow, flow.sim.url)

    found = await look(flow, "llm")

    assert failed(found) == ["agent"]
    assert "base_url" in found["agent"].found + found["agent"].cure


async def test_a_filter_that_ends_the_answer_is_told(flow, model):
    async def filtered(_request):
        choice = {"index": 0, "message": {"content": "抱歉"}, "finish_reason": "content_filter"}
        return web.json_response({"id": "c", "choices": [choice]})

    model.answer = filtered
    asking(flow, model.make_url("/v1"))

    found = await look(flow, "llm")

    assert failed(found) == []
    assert "content filter" in found["agent"].found


async def test_an_agent_that_is_not_there_is_told(flow, unused_tcp_port_factory):
    asking(flow, f"http://127.0.0.1:{unused_tcp_port_factory()}/v1")

    found = await look(flow, "llm")

    assert failed(found) == ["agent"]
    assert "start the agent" in found["agent"].cure


# -- the command


async def call(flow, *words, **env):
    """Exit code, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "imbot", "doctor", *words, cwd=flow.folder.parent,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": flow.sim.url, **env},
    )  # fmt: skip
    out, err = await process.communicate()
    assert SECRET not in (out + err).decode()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_prints_a_line_a_check_and_a_verdict(flow):
    flow.echo()

    code, out, err = await call(flow, "echo")

    assert code == 0
    assert [line[:1] for line in out.splitlines()] == ["✔"] * len(ALL)
    assert out.splitlines()[3].split() == [
        "✔",
        "credentials",
        "DingTalk",
        "gives",
        "a",
        "token",
        "to",
        "app-echo",
    ]
    assert err == "no problems found; at most 7 of the month's calls used\n"


async def test_the_command_prints_cause_and_cure_below_what_failed(flow):
    flow.echo(extra=OWN_TEMPLATE)
    flow.sim.set(templates=["other"])

    code, out, err = await call(flow, "bots/echo.yaml", "--no-agent")

    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("✘"))
    assert code == 1
    assert "[param.templateNotExist]" in lines[at]
    assert lines[at + 1].startswith("    cause: ")
    assert lines[at + 2].startswith("    cure:  check `card.template_id`")
    assert lines[at + 3] == "- content key     not tried: needs template"
    assert "1 of 11 checks failed" in err


async def test_the_command_prints_json(flow):
    flow.echo()
    flow.sim.set(denied_scopes=["Card.Streaming.Write"])

    code, out, err = await call(flow, "echo", "--no-agent", "--json")
    report = json.loads(out)

    assert (code, err) == (1, "")
    assert {key: report[key] for key in ("bot", "path", "ok", "calls")} == {
        "bot": "echo", "path": "bots/echo.yaml", "ok": False, "calls": 6,
    }  # fmt: skip
    assert [each["check"] for each in report["checks"]] == ALL[:-2]
    assert {each["state"] for each in report["checks"]} == {"ok", "failed", "not tried"}


async def test_the_command_hides_a_secret_that_the_platform_repeats(flow):
    flow.echo()
    flow.sim.fail("accessToken", 400, {"code": "MissingappKey", "message": "x"})
    flow.sim.fail("accessToken", 400, {"code": "invalidClientIdOrSecret", "message": f"{SECRET} is wrong"})

    code, out, _ = await call(flow, "echo", "--no-agent")

    assert code == 1
    assert "*** is wrong" in out


async def test_the_command_tells_a_broken_file_by_its_place(flow):
    flow.echo(extra="throttel: {}\n")

    code, out, _ = await call(flow, "echo")

    assert code == 1
    assert "bots/echo.yaml:7:1" in out
    assert "- platform" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ecko"], "did you mean echo?"),
        (["other/echo.yaml"], "other"),
        (["bots/nobody.yaml"], "there is no file bots/nobody.yaml"),
        (["echo", "--bots", "elsewhere"], "elsewhere"),
        (["a", "b", "c"], "one bot at a time"),
    ],
)
async def test_wrong_use_ends_with_two(flow, words, told):
    flow.echo()

    code, out, err = await call(flow, *words)

    assert (code, out) == (2, "")
    assert told in err
