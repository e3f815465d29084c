"""Many people at once, rude messages, hostile agents: each costs its own turn only, over real sockets."""

import asyncio
import contextlib
import itertools
import json
import time

import pytest
from aiohttp import web

from imbot.text.markdown import size

EVENT = 'data: {{"choices": [{{"index": 0, "delta": {{"{key}": {text}}}}}]}}\n\n'
END = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


def said(text, key="content"):
    """One event of a stream that says a text."""
    return EVENT.format(key=key, text=json.dumps(text)).encode()


class HostileAgent:
    """An OpenAI-compatible server that does to each question what the question's first word says."""

    def __init__(self):
        self.open = 0

    @contextlib.asynccontextmanager
    async def up(self):
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/v1"
        finally:
            await runner.cleanup()

    async def answer(self, request):
        asked = (await request.json())["messages"][-1]["content"].split()[0]
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.open += 1
        try:
            async for piece in getattr(self, asked)():
                await response.write(piece)
        except ConnectionError:  # whoever asked has heard enough
            pass
        finally:
            self.open -= 1
        return response

    async def polite(self):
        yield said("您好，") + said("我在。") + END.encode()

    async def endless(self):
        for number in itertools.count():
            yield said(f"第 {number} 句废话。\n\n" * 20)

    async def huge(self):
        yield said("x" * 1_000_000) + END.encode()

    async def broken(self):
        yield b'data: {"choices": [{"index": 0, "delta": {"content": "caf\xff\xfe"}}]}\n\n'
        yield said("\ud83d") + said("\ude00\ud800.") + END.encode()

    async def open_ended(self):
        yield said("half an answer")
        while True:
            await asyncio.sleep(0.1)
            yield b": still here\n\n"

    async def tiny(self):
        while True:
            yield said("") * 500

    async def mute(self):
        while True:
            yield b":\n" * 50_000

    async def thinks(self):
        while True:
            yield said("hmm " * 5_000, "reasoning_content")

    async def long(self):
        rows = "\n".join(f"| {n} | {'格子' * 20} |" for n in range(200))
        code = "\n".join(f"value_{n} = compute({n})" for n in range(600))
        yield said(f"开头\n| a | b |\n|---|---|\n{rows}\n\n```python\n{code}\n```\n结尾") + END.encode()


BOT = """
credentials: {{client_id: app-rude, client_secret: s3cret-value}}
agent: {{type: openai, base_url: "{url}", model: m, retries: 0}}
timeouts: {{first_event: 3s, idle: 3s, total: 10s}}
{more}
"""


@contextlib.asynccontextmanager
async def hostile(flow, more=""):
    """A bot with a hostile agent, running."""
    agent = HostileAgent()
    async with agent.up() as url:
        flow.write("rude.yaml", BOT.format(url=url, more=more))
        async with flow.up():
            yield agent


class Lag:
    """The longest time the event loop of this process was held up."""

    async def __aenter__(self):
        self.worst_s = 0.0
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_):
        self._task.cancel()

    async def _watch(self):
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.005)
            # Time this thread did not get from the machine is not the program's.
            self.worst_s = max(self.worst_s, time.thread_time() - began)


async def ended(flow, app, user, text):
    """Say something; the card that answers it, when it has ended."""
    card = await flow.card_for(app, user, text)
    await flow.until(lambda: card.data.get("flowStatus") in ("3", "5"), within_s=20)
    return card


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("endless", "3", "先说到这里"),
        ("huge", "3", "先说到这里"),
        ("broken", "3", "caf\ufffd\ufffd😀\ufffd."),
        ("open_ended", "5", "half an answer"),
        ("tiny", "5", "抱歉"),
        ("mute", "5", "抱歉"),
        ("thinks", "5", "抱歉"),
    ],
)
async def test_a_hostile_agent_costs_its_own_turn_and_no_more(flow, what, status, words):
    async with hostile(flow, "limits: {answer_chars: 20000}") as agent, Lag() as lag:
        rude = asyncio.create_task(ended(flow, "app-rude", "u-lilei", what))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        polite = await ended(flow, "app-rude", "u-hanmeimei", "polite")
        assert time.monotonic() - began < 10
        card = await rude
        await flow.until(lambda: agent.open == 0)
    assert "您好，我在。" in polite.data["msgContent"]
    assert card.data["flowStatus"] == status
    assert words in card.data["msgContent"]
    assert lag.worst_s < 0.5  # below 0.1 s on an idle machine


async def test_a_long_answer_goes_on_in_messages_and_nothing_is_lost(flow):
    async with hostile(flow):
        card = await ended(flow, "app-rude", "u-lilei", "long")
        await flow.until(lambda: flow.said("结尾"))
    rest = [m.text for m in flow.sim.messages if m.sender is None and m.text != card.data["msgContent"]]
    parts = [card.data["msgContent"], *rest]
    whole = "\n".join(parts)
    assert "余下部分见下面" in parts[0]
    assert all(f"| {n} |" in whole for n in range(200))
    assert all(f"value_{n} = " in whole for n in range(600))
    assert all(part.count("```") % 2 == 0 for part in parts)
    assert all(size(part) <= 15_000 for part in parts)


async def test_a_platform_that_takes_less_is_heeded(flow):
    flow.sim.set(stream_max=4_000)
    async with hostile(flow, "card: {template_id: mine, content_key: content}"):
        card = await flow.card_for("app-rude", "u-lilei", "long")
        await flow.until(lambda: flow.said("结尾"), within_s=20)
    assert size(card.data["content"]) <= 4_000
    whole = card.data["content"] + "".join(m.text for m in flow.sim.messages if m.sender is None)
    assert all(f"value_{n} = " in whole for n in range(600))


async def test_a_crowd_is_answered_and_who_finds_no_place_is_told_so(flow):
    flow.echo(delay="1s", extra="limits: {per_user: 1, per_bot: 10, queue: 20}\n")
    people = [flow.sim.add_user(f"u-{number}", f"第 {number} 位").id for number in range(50)]
    async with flow.up():
        await asyncio.gather(*(flow.sim.say("app-echo", person, "hi") for person in people))
        await flow.until(lambda: len(flow.said("忙不过来")) == 20)
        await flow.until(lambda: flow.row("echo").turns_running == 0, within_s=20)
    cards = flow.cards("app-echo")
    assert [card.data["flowStatus"] for card in cards] == ["3"] * 30


async def test_nobody_but_those_who_may_is_answered(flow):
    flow.echo(extra="access: {users: [u-lilei], admins: [u-alex]}\n")
    async with flow.up():
        assert "hi" in (await flow.ask("app-echo", "hi")).data["msgContent"]
        assert "hi" in (await flow.ask("app-echo", "hi", user="u-alex")).data["msgContent"]
        await flow.sim.say("app-echo", "u-hanmeimei", "hi", group=True)
        await flow.until(lambda: len(flow.said("没有对您开放")) == 1)
        await flow.sim.say("app-echo", "u-hanmeimei", "/help", group=True)
        await flow.sim.say("app-echo", "u-hanmeimei", "hi")
        await flow.until(lambda: len(flow.said("没有对您开放")) == 2)
        await flow.until(lambda: flow.row("echo").turns_running == 0)
    assert len(flow.cards("app-echo")) == 2
    assert len(flow.said("没有对您开放")) == 2


async def test_help_lists_the_words_the_bot_understands(flow):
    flow.echo(extra="commands: {new: [清空, /clear], stop: []}\n")
    async with flow.up():
        await flow.sim.say("app-echo", "u-lilei", "/help")
        (told,) = await flow.until(lambda: flow.said("您好"))
    assert all(word in told.text for word in ("`清空`", "`/clear`", "`/help`", "`帮助`"))
    assert "停止" not in told.text


RUDE = {
    "too long": "长" * 20_001,
    "as long as can be": "长" * 20_000,
    "control characters": "a\x00b\x1b[2J\x07\u200b\ufeffc",
    "lone surrogates": "a \ud800 b \udfff",
    "right to left": "שלום \u202eevil\u202c مرحبا",
    "mentions": "@someone " * 5_000,
    "markdown": "```\n" * 1_000 + "| a |\n|---|\n" * 500,
    "templates": "{{ 7*7 }} {% raw %} <<SECRET>> ${x}",
    "emoji": "👨‍👩‍👧" * 1_000,
}


@pytest.mark.parametrize("text", RUDE.values(), ids=RUDE)
async def test_a_rude_message_breaks_nothing(flow, text):
    layout = 'card: {templates: {final: {msgTitle: "{{ question }}", msgContent: "{{ answer }}"}}}\n'
    flow.echo(delay="1ms", extra=layout)
    async with flow.up():
        await flow.sim.say("app-echo", "u-lilei", text)
        await flow.sim.say("app-echo", "u-alex", "fine")
        await flow.until(lambda: any(c.data["msgContent"] == "fine" for c in flow.cards("app-echo")))
        await flow.until(lambda: flow.row("echo").turns_running == 0, within_s=20)
    cards = [card for card in flow.cards("app-echo") if card.data["msgContent"] != "fine"]
    assert [card.data["flowStatus"] for card in cards] == ([] if len(text) > 20_000 else ["3"])
    assert bool(flow.said("最多能读 20000 个字")) is (len(text) > 20_000)
    assert all(size(value) <= 15_000 for card in cards for value in card.data.values())
