"""A plain client of the platform, for tests that look at the wire."""

import json
from typing import Any

import aiohttp

from imbot.platforms.dingtalk.simulator import Simulator

BOT = {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}
CARD = {"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"}
EVENT = {"type": "EVENT", "topic": "*"}
ALL = (BOT, CARD, EVENT)


class Link:
    """A client's end of one websocket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def frame(self, timeout: float = 10) -> dict[str, Any]:
        message = await self.ws.receive(timeout)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return json.loads(message.data)

    async def data(self, timeout: float = 10) -> dict[str, Any]:
        return json.loads((await self.frame(timeout))["data"])

    def cut(self) -> None:
        """Die without a close frame."""
        connection = self.ws._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.abort()

    async def silent(self, for_s: float) -> bool:
        try:
            await self.ws.receive(for_s)
        except TimeoutError:
            return True
        return False

    async def ack(self, frame: dict[str, Any], data: Any = None, code: int = 200) -> None:
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        body = {"code": code, "message": "OK", "headers": headers, "data": json.dumps(data or {})}
        await self.ws.send_json(body)


class Client:
    """An app's program, as plain as can be."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession) -> None:
        self.sim, self.session = sim, session
        self.id, self.secret, self.token = "ding1", "s1", ""
        self.links: list[Link] = []

    async def close(self) -> None:
        for link in self.links:
            await link.ws.close()

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, dict[str, Any]]:
        url = path if path.startswith("http") else self.sim.url + path
        async with self.session.request(method, url, json=body, **more) as response:
            return response.status, await response.json()

    async def api(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        if not self.token:
            keys = {"appKey": self.id, "appSecret": self.secret}
            _, answer = await self.call("POST", "/v1.0/oauth2/accessToken", keys)
            self.token = answer["accessToken"]
        headers = {"x-acs-dingtalk-access-token": self.token}
        return await self.call(method, path, body, headers=headers)

    async def open(self, subscriptions: Any = ALL, **more: Any) -> tuple[int, dict[str, Any]]:
        body = {"clientId": self.id, "clientSecret": self.secret, "subscriptions": list(subscriptions)}
        return await self.call("POST", "/v1.0/gateway/connections/open", body | more)

    async def connect(self, subscriptions: Any = ALL) -> Link:
        _, leave = await self.open(subscriptions)
        return await self.upgrade(leave)

    async def upgrade(self, leave: dict[str, Any]) -> Link:
        link = Link(await self.session.ws_connect(leave["endpoint"], params={"ticket": leave["ticket"]}))
        self.links.append(link)
        return link

    async def said(self, link: Link, text: str = "hello", **more: Any) -> dict[str, Any]:
        """Let 李雷 say something and read the payload that arrives."""
        await self.sim.say(self.id, "u-lilei", text, **more)
        return await link.data()

    async def card(self, name: str = "card-1", **more: Any) -> tuple[int, dict[str, Any]]:
        """Create a card and deliver it to 李雷."""
        body = {
            "cardTemplateId": "own.schema",
            "outTrackId": name,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": {"title": "t", "count": "3"}},
            "openSpaceId": "dtv1.card//IM_ROBOT.u-lilei",
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
        }
        return await self.api("POST", "/v1.0/card/instances/createAndDeliver", body | more)

    async def stream(self, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
        body = {"outTrackId": "card-1", "key": "content", "content": text, "isFull": True}
        guid = {"guid": f"g{len(self.sim.calls)}"}
        return await self.api("PUT", "/v1.0/card/streaming", body | guid | more)
