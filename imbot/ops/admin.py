"""The admin endpoint: status, plan, reload and metrics over HTTP.

``runtime`` opens it before the bots start and closes it after they have stopped. Commands find it by the file
that ``address.Beacon`` writes.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from imbot import __version__
from imbot.errors import ResourceError
from imbot.ops.address import PROCESS, AdminAddress, AdminSettings, Beacon, why_not_bound
from imbot.ops.metrics import Metrics
from imbot.ops.monitor import Monitor
from imbot.ops.status_json import bot_counts, resources_json, row_json, watch_json
from imbot.reload.reloader import Reloader, StoppingError
from imbot.reload.report import iso, report_json
from imbot.reload.status import BotStatus
from imbot.reload.supervisor import Supervisor
from imbot.web.answers import Handler, in_a_sentence, refusal
from imbot.web.guard import Guard
from imbot.web.serving import runner_of

log = logging.getLogger(__name__)

_OPEN = ("/livez", "/readyz")  # answered without the token, so that probes work; then only with yes or no


@asynccontextmanager
async def serving(
    settings: AdminSettings,
    folder: Path,
    supervisor: Supervisor,
    reloader: Reloader,
    monitor: Monitor | None = None,
) -> AsyncIterator[None]:
    """Serve while the block lasts. If the address cannot be used, the bots run without the endpoint."""
    beacon = Beacon.new(settings.address)
    guard = Guard(settings.address.host, settings.token, pages=False, tokenless=_OPEN)
    admin = Admin(folder, supervisor, reloader, guard, beacon.process, monitor or Monitor())
    runner = runner_of(admin.app(), 1)
    await runner.setup()
    try:
        if address := await _listen(runner, settings):
            beacon = Beacon(str(address), beacon.pid, beacon.process)
            _announce(beacon, settings.file)
        yield
    finally:
        beacon.remove(settings.file)
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: AdminSettings) -> AdminAddress | None:
    """Listen; returns the address, or None if that is impossible.

    An address that was given explicitly is never replaced by another one: probes, firewalls and scrapers rely
    on it, and would find nothing there, or the wrong process.
    """
    address = settings.address
    trouble = await _listen_at(runner, address)
    if trouble and settings.or_free:
        log.warning(
            "%s: %s; the admin endpoint uses a free port instead (choose one with --admin HOST:PORT)",
            address,
            trouble,
        )
        address = replace(address, port=0)
        trouble = await _listen_at(runner, address)
    if trouble:
        log.warning(
            "no admin endpoint: cannot listen on %s: %s; choose another address with --admin HOST:PORT",
            address,
            trouble,
        )
        return None
    return replace(address, port=runner.addresses[0][1])


async def _listen_at(runner: web.AppRunner, address: AdminAddress) -> str:
    """Listen there; returns why that is impossible, or an empty text."""
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        return why_not_bound(error)
    return ""


def _announce(beacon: Beacon, file: Path) -> None:
    try:
        beacon.write(file)
    except OSError as error:
        log.warning(
            "%s cannot be written (%s): commands need --admin %s", file, error.strerror, beacon.address
        )
    log.info("admin endpoint: http://%s", beacon.address)


class Admin:
    """The requests and their answers, from the supervisor and the reloader."""

    def __init__(
        self,
        folder: Path,
        supervisor: Supervisor,
        reloader: Reloader,
        guard: Guard,
        process: str,
        monitor: Monitor,
    ) -> None:
        self._folder = folder
        self._supervisor = supervisor
        self._reloader = reloader
        self._guard = guard
        self._process = process
        self._started_at = time.time()
        self._monitor = monitor
        self._metrics = Metrics(supervisor, reloader, monitor)

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(
            middlewares=[self._answer, in_a_sentence, self._guard.check], client_max_size=1024
        )
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/status", self._status)
        app.router.add_get("/plan", self._plan)
        app.router.add_post("/reload", self._reload)
        app.router.add_get("/metrics", self._show_metrics)
        return app

    @web.middleware
    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """No answer is cached, and each names the process that gave it."""
        if request.headers.get(PROCESS, self._process) != self._process:
            response: web.StreamResponse = refusal(request, 421, "the request is for another process")
        else:
            response = await handler(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Server"] = "imbot"
        response.headers[PROCESS] = self._process
        return response

    async def _livez(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _readyz(self, request: web.Request) -> web.Response:
        rows = self._supervisor.status()
        reason = _unready(rows, self._reloader)
        answer: dict[str, Any] = {"ready": not reason}
        if self._guard.knows(request):
            watch = watch_json(self._reloader.watching)
            answer |= {"reason": reason, "bots": bot_counts(rows), "watch": watch}
        return web.json_response(answer, status=503 if reason else 200)

    async def _status(self, _: web.Request) -> web.Response:
        last = self._reloader.last
        resources = await asyncio.to_thread(self._monitor.read)
        return web.json_response(
            {
                "version": __version__,
                "pid": os.getpid(),
                "process": self._process,
                "folder": str(self._folder.absolute()),
                "started_at": iso(self._started_at),
                "reload": last and {k: v for k, v in report_json(last).items() if k != "bots"},
                "watch": watch_json(self._reloader.watching),
                "resources": resources_json(resources),
                "bots": [row_json(row) for row in self._supervisor.status()],
            }
        )

    async def _plan(self, _: web.Request) -> web.Response:
        return web.json_response(report_json(await self._reloader.plan()))

    async def _reload(self, request: web.Request) -> web.Response:
        prune = request.query.get("prune", "0")
        if prune not in ("0", "1"):
            return refusal(request, 400, "prune must be 1, or absent")
        try:
            report = await self._reloader.reload(prune=prune == "1")
        except (StoppingError, ResourceError) as error:
            return refusal(request, 503, str(error))
        log.info("reload requested: %s", report)
        return web.json_response(report_json(report))

    async def _show_metrics(self, request: web.Request) -> web.Response:
        body, content_type = await self._metrics.text(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})


def _unready(rows: list[BotStatus], reloader: Reloader) -> str:
    """Why the process is not ready; empty if it is."""
    if reloader.stopping:
        return "the process is ending"
    if reloader.last is None:
        return "the bots are starting"
    if any(row.state == "connected" for row in rows):
        return ""
    if rows:
        found = ", ".join(f"{count} {what}" for what, count in bot_counts(rows).items() if count)
        return f"no bot is connected: {found}"
    return "; ".join(map(str, reloader.last.problems))
