"""The floor: bare websockets, one pooled HTTP session, the same calls as imbot, and nothing else.

``python benchmarks/systems/floor.py PREFIX COUNT``: COUNT apps in one process, acks at once, no journal, no
templates, no retries, no order, no reconnecting. What is faster than this in Python is another library.
"""

import asyncio
import json
import os
import sys
import time
import uuid

import aiohttp
import websockets

PLATFORM = os.environ["DINGTALK_OPENAPI_ENDPOINT"]
AGENT = os.environ["AGENT_URL"]
SECRET = os.environ["APP_SECRET"]
TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
ORDER = json.dumps({"order": ["msgTitle", "msgContent"]})
MAX_UPDATES = 19
ACK_DATA = '{"response":null}'


class App:
    """One app: its connection, its token, its answers."""

    def __init__(self, http, tasks, client_id):
        self.http = http
        self.tasks = tasks
        self.client_id = client_id
        self.headers = None

    async def call(self, method, path, body):
        url = f"{PLATFORM}/v1.0/card/{path}"
        async with self.http.request(method, url, json=body, headers=self.headers) as response:
            answer = await response.json()
            if response.status != 200:
                raise RuntimeError(answer)

    async def run(self):
        body = {
            "clientId": self.client_id,
            "clientSecret": SECRET,
            "subscriptions": [{"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}],
        }
        async with self.http.post(f"{PLATFORM}/v1.0/gateway/connections/open", json=body) as response:
            opened = await response.json()
        url = f"{opened['endpoint']}?ticket={opened['ticket']}"
        async with websockets.connect(url, compression=None) as socket:
            async for text in socket:
                frame = json.loads(text)
                headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
                ack = {"code": 200, "message": "OK", "headers": headers, "data": frame["data"]}
                if frame["type"] == "CALLBACK":
                    ack["data"] = ACK_DATA
                    self.tasks.create_task(self.answer(json.loads(frame["data"])))
                await socket.send(json.dumps(ack))

    async def answer(self, message):
        if self.headers is None:
            body = {"appKey": self.client_id, "appSecret": SECRET}
            async with self.http.post(f"{PLATFORM}/v1.0/oauth2/accessToken", json=body) as response:
                self.headers = {"x-acs-dingtalk-access-token": (await response.json())["accessToken"]}
        card = Card(self, message)
        question = message["text"]["content"]
        creating = asyncio.create_task(card.create())
        await asyncio.sleep(0)  # the card's call leaves before the agent's
        text = ""
        async for piece in answer_of(self.http, question):
            text += piece
            card.grow(text)
        await creating
        await card.finish(text)


class Card:
    """One card, updated when a second and a third of its age have passed since it last was."""

    def __init__(self, app, message):
        self.app = app
        self.message = message
        self.id = uuid.uuid4().hex
        self.began = self.shown = time.monotonic()
        self.created = False
        self.updates = 0
        self.updating = None

    async def create(self):
        user = self.message["senderStaffId"]
        await self.app.call(
            "POST",
            "instances/createAndDeliver",
            {
                "cardTemplateId": TEMPLATE,
                "outTrackId": self.id,
                "callbackType": "STREAM",
                "cardData": {"cardParamMap": {"flowStatus": "1", "msgTitle": "…"}},
                "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
                "imRobotOpenSpaceModel": {"supportForward": True},
                "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self.app.client_id},
                "userIdType": 1,
            },
        )
        self.created = True

    def grow(self, text):
        now = time.monotonic()
        gap = max(1.0, (now - self.began) / 3)
        if (
            self.created
            and self.updates < MAX_UPDATES
            and now - self.shown >= gap
            and (self.updating is None or self.updating.done())
        ):
            self.shown = now
            self.updates += 1
            self.updating = asyncio.create_task(self.update(text))

    async def update(self, text):
        if self.updates == 1:
            await self.put(text, "2")
            return
        body = {
            "outTrackId": self.id,
            "guid": uuid.uuid4().hex,
            "key": "msgContent",
            "content": text,
            "isFull": True,
            "isFinalize": False,
        }
        await self.app.call("PUT", "streaming", body)

    async def finish(self, text):
        if self.updating:
            await self.updating
        await self.put(text, "3")

    async def put(self, text, flow):
        data = {"flowStatus": flow, "msgTitle": "…", "msgContent": text, "sys_full_json_obj": ORDER}
        body = {
            "outTrackId": self.id,
            "cardData": {"cardParamMap": data},
            "cardUpdateOptions": {"updateCardDataByKey": True},
        }
        await self.app.call("PUT", "instances", body)


async def answer_of(http, question):
    body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": question}]}
    async with http.post(f"{AGENT}/v1/chat/completions", json=body) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])["choices"][0]["delta"].get("content", "")


async def main(prefix, count):
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout()) as http,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(int(count)):
            tasks.create_task(App(http, tasks, f"{prefix}-{number}").run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
