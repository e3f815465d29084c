"""The web server of the preview: the page, and an event stream of the states that it shows."""

import asyncio
import contextlib

from aiohttp import web

from imbot.platforms import DEFAULT_TYPE, open_renderer
from imbot.preview.onepage import INDEX
from imbot.web.answers import in_a_sentence
from imbot.web.guard import Guard
from imbot.web.serving import file_in, runner_of

_HOST = "127.0.0.1"
_MOST_PAGES = 100
_LIFE_SIGN_S = 15.0  # the longest pause between two events, so that a closed page is noticed


class Server:
    """Shows one state at a time to every page that is open."""

    def __init__(self) -> None:
        self.renderer = open_renderer(DEFAULT_TYPE).PAGE  # the folder of the page's card renderer
        self._state = ""
        self._pages = 0
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> str:
        """Listen on loopback and return the URL; port 0 is any free one. OSError if the port is in use."""
        app = web.Application(middlewares=[in_a_sentence, Guard(_HOST).check])
        app.router.add_get("/", self._index)
        app.router.add_get("/events", self._events)
        app.router.add_get("/preview/page/{name}", self._page)
        app.router.add_get("/renderer/{name}", self._rendering)
        app.on_response_prepare.append(_no_store)
        runner = runner_of(app, 0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, _HOST, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        return f"http://{_HOST}:{runner.addresses[0][1]}/"

    async def show(self, state: str) -> None:
        """Show this state, a JSON text without line breaks, on every open page."""
        async with self._news:
            self._state = state
            self._news.notify_all()

    async def stop(self) -> None:
        """End the event streams and close the server."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _rendering(self, request: web.Request) -> web.StreamResponse:
        """A file of the renderer's folder, and of no other folder."""
        return web.FileResponse(file_in(self.renderer, request.match_info["name"]))

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file_in(INDEX.parent, request.match_info["name"]))

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(INDEX)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if self._pages >= _MOST_PAGES:
            raise web.HTTPServiceUnavailable(reason="too many pages are open: close some")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        self._pages += 1
        try:
            await response.prepare(request)
            with contextlib.suppress(ConnectionResetError):  # the page was closed
                shown = ""
                while True:
                    state = await self._newer(shown)
                    await response.write(f"data: {state}\n\n".encode() if state != shown else b":\n\n")
                    shown = state
        finally:
            self._pages -= 1
        return response

    async def _newer(self, shown: str) -> str:
        """The state as soon as it differs from ``shown``, or the same one after ``_LIFE_SIGN_S``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LIFE_SIGN_S), self._news:
                await self._news.wait_for(lambda: self._state != shown)
        return self._state


async def _no_store(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Cache-Control"] = "no-store"
