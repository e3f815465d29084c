"""A platform that says what the test scripts, on a real socket."""

import asyncio
import json
from collections import deque
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from imbot.platforms.dingtalk.openapi import Credentials, OpenApi
from imbot.platforms.dingtalk.times import Times
from imbot.spec import Secret

QUICK = Times(
    ack_s=0.05,
    answer_s=0.05,
    heartbeat_s=0.1,
    close_s=0.1,
    retry_first_s=0.02,
    retry_cap_s=0.1,
    refused_first_s=5.0,
    refused_cap_s=5.0,
    stable_s=10.0,
)

OK = {
    "/v1.0/oauth2/accessToken": {"accessToken": "token-1", "expireIn": 7200},
    "/v1.0/card/instances/createAndDeliver": {
        "success": True,
        "result": {"outTrackId": "c", "deliverResults": [{"success": True}]},
    },
    "/v1.0/robot/oToMessages/batchSend": {"processQueryKey": "q", "invalidStaffIdList": []},
    "/v1.0/robot/groupMessages/send": {"processQueryKey": "q"},
    "/robot/sendBySession": {"errcode": 0, "errmsg": "ok"},
}


class Platform:
    """Records each request as ``(method path, body, headers)``; answers from ``script`` first."""

    def __init__(self):
        self.requests = []
        self.script = {}  # path -> answers to come: (status, body) or a coroutine function
        self.sockets = []
        self.received = asyncio.Queue()  # (index of the socket, parsed frame)
        self.closed = []  # close codes the client sent, as they come
        self.pongs = True
        self.deaf = None  # an event: read nothing before it
        self.url = ""

    def answer(self, path, *answers):
        self.script.setdefault(path, deque()).extend(answers)

    def bodies(self, path):
        return [body for line, body, _ in self.requests if line.endswith(path)]

    @property
    def lines(self):
        return [line for line, _, _ in self.requests]

    async def handle(self, request):
        text = await request.text()
        body = json.loads(text) if text else None
        self.requests.append((f"{request.method} {request.path}", body, request.headers))
        waiting = self.script.get(request.path)
        if waiting:
            answer = waiting.popleft()
            if callable(answer):
                return await answer(request)
            status, body = answer
            if isinstance(body, str):
                return web.Response(status=status, text=body, content_type="text/html")
            return web.json_response(body, status=status)
        if request.path == "/v1.0/gateway/connections/open":
            endpoint = self.url.replace("http://", "ws://") + "/connect"
            return web.json_response({"endpoint": endpoint, "ticket": "ticket/1 +"})
        return web.json_response(OK.get(request.path, {"success": True, "result": True}))

    async def connect(self, request):
        self.requests.append((f"GET {request.path}", dict(request.query), request.headers))
        socket = web.WebSocketResponse(autoping=self.pongs)
        await socket.prepare(request)
        index = len(self.sockets)
        self.sockets.append(socket)
        if self.deaf:
            await self.deaf.wait()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.received.put_nowait((index, json.loads(message.data)))
        self.closed.append(socket.close_code)
        return socket

    async def push(self, topic, data, *, kind="CALLBACK", message_id="m1", socket=-1):
        frame = {
            "specVersion": "1.0",
            "type": kind,
            "headers": {
                "topic": topic,
                "messageId": message_id,
                "contentType": "application/json",
                "time": "1",
            },
            "data": json.dumps(data),
        }
        await self.sockets[socket].send_str(json.dumps(frame))

    async def ack(self):
        """The next acknowledgement: ``(socket, code, message id, data)``."""
        async with asyncio.timeout(10):
            index, frame = await self.received.get()
        return index, frame["code"], frame["headers"].get("messageId"), json.loads(frame["data"])


@pytest.fixture
async def platform():
    platform = Platform()
    app = web.Application()
    app.router.add_get("/connect", platform.connect)
    app.router.add_route("*", "/{path:.*}", platform.handle)
    server = TestServer(app)
    await server.start_server(access_log=None)  # it would show what clients may not
    platform.url = str(server.make_url("")).rstrip("/")
    yield platform
    for socket in platform.sockets:
        await socket.close()
    await server.close()


@pytest.fixture
def call_s():
    """How long a call may take; those whose call hangs ask for less."""
    return 10.0


@pytest.fixture
def quick(call_s):
    return replace(QUICK, call_s=call_s)


@pytest.fixture
async def api(platform, quick):
    api = OpenApi(Credentials("dingapp", Secret("s3cret")), platform.url, quick)
    yield api
    await api.close()


@pytest.fixture
def eventually():
    """Wait until a condition holds; fails when it does not in time."""

    async def wait(condition, within_s=10.0):
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.005)

    return wait
