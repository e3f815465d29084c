"""The chat page's API: its files, the live feed, and the few things a person can do."""

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from imbot.platforms.dingtalk.simulator.clicks import ClickError
from imbot.platforms.dingtalk.simulator.values import Card, User
from imbot.platforms.dingtalk.simulator.world import World
from imbot.web.serving import file_in, json_in

_PAGE = Path(__file__).parent / "page"
LONGEST_TEXT = 100_000
FILES_PATH = "/sim/files/{name}"  # under which programs download pictures, sounds and files
_MORE = ("kind", "segments", "mentions")  # of a message, beside its text
_NO_STORE = {"Cache-Control": "no-store"}
# A program may upload a page: it is shown as nobody's, and not as ours.
_UPLOADED = {**_NO_STORE, "Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}


class People(Protocol):
    """What a person on the page can do. The simulator has these methods."""

    world: World

    async def say(
        self,
        app: str,
        user: str,
        text: str = "",
        *,
        group: bool = False,
        quote: str | None = None,
        kind: str = "text",
        segments: Iterable[str | bytes] = (),
        mentions: Iterable[str] = (),
    ) -> str:
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
        return web.FileResponse(file_in(_PAGE, request.match_info["path"]), headers=_NO_STORE)

    async def _content(self, request: web.Request) -> web.StreamResponse:
        file = self._world.files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type=file.content_type, headers=_UPLOADED)

    async def _state(self, _: web.Request) -> web.StreamResponse:
        return answer(self._world.state())

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._world.feed.is_full:
            raise web.HTTPServiceUnavailable(reason="too many pages are open: close some")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **_NO_STORE})
        await response.prepare(request)
        # It is no error that somebody closes the page.
        with contextlib.suppress(ConnectionResetError):
            async with contextlib.aclosing(self._world.feed.events()) as batches:
                async for events in batches:
                    await response.write(b"".join(b"data: %b\n\n" % _json(event) for event in events))
        return response

    async def _say(self, request: web.Request) -> web.StreamResponse:
        body = await json_in(request)
        if why := _misfit(body):
            return answer({"error": why}, 400)
        app, user, more = (
            str(body.get("app")),
            str(body.get("user")),
            {key: body[key] for key in _MORE if key in body},
        )
        people = (user, *more.get("mentions", ()))
        if app not in self._world.apps or any(name not in self._world.users for name in people):
            return answer({"error": "unknown app or user"}, 404)
        if (quote := body.get("quote")) is not None and str(quote) not in self._world.messages:
            return answer({"error": "unknown message in quote"}, 404)
        text, group = str(body.get("text", "")), body.get("group") is True
        if len(text) > LONGEST_TEXT:
            return answer({"error": f"a message has at most {LONGEST_TEXT:,} characters"}, 413)
        try:
            message_id = await self._people.say(app, user, text, group=group, quote=quote, **more)
        except ValueError as error:
            return answer({"error": str(error)}, 400)
        message = self._world.messages[message_id]
        return answer({"message": message.to_json()}, 200 if message.delivered else 409)

    async def _click(self, request: web.Request) -> web.StreamResponse:
        body = await json_in(request)
        try:
            card, user = self._world.cards[str(body.get("card"))], self._world.users[str(body.get("user"))]
        except KeyError:
            return answer({"ok": False, "error": "unknown card or user"}, 404)
        params = body.get("params") or {}
        if not isinstance(params, dict):
            return answer({"ok": False, "error": "params must be an object"}, 400)
        try:
            await self._people.press(card, user, str(body.get("action", "")), params)
        except ClickError as error:
            return answer({"ok": False, "error": str(error)})
        return answer({"ok": True})

    async def _set(self, request: web.Request) -> web.StreamResponse:
        try:
            return answer(self._world.set(**await json_in(request)).to_json())
        except ValueError as error:
            return answer({"error": str(error)}, 400)

    async def _add_app(self, request: web.Request) -> web.StreamResponse:
        body = await json_in(request)
        if not body.get("id") or not body.get("secret"):
            return answer({"error": "id and secret are needed"}, 400)
        app = self._world.add_app(str(body["id"]), str(body["secret"]), str(body.get("name") or ""))
        return answer(app.to_json())


def _misfit(body: Mapping[str, Any]) -> str:
    """Which key of a message has a wrong type; empty if none has."""
    if not isinstance(body.get("kind", ""), str):
        return "kind must be a string"
    for name in ("segments", "mentions"):
        value = body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
            return f"{name} must be a list of strings"
    return ""


def answer(value: Any, status: int = 200) -> web.Response:
    """A value as an answer in JSON, which nothing keeps."""
    return web.Response(
        status=status, body=_json(value), content_type="application/json", charset="utf-8", headers=_NO_STORE
    )


def _json(value: Any) -> bytes:
    """JSON as UTF-8; halves of characters, which programs may send, travel as escapes."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
