"""A bot whose agent refuses every question is shown as failing, over real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web
from click.testing import CliRunner

from imbot.cli import main
from imbot.ops.address import AdminAddress, AdminSettings, Beacon

BOT = """
credentials: {{client_id: app-a, client_secret: s3cret-value}}
agent: {{type: openai, base_url: '{url}/v1', api_key: {key}, model: m, retries: 0}}
"""
KEYS = ("wrong-key-1", "right-key-1")


async def complete(request):
    if request.headers["Authorization"] != f"Bearer {KEYS[1]}":
        error = {"message": f"Incorrect API key provided: {KEYS[0]}", "code": "invalid_api_key"}
        return web.json_response({"error": error}, status=401)
    chunk = {"choices": [{"delta": {"content": "hello"}, "finish_reason": "stop"}]}
    chunk["usage"] = {"prompt_tokens": 12, "completion_tokens": 2}
    return web.Response(
        text=f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n", content_type="text/event-stream"
    )


@asynccontextmanager
async def agent():
    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def url():
    async with agent() as url:
        yield url


def admin_file(flow):
    return flow.folder.parent / ".imbot/admin.json"


async def imbot(flow, *words):
    return await asyncio.to_thread(CliRunner().invoke, main, (words[0], str(flow.folder), *words[1:]))


async def asked(flow, times):
    for _ in range(times):
        await flow.ask("app-a", "hi")
    await flow.until(lambda: not flow.row("a").turns_running)


async def metrics(flow):
    address = Beacon.read(admin_file(flow)).address
    async with ClientSession() as http, http.get(f"http://{address}/metrics") as answer:
        return await answer.text()


async def test_a_bot_whose_agent_refuses_every_question_is_failing_until_it_answers(flow, url, caplog):
    flow.write("a.yaml", BOT.format(url=url, key=KEYS[0]))
    async with flow.up(admin=AdminSettings(AdminAddress("127.0.0.1", 0), admin_file(flow))):
        await asked(flow, 2)
        early = (await imbot(flow, "status", "--fail")).exit_code
        await asked(flow, 1)
        text, strict = await imbot(flow, "status"), await imbot(flow, "status", "--fail")
        status = json.loads((await imbot(flow, "status", "--json")).stdout)
        reload, numbers = await imbot(flow, "reload"), await metrics(flow)

        flow.write("a.yaml", BOT.format(url=url, key=KEYS[0]) + "title: Other\n")
        await flow.until(lambda: flow.row("a").generation == 2)
        after_edit = flow.row("a").failing
        flow.write("a.yaml", BOT.format(url=url, key=KEYS[1]))
        await flow.until(lambda: flow.row("a").generation == 3)
        after_key = flow.row("a").failing
        await asked(flow, 3)
        mended = (await imbot(flow, "status", "--fail")).exit_code
        tokens = json.loads((await imbot(flow, "status", "--json")).stdout)["bots"][0]["tokens"]
        counted = await metrics(flow)

    (bot,) = status["bots"]
    assert early == 0, "two answers are too few to tell"
    assert (bot["state"], bot["failing"]["answers"]) == ("running", 3)
    assert bot["failing"]["since"].startswith("20")
    assert "Incorrect API key provided: ***" in bot["failing"]["error"]
    assert bot["failing"]["cause"] == "the agent does not accept the key"
    assert "`agent.api_key`" in bot["failing"]["cure"]
    assert (text.exit_code, strict.exit_code) == (0, 1)
    assert "failing since " in text.output
    assert "cure:  check `agent.api_key` in the bot file" in text.output
    assert "1 bot: 1 running, 1 failing" in text.output
    assert reload.exit_code == 0
    assert "failing   a" in reload.output
    assert "[agent.failing]" in reload.output
    assert "1 failing" in reload.output
    assert 'imbot_bot_failing{bot="a"} 1.0' in numbers
    assert after_edit, "an edit that leaves the agent as it is mends nothing"
    assert after_key is None
    assert mended == 0
    assert tokens == {"prompt": 36, "completion": 6}
    assert 'imbot_agent_tokens_total{bot="a",kind="prompt"} 36.0' in counted
    assert KEYS[0] not in caplog.text + text.output + reload.output + json.dumps(status)


async def test_the_log_of_a_failed_answer_names_the_conversation_cause_and_cure(flow, url, caplog):
    flow.write("a.yaml", BOT.format(url=url, key=KEYS[0]))
    async with flow.up():
        await flow.ask("app-a", "a very private question")

    (line,) = [each.getMessage() for each in caplog.records if "agent openai failed" in each.getMessage()]
    assert line.startswith("a: turn ")
    assert f"of conversation {flow.sim.messages[0].conversation}:" in line
    assert "cause: the agent does not accept the key; cure: check `agent.api_key`" in line
    assert "private" not in caplog.text
