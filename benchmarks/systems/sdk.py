"""What a competent person writes today: the SDK's connection, its async AI card calls, an async agent client.

``python benchmarks/systems/sdk.py PREFIX COUNT [POLICY]``: COUNT apps in one process, one event loop. The
message is acked before the work, the card follows the SDK's own order of calls (start, inputing, streaming,
finish). POLICY says when a card is updated: ``second`` (once a second at most, the default), ``bucket`` (every
800 ms at most, all calls of the app through a bucket of 20 tokens a second: starts and ends wait for one, an
update that finds none is dropped) or ``eighth`` (at every 8th chunk).
"""

import asyncio
import json
import os
import sys
import time

import aiohttp
from dingtalk_stream import AckMessage, ChatbotHandler, ChatbotMessage, Credential, DingTalkStreamClient
from dingtalk_stream.card_replier import AICardReplier, AICardStatus

AGENT = os.environ["AGENT_URL"]
SECRET = os.environ["APP_SECRET"]
TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
ORDER = json.dumps({"order": ["msgTitle", "msgContent"]})


class Every:
    """An update when so many seconds have passed and so many chunks have come; one for each answer."""

    def __init__(self, seconds, chunks):
        self.seconds = seconds
        self.chunks = chunks
        self.shown = time.monotonic()
        self.waiting = 0

    def due(self):
        self.waiting += 1
        now = time.monotonic()
        if now - self.shown < self.seconds or self.waiting < self.chunks:
            return False
        self.shown, self.waiting = now, 0
        return True


class Bucket:
    """The calls an app may make: as many a second as it holds, saved up while it makes none."""

    def __init__(self, size):
        self.size = self.tokens = size
        self.at = time.monotonic()

    def take(self):
        now = time.monotonic()
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.size)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    async def wait(self):
        if not self.take():
            self.tokens -= 1  # who comes next waits longer
            await asyncio.sleep(-self.tokens / self.size)


# By policy: the least seconds and chunks between a card's updates, calls a second of the app.
POLICIES = {"second": (1, 1, 1e9), "bucket": (0.8, 1, 20), "eighth": (0, 8, 1e9)}


class Handler(ChatbotHandler):
    def __init__(self, http, policy):
        super().__init__()
        self.http = http
        self.seconds, self.chunks, calls = POLICIES[policy]
        self.bucket = Bucket(calls)
        self.tasks = set()

    async def process(self, callback):
        message = ChatbotMessage.from_dict(callback.data)
        task = asyncio.create_task(self.answer(message))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return AckMessage.STATUS_OK, "OK"

    async def answer(self, message):
        replier = AICardReplier(self.dingtalk_client, message)
        card = await self.started(replier)
        text, every, inputing = "", Every(self.seconds, self.chunks), False
        async for piece in answer_of(self.http, message.text.content):
            text += piece
            if not every.due() or not self.bucket.take():
                continue
            if not inputing:
                await replier.async_put_card_data(card, data(text, AICardStatus.INPUTING))
                inputing = True
            await replier.async_streaming(
                card, "msgContent", text, append=False, finished=False, failed=False
            )
        await self.bucket.wait()
        await replier.async_finish(card, data(text, AICardStatus.FINISHED))

    async def started(self, replier):
        """A card, with two more tries: this call is the only one that tells whether it failed."""
        for _ in range(2):
            await self.bucket.wait()
            if card := await replier.async_start(TEMPLATE, {}):
                return card
            await asyncio.sleep(1)
        await self.bucket.wait()
        return await replier.async_start(TEMPLATE, {})


def data(text, status):
    return {"flowStatus": status, "msgTitle": "…", "msgContent": text, "sys_full_json_obj": ORDER}


async def answer_of(http, question):
    body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": question}]}
    async with http.post(f"{AGENT}/v1/chat/completions", json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])["choices"][0]["delta"].get("content", "")


async def main(prefix, count, policy="second"):
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as http,
        asyncio.TaskGroup() as clients,
    ):
        for number in range(int(count)):
            client = DingTalkStreamClient(Credential(f"{prefix}-{number}", SECRET))
            client.register_callback_handler(ChatbotMessage.TOPIC, Handler(http, policy))
            clients.create_task(client.start())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
