"""A simulator with one bot on a thread of its own, for tests that block on a browser."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp

from imbot.platforms.dingtalk.simulator import Settings, Simulator

APP = "dingpage"
TOPICS = ("/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback")
AI_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
BY_KEY = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}

Answer = Callable[[str], Mapping[str, Any] | None]


class Stage:
    """The simulator, its bot, and calls to both that wait for the answer."""

    def __init__(self) -> None:
        self.sim = Simulator(settings=Settings(qps=None))
        self.answer: Answer = lambda _action: {}  # what a click changes; None: no answer at all
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._bot: asyncio.Task[None] | None = None
        self._token = ""

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Await something on the stage's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def do(self, work: Callable[[], Any]) -> Any:
        """Call something on the stage's loop."""

        async def call() -> Any:
            return work()

        return self.run(call())

    def start(self, port: int = 0) -> None:
        """Open the simulator and connect the bot."""
        self.run(self.sim.start(port=port))
        self.do(lambda: self.sim.add_app(APP, "secret", "小助手"))
        self.connect()

    def connect(self) -> None:
        """Connect the bot; it acknowledges everything and answers clicks."""
        self._bot = self.do(lambda: asyncio.ensure_future(self._serve()))
        self.run(self.sim.until(lambda: bool(self.sim.connections(APP))))

    def hang_up(self) -> None:
        """Disconnect the bot."""
        self.run(self._cancel_bot())

    def close(self) -> None:
        """End everything; the thread is gone when this returns."""
        self.run(self._cancel_bot())
        self.run(self.sim.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def call(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Call the platform as the bot."""
        return self.run(self._call(method, path, body))

    def deliver(self, template: str, variables: Mapping[str, str], *, user: str = "u-lilei") -> str:
        """A new card in the single chat with a user; its id."""
        card = uuid.uuid4().hex
        body = {"cardTemplateId": template, "outTrackId": card, "callbackType": "STREAM"}
        space = {
            "openSpaceId": f"dtv1.card//IM_ROBOT.{user}",
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
        }
        data = {"cardData": {"cardParamMap": variables}}
        self.call("POST", "/v1.0/card/instances/createAndDeliver", body | space | data)
        return card

    def ask(self, question: str = "Hello?", **extra: Any) -> str:
        """A new AI card that is thinking; its id."""
        return self.deliver(AI_TEMPLATE, {"msgTitle": question, "flowStatus": "1", **extra})

    def update(self, card: str, **variables: str) -> None:
        """Change variables of a card."""
        data = {"cardParamMap": variables}
        self.call(
            "PUT",
            "/v1.0/card/instances",
            {"outTrackId": card, "cardData": data, "cardUpdateOptions": BY_KEY},
        )

    def stream(self, card: str, text: str, key: str = "msgContent", **flags: bool) -> None:
        """Stream the text so far."""
        body = {"outTrackId": card, "guid": uuid.uuid4().hex, "key": key, "content": text, "isFull": True}
        self.call("PUT", "/v1.0/card/streaming", body | flags)

    async def _call(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        headers = {"x-acs-dingtalk-access-token": await self._fetch_token()}
        async with (
            aiohttp.ClientSession(self.sim.url) as http,
            http.request(method, path, json=body, headers=headers) as answer,
        ):
            result = await answer.json()
            assert answer.status == 200, result
            return result

    async def _fetch_token(self) -> str:
        if not self._token:
            async with (
                aiohttp.ClientSession(self.sim.url) as http,
                http.post("/v1.0/oauth2/accessToken", json={"appKey": APP, "appSecret": "secret"}) as answer,
            ):
                self._token = (await answer.json())["accessToken"]
        return self._token

    async def _serve(self) -> None:
        subscriptions = [{"type": "CALLBACK", "topic": topic} for topic in TOPICS]
        body = {"clientId": APP, "clientSecret": "secret", "subscriptions": subscriptions}
        async with aiohttp.ClientSession(self.sim.url) as http:
            async with http.post("/v1.0/gateway/connections/open", json=body) as answer:
                opened = await answer.json()
            async with http.ws_connect(opened["endpoint"], params={"ticket": opened["ticket"]}) as socket:
                async for message in socket:
                    await self._acknowledge(socket, json.loads(message.data))

    async def _acknowledge(self, socket: aiohttp.ClientWebSocketResponse, frame: Mapping[str, Any]) -> None:
        data = json.loads(frame["data"])
        response: Mapping[str, Any] | None = {}
        if frame["headers"]["topic"] == TOPICS[1]:
            response = self.answer(json.loads(data["content"])["cardPrivateData"]["actionIds"][0])
        if response is None:
            return
        ack = data if frame["type"] == "SYSTEM" else {"response": response}
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        await socket.send_json({"code": 200, "message": "OK", "headers": headers, "data": json.dumps(ack)})

    async def _cancel_bot(self) -> None:
        if self._bot is None:
            return
        self._bot.cancel()
        await asyncio.wait([self._bot])
        self._bot = None


@contextmanager
def open_stage() -> Iterator[Stage]:
    """A stage that is closed in the end."""
    stage = Stage()
    stage._thread.start()
    try:
        stage.start()
        yield stage
    finally:
        stage.close()
