"""What a competent person writes today: the SDK's connection, its async AI card calls, an async agent client.

``python benchmarks/systems/sdk.py PREFIX COUNT [PACE]``: COUNT apps in one process, one event loop. The
message is acked before the work, the card follows the SDK's own order of calls (start, inputing, streaming,
finish). PACE is ``second`` (an update a second at most, the default) or ``fixed`` (every 2 s or 5 chunks, 20
at most).
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


class Second:
    """An update a second."""

    def __init__(self):
        self.shown = time.monotonic()

    def due(self):
        now = time.monotonic()
        if now - self.shown < 1:
            return False
        self.shown = now
        return True


class Fixed:
    """An update every 2 s or 5 chunks, 20 at most with the last."""

    def __init__(self):
        self.shown = time.monotonic()
        self.chunks = self.updates = 0

    def due(self):
        self.chunks += 1
        now = time.monotonic()
        if self.updates >= 19 or (now - self.shown < 2 and self.chunks < 5):
            return False
        self.shown, self.chunks = now, 0
        self.updates += 1
        return True


class Handler(ChatbotHandler):
    def __init__(self, http, pace):
        super().__init__()
        self.http = http
        self.pace = pace
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
        text, pace, inputing = "", self.pace(), False
        async for piece in answer_of(self.http, message.text.content):
            text += piece
            if not pace.due():
                continue
            if not inputing:
                await replier.async_put_card_data(card, data(text, AICardStatus.INPUTING))
                inputing = True
            await replier.async_streaming(
                card, "msgContent", text, append=False, finished=False, failed=False
            )
        await replier.async_finish(card, data(text, AICardStatus.FINISHED))

    async def started(self, replier):
        """A card, with two more tries: this call is the only one that tells whether it failed."""
        for _ in range(2):
            if card := await replier.async_start(TEMPLATE, {}):
                return card
            await asyncio.sleep(1)
        return await replier.async_start(TEMPLATE, {})


def data(text, status):
    return {"flowStatus": status, "msgTitle": "…", "msgContent": text, "sys_full_json_obj": ORDER}


async def answer_of(http, question):
    body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": question}]}
    async with http.post(f"{AGENT}/v1/chat/completions", json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])["choices"][0]["delta"].get("content", "")


async def main(prefix, count, pace="second"):
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as http,
        asyncio.TaskGroup() as clients,
    ):
        for number in range(int(count)):
            client = DingTalkStreamClient(Credential(f"{prefix}-{number}", SECRET))
            handler = Handler(http, {"second": Second, "fixed": Fixed}[pace])
            client.register_callback_handler(ChatbotMessage.TOPIC, handler)
            clients.create_task(client.start())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
