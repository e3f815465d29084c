"""The chat page's API: its files, the live feed, and the few things a person can do."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from imbot.platforms.dingtalk.simulator.clicks import ClickError
from imbot.platforms.dingtalk.simulator.values import Card, User
from imbot.platforms.dingtalk.simulator.world import World

_PAGE = Path(__file__).parent / "page"
FILES_PATH = "/sim/files/{name}"  # under which programs download pictures, sounds and files
_NO_STORE = {"Cache-Control": "no-store"}


class People(Protocol):
    """What a person on the page can do. The simulator has these methods."""

    world: World

    async def say(self, app: str, user: str, text: str = "", *, group: bool = False) -> str:
        """Send a message to an app; returns its id."""
        ...

    async def press(self, card: Card, user: User, action: str, params: Mapping[str, Any]) -> None:
        """Click a button. Raises ClickError when the click had no effect."""
        ...


class PageApi:
    """The handlers under ``/sim/`` and ``/page/``. They only pass requests on to the simulator's methods."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._world = people.world

    def register(self, app: web.Application) -> None:
        """Add the page's paths to the web application."""
        app.router.add_get("/", self._index)
        app.router.add_get("/page/{path:.+}", self._file)
        app.router.add_get("/sim/events", self._events)
        app.router.add_get("/sim/state", self._state)
        app.router.add_get(FILES_PATH.replace("}", ":.+}"), self._content)
        app.router.add_post("/sim/messages", self._say)
        app.router.add_post("/sim/clicks", self._click)
        app.router.add_put("/sim/settings", self._set)
        app.router.add_post("/sim/apps", self._add_app)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGE / "index.html", headers=_NO_STORE)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = (_PAGE / request.match_info["path"]).resolve()
        if not (path.is_relative_to(_PAGE.resolve()) and path.is_file()):
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_NO_STORE)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        file = self._world.files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type=file.content_type, headers=_NO_STORE)

    async def _state(self, _: web.Request) -> web.StreamResponse:
        return _answer(self._world.state())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **_NO_STORE})
        await response.prepare(request)
        # It is no error that somebody closes the page.
        with contextlib.suppress(ConnectionResetError):
            async with contextlib.aclosing(self._world.feed.events()) as batches:
                async for events in batches:
                    lines = (f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events)
                    await response.write("".join(lines).encode())
        return response

    async def _say(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        if body.get("app") not in self._world.apps or body.get("user") not in self._world.users:
            return _answer({"error": "unknown app or user"}, 404)
        text, group = str(body.get("text", "")), body.get("group") is True
        message_id = await self._people.say(body["app"], body["user"], text, group=group)
        message = self._world.messages[message_id]
        return _answer({"message": message.to_json()}, 200 if message.delivered else 409)

    async def _click(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        try:
            card, user = self._world.cards[str(body.get("card"))], self._world.users[str(body.get("user"))]
        except KeyError:
            return _answer({"ok": False, "error": "unknown card or user"}, 404)
        params = body.get("params") or {}
        try:
            await self._people.press(card, user, str(body.get("action", "")), params)
        except ClickError as error:
            return _answer({"ok": False, "error": str(error)})
        return _answer({"ok": True})

    async def _set(self, request: web.Request) -> web.StreamResponse:
        try:
            return _answer(self._world.set(**await _body(request)).to_json())
        except ValueError as error:
            return _answer({"error": str(error)}, 400)

    async def _add_app(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        if not body.get("id") or not body.get("secret"):
            return _answer({"error": "id and secret are needed"}, 400)
        app = self._world.add_app(str(body["id"]), str(body["secret"]), str(body.get("name") or ""))
        return _answer(app.to_json())


async def _body(request: web.Request) -> dict[str, Any]:
    # Browsers let pages of other sites post plain text here, but JSON only if we allow it.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        body = await request.json()
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest
    return body


def _answer(value: Any, status: int = 200) -> web.Response:
    text = json.dumps(value, ensure_ascii=False)
    return web.Response(status=status, text=text, content_type="application/json", headers=_NO_STORE)
