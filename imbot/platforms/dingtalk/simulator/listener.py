"""The web server of the simulator: where it listens, and whom its guard lets in."""

import secrets
from collections.abc import Iterable
from typing import Protocol

from aiohttp import web

from imbot.platforms.dingtalk.simulator.api import UNKNOWN_PATH, Api
from imbot.platforms.dingtalk.simulator.calls import Route
from imbot.platforms.dingtalk.simulator.gateway import Gateway
from imbot.platforms.dingtalk.simulator.page_api import FILES_PATH
from imbot.web.answers import in_a_sentence
from imbot.web.guard import Guard
from imbot.web.hosts import is_loopback
from imbot.web.serving import runner_of

_LARGEST_UPLOAD = 21 * 1024 * 1024
_CONNECT = "/connect"


class Pages(Protocol):
    """Paths for people and tests, which the guard protects."""

    def register(self, app: web.Application) -> None:
        """Add the paths to the web application."""
        ...


class Listener:
    """One address with the platform's APIs, its gateway, the chat page and the commands.

    On a host that other machines can reach, the page needs ``token``. Programs never do: they have the
    credentials of their apps, and files have names that nobody guesses.
    """

    def __init__(
        self, host: str, gateway: Gateway, pages: Iterable[Pages], api: Api, routes: Iterable[Route]
    ) -> None:
        self.token = "" if is_loopback(host) else secrets.token_urlsafe(16)
        self._host = host
        routes = tuple(routes)
        wire = (_CONNECT, FILES_PATH, UNKNOWN_PATH, *(route.path for route in routes))
        guard = Guard(host, self.token, tokenless=wire)
        app = web.Application(middlewares=[in_a_sentence, guard.check], client_max_size=_LARGEST_UPLOAD)
        app.router.add_get(_CONNECT, gateway.connect)
        for page in pages:
            page.register(app)
        api.register(app, routes)
        self._runner = runner_of(app, 1)

    async def start(self, port: int) -> str:
        """Listen and return the URL; port 0 takes a free one. ``OSError`` when the port is taken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, port).start()
        except OSError:
            await self.stop()
            raise
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(self._host, self._host)
        return f"http://{name}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close the server."""
        await self._runner.cleanup()
