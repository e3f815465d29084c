"""The preview's own little web server: the page, and a feed of what it shows."""

import asyncio
import contextlib

from aiohttp import web

from imbot.platforms import DEFAULT_TYPE, open_renderer
from imbot.preview.onepage import INDEX

_LIFE_SIGN_S = 15.0  # how soon a page that was closed is noticed


class Server:
    """Shows one state at a time to every page that is open."""

    def __init__(self) -> None:
        self.renderer = open_renderer(DEFAULT_TYPE).PAGE  # of the platform whose cards are shown
        self._state = ""
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> str:
        """Listen on loopback, on a free port for 0; the address. ``OSError`` when the port is taken."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/events", self._events)
        app.router.add_static("/preview/page/", INDEX.parent)
        app.router.add_get("/renderer/{name}", self._rendering)
        app.on_response_prepare.append(_no_store)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        return f"http://127.0.0.1:{runner.addresses[0][1]}/"

    async def show(self, state: str) -> None:
        """Show this state, a JSON text in one line, on every page."""
        async with self._news:
            self._state = state
            self._news.notify_all()

    async def stop(self) -> None:
        """Close every page's feed, then the server."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _rendering(self, request: web.Request) -> web.StreamResponse:
        """A file of the renderer's folder, and of no other."""
        file = self.renderer / request.match_info["name"]
        if file.parent != self.renderer or not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file)

    async def _index(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(INDEX)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):  # a page that was closed is no error
            shown = ""
            while True:
                state = await self._newer(shown)
                await response.write(f"data: {state}\n\n".encode() if state != shown else b":\n\n")
                shown = state
        return response

    async def _newer(self, shown: str) -> str:
        """The state as soon as it is another one; the same again after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LIFE_SIGN_S), self._news:
                await self._news.wait_for(lambda: self._state != shown)
        return self._state


async def _no_store(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Cache-Control"] = "no-store"
