"""Serves every platform API call in the same steps: fault, token, limits, scope, body, handler, journal."""

import asyncio
import contextlib
import itertools
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from imbot.platforms.dingtalk.simulator.answers import (
    Refusal,
    refuse,
    refuse_legacy,
    request_id,
)
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.faults import Fault, Faults
from imbot.platforms.dingtalk.simulator.tokens import app_of_token
from imbot.platforms.dingtalk.simulator.values import App, Call, now_ms
from imbot.platforms.dingtalk.simulator.world import World

_log = logging.getLogger(__name__)

_TOKEN_HEADER = "x-acs-dingtalk-access-token"
_BAD_TOKEN = "不合法的access_token"
UNKNOWN_PATH = "/{unknown}"
_NEWER_API = re.compile(r"/v\d")


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: Body | str

    def code(self) -> str:
        if isinstance(self.body, str):
            return ""
        return str(self.body.get("code") or self.body.get("errcode") or "")

    def response(self) -> web.Response:
        headers = {"Server": "DingTalk/1.0.0", "x-acs-request-id": request_id(), "x-acs-trace-id": "0"}
        is_text = isinstance(self.body, str)
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        kind = "text/html" if is_text else "application/json"
        body = text.encode("utf-8", "backslashreplace")  # halves of characters travel as escapes of JSON
        return web.Response(
            status=self.status, body=body, content_type=kind, charset="utf-8", headers=headers
        )


class Api:
    """Registers routes on the web application and serves them all the same way."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self.in_flight = 0
        self.served = 0
        self.routes: tuple[Route, ...] = ()
        self._ids = itertools.count(1)

    def register(self, app: web.Application, routes: Iterable[Route]) -> None:
        """Serve these routes, and refuse every other path and method with a 404 that names it."""
        self.routes = tuple(routes)
        for route in self.routes:
            app.router.add_route(route.method, route.path, self._server(route))
        app.router.add_route("*", UNKNOWN_PATH.replace("}", ":.*}"), self._server(None))

    def _server(self, route: Route | None) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            self.in_flight += 1
            try:
                return await self._serve(route, request)
            finally:
                self.in_flight -= 1
                self.served += 1

        return serve

    async def _serve(self, route: Route | None, request: web.Request) -> web.Response:
        started, at = time.perf_counter(), now_ms()
        call = ApiCall(self.world, request.method, request.path, request.host)
        raw = await _read(call, route, request)
        fault = self.faults.take(call.path)
        delay_s = self.world.settings.latency_ms / 1000 + (fault.delay_s if fault else 0)
        if delay_s:
            await asyncio.sleep(delay_s)
        reply = self._reply(call, route, raw, request, fault)
        self._record(call, reply, at, (time.perf_counter() - started) * 1000)
        if not reply.status and request.transport is not None:
            request.transport.abort()
        return reply.response()

    def _reply(
        self, call: ApiCall, route: Route | None, raw: bytes, request: web.Request, fault: Fault | None
    ) -> _Reply:
        if fault is None or fault.status is None:
            return self._execute(call, route, raw, request)
        if fault.executed:
            self._execute(call, route, raw, request)
        return _Reply(fault.status, fault.body)

    def _execute(self, call: ApiCall, route: Route | None, raw: bytes, request: web.Request) -> _Reply:
        if route is None:
            unknown = _no_such_api(call)
            return _Reply(unknown.status, unknown.body)
        try:
            self._admit(call, route, request)
            if route.body == "json":
                call.body = _parse(raw, legacy=route.legacy)
            return _Reply(200, route.handle(call))
        except Refusal as refusal:
            return _Reply(refusal.status, refusal.body)
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            # A body of an unforeseen shape.
            _log.info("%s %s has a body of a wrong shape: %r", call.method, call.path, error)
            answer = _wrong(legacy=route.legacy)
            return _Reply(answer.status, answer.body)

    def _admit(self, call: ApiCall, route: Route, request: web.Request) -> None:
        """Check token, limits and scope, in the platform's order. Raises Refusal."""
        if route.auth == "none":
            return
        call.known_app = _authenticate(call, route, request)
        settings = self.world.settings
        self.world.quota.take(settings, call.app.id, f"{route.method} {route.path}", legacy=route.legacy)
        if route.scope in settings.denied_scopes:
            raise refuse(
                "Forbidden.AccessDenied.AccessTokenPermissionDenied",
                f"应用尚未开通所需的权限：[{route.scope}]",
                status=403,
                accessdenieddetail={"requiredScopes": [route.scope]},
            )

    def _record(self, call: ApiCall, reply: _Reply, at: int, took_ms: float) -> None:
        card = self.world.cards.get(call.card) if call.card else None
        if card is not None:
            card.calls += 1
            self.world.changed(card)
        app = call.known_app.id if call.known_app else None
        self.world.record(
            Call(
                next(self._ids),
                at,
                app,
                call.method,
                call.path,
                reply.status,
                reply.code(),
                call.size,
                round(took_ms, 2),
                call.card,
                call.summary,
            )
        )


async def _read(call: ApiCall, route: Route | None, request: web.Request) -> bytes:
    """Read the request to its end, even if it will be refused, so that the connection can be used again."""
    call.query, call.match = dict(request.query), dict(request.match_info)
    if route is not None and route.body == "form":
        with contextlib.suppress(ValueError, LookupError):  # no form: then all of it is missing
            call.form = dict(await request.post())
        call.size = request.content_length or 0
        return b""
    raw = await request.read()
    call.size = len(raw)
    return raw


def _parse(raw: bytes, *, legacy: bool) -> Body:
    try:
        body: Any = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, dict):
        return body
    if legacy:
        raise _wrong(legacy=True)
    raise refuse("Missingbody", "body is mandatory for this action.")


def _wrong(*, legacy: bool) -> Refusal:
    """The refusal of arguments that are wrong."""
    if legacy:
        return refuse_legacy(40035, "缺少参数 or 参数不合法")
    return refuse("invalidParameter", "参数不合法")


def _no_such_api(call: ApiCall) -> Refusal:
    """The refusal of an API that the simulator lacks.

    DingTalk answers 200 with an errcode to paths that it does not know, which typed clients take for success. Here
    the call may be one that DingTalk has.
    """
    name = f"{call.method} {call.path}"
    message = f"the simulator has no API {name}"
    older = {} if _NEWER_API.match(call.path) else {"errcode": 404, "errmsg": message}
    return refuse(f"InvalidAction.NotFound: {name}", message, status=404, **older)


def _authenticate(call: ApiCall, route: Route, request: web.Request) -> App:
    if route.auth == "query":
        app = app_of_token(call.world, call.query.get("access_token", ""))
        if app is None:
            raise refuse_legacy(40014, _BAD_TOKEN)
        return app
    token = request.headers.get(_TOKEN_HEADER)
    if token is None:
        raise refuse("AuthenticationFailed.MissingParameter", f"缺少参数：{_TOKEN_HEADER}")
    app = app_of_token(call.world, token)
    if app is None:
        raise refuse("InvalidAuthentication", _BAD_TOKEN)
    return app
