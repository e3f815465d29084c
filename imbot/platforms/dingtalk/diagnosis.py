"""Tries what an app may do at DingTalk, without anybody in a chat noticing.

A ``Diagnosis`` for ``imbot.ops.doctor``. It opens no WebSocket, because the platform would send messages there
that are for the bot that runs. Its calls are those of ``calls.py``, about cards that nobody sees, or to an empty
list of people.
"""

import asyncio
import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from imbot.errors import FatalError, PlatformError, TransientError
from imbot.model import CardView
from imbot.platforms import Doubt, Probe
from imbot.platforms.dingtalk import calls, codes
from imbot.platforms.dingtalk.calls import Call
from imbot.platforms.dingtalk.openapi import (
    DEFAULT_ENDPOINT,
    ENDPOINT_VARIABLE,
    Credentials,
    OpenApi,
    network_error,
)
from imbot.platforms.dingtalk.stream import CLICKS, MESSAGES, USER_AGENT
from imbot.platforms.dingtalk.times import Times
from imbot.proxies import proxy_for, unused_proxies

PATIENCE = Times(call_s=10.0)
CLOCK_TOLERANCE_S = 60.0
# The host of session webhooks, through which answers without a card are sent.
WEBHOOKS = {DEFAULT_ENDPOINT: "https://oapi.dingtalk.com"}
_FORBIDDEN = "Forbidden.AccessDenied.AccessTokenPermissionDenied"


class DingTalkDiagnosis:
    """The ``Diagnosis`` of one DingTalk app."""

    def __init__(
        self,
        credentials: Mapping[str, Any],
        endpoint: str | None = None,
        times: Times = PATIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        own = endpoint or os.environ.get(ENDPOINT_VARIABLE) or DEFAULT_ENDPOINT
        self._endpoint = own.rstrip("/")
        self._app = Credentials.read(credentials)
        self._api = OpenApi(self._app, self._endpoint, times)
        self._times = times
        self._clock = clock
        self._ahead_s: float | None = None
        self._gateway = ""
        self._card_id = uuid.uuid4().hex

    def probes(self, view: CardView) -> list[Probe]:
        """The probes, each after those that it needs."""
        probes = [
            Probe("network", self._network),
            Probe("clock", self._time, ("network",)),
            Probe("credentials", self._credentials, ("network",), calls=1),
            Probe("stream mode", self._stream_mode, ("credentials",), calls=1),
            Probe("stream gateway", self._stream_gateway, ("stream mode",)),
            Probe("sending", self._sending, ("credentials",), calls=1),
        ]
        if self._endpoint in WEBHOOKS:
            probes.insert(1, Probe("webhooks", self._webhooks, ("network",)))
        return probes + self._card_probes(view)

    async def close(self) -> None:
        """Release the HTTP session."""
        await self._api.close()

    def _card_probes(self, view: CardView) -> list[Probe]:
        if calls.is_standard(view):
            call = calls.put_standard(self._card_id, view.data)
            return [Probe("cards", lambda: self._cards(call), ("credentials",), calls=1)]
        if not calls.template_id(view):
            return []
        put = calls.put_ai(self._card_id, view.data)
        return [
            Probe("cards", lambda: self._cards(put), ("credentials",), calls=1),
            Probe("streaming", lambda: self._streaming(view), ("credentials",), calls=1),
            Probe("template", lambda: self._template(view), ("cards",), calls=1),
            Probe("content key", lambda: self._content_key(view), ("streaming", "template"), calls=1),
        ]

    # -- the network

    async def _network(self) -> str | Doubt:
        """Whether DingTalk itself answers. It must refuse a request for a token without credentials, in JSON."""
        began = _now()
        url = f"{self._endpoint}/v1.0/oauth2/accessToken"
        status, body, self._ahead_s = await self._fetch("POST", url)
        refusal = codes.failure(status, body)
        if isinstance(refusal, TransientError):
            raise refusal
        where = _place(self._endpoint)
        if self._endpoint != DEFAULT_ENDPOINT:
            where += f" ({ENDPOINT_VARIABLE})"
        way = " through the proxy of the environment" if proxy_for(url) else ""
        found = f"{where} answers{way} in {(_now() - began) * 1000:.0f} ms"
        if ignored := unused_proxies():
            cure = "name the proxy in HTTPS_PROXY and HTTP_PROXY if calls are to take it"
            return Doubt(found, ignored, cure)
        return found

    async def _webhooks(self) -> str:
        url = WEBHOOKS[self._endpoint]
        await self._fetch("GET", url)
        return f"{_place(url)} answers"

    async def _time(self) -> str | Doubt:
        if self._ahead_s is None:
            cause = "the response has no date"
            return Doubt("cannot be checked", cause, "compare this machine's clock with another one")
        if abs(self._ahead_s) > CLOCK_TOLERANCE_S:
            way = "ahead of" if self._ahead_s > 0 else "behind"
            raise codes.error(f"{abs(self._ahead_s):.0f} s {way} DingTalk's", "clock")
        return "right, as DingTalk sees it"

    async def _stream_gateway(self) -> str:
        """Whether the gateway answers at all. The request has no ticket, so it opens no connection."""
        await self._fetch("GET", self._gateway.replace("ws", "http", 1))
        return f"{_place(self._gateway)} answers"

    # -- the app

    async def _credentials(self) -> str:
        await self._api.prove(self._app)
        return f"DingTalk gives a token to {self._app.client_id}"

    async def _stream_mode(self) -> str:
        self._gateway, _ = await self._api.open_connection([MESSAGES, CLICKS], USER_AGENT)
        return "DingTalk lets the app connect; no connection was opened"

    async def _sending(self) -> str | Doubt:
        """Send to an empty list. DingTalk refuses the list only if the robot is known and may send messages."""
        robot = self._app.robot_code or self._app.client_id
        try:
            refusal = await self._refusal(calls.send_nobody(robot))
        except FatalError as error:
            if error.code != _FORBIDDEN:
                raise
            found = "not allowed; only late answers (after a crash, or after 90 minutes) need it"
            return Doubt(found, error.cause, error.hint)
        if refusal is None or not codes.about_robot(refusal):
            return "the robot may send messages"
        if self._app.robot_code:
            raise refusal
        return Doubt(f"DingTalk does not know the robot {robot}", refusal.cause, refusal.hint)

    # -- its cards

    async def _cards(self, call: Call) -> str:
        """Change a card that does not exist."""
        await self._refusal(call)
        return "the app may make and change cards"

    async def _streaming(self, view: CardView) -> str:
        """Stream into a card that does not exist."""
        await self._refusal(self._streamed(view))
        return "the app may stream into cards"

    async def _template(self, view: CardView) -> str:
        """Make a card without delivering it."""
        await self._send(calls.create_hidden(self._card_id, view))
        return f"{calls.template_id(view)} can be used"

    async def _content_key(self, view: CardView) -> str | Doubt:
        try:
            await self._send(self._streamed(view))
        except FatalError as error:
            if error.code not in codes.CARD_MISSING:
                raise
            cause = "DingTalk streams only into cards that somebody can see"
            return Doubt(
                "cannot be checked", cause, "ask the bot something, and see whether the answer grows"
            )
        return f"text streams into {calls.content_key(view)}"

    def _streamed(self, view: CardView) -> Call:
        return calls.stream_ai(self._card_id, calls.content_key(view), "imbot doctor")

    # -- calling

    async def _refusal(self, call: Call) -> PlatformError | None:
        """Make a call that can have no effect; returns the error by which it is refused, None if it is not.

        Raises PlatformError for an error that a working app would not get, such as a missing permission.
        """
        try:
            await self._send(call)
        except FatalError as error:
            if error.code in codes.CARD_MISSING:
                return error
            if error.status == 400 and error.code not in codes.TOKEN_REFUSED:
                return error
            raise
        return None

    async def _send(self, call: Call) -> None:
        """Make a call. Repeat it once if the running bot has used up this second's calls."""
        try:
            await self._api.send(call)
        except TransientError as error:
            if not codes.too_fast(error) or error.retry_after_s is None:
                raise
            await asyncio.sleep(error.retry_after_s)
        else:
            return
        await self._api.send(call)

    async def _fetch(self, method: str, url: str) -> tuple[int, Any, float | None]:
        """Make a request that names no app.

        Returns the status, the parsed JSON (None: not JSON), and by how many seconds our clock is ahead of the
        server's (None: not known).
        """
        try:
            async with self._api.session().request(
                method,
                url,
                json={} if method == "POST" else None,
                timeout=aiohttp.ClientTimeout(total=self._times.call_s),
                allow_redirects=False,
                proxy=proxy_for(url),
            ) as response:
                ahead_s = self._ahead(response.headers.get("Date", ""))
                return response.status, _parsed(await response.read()), ahead_s
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise network_error(error) from None

    def _ahead(self, date: str) -> float | None:
        try:
            # The header counts whole seconds.
            return self._clock() - (parsedate_to_datetime(date).timestamp() + 0.5)
        except ValueError:
            return None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _place(url: str) -> str:
    """Host and port of an address, without the rest, which may hold a secret."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _now() -> float:
    return asyncio.get_running_loop().time()
