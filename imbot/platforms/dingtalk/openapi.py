"""DingTalk over HTTP: one app's token, its calls, and typed errors for what goes wrong.

``cards.py``, ``texts.py`` and ``diagnosis.py`` send their calls through here, and ``connector.py`` asks for
connections.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from imbot.descriptors import why_none
from imbot.errors import FatalError, PlatformError
from imbot.model import CardRef
from imbot.platforms.dingtalk import codes, http
from imbot.platforms.dingtalk.calls import Call
from imbot.platforms.dingtalk.slots import in_turn
from imbot.platforms.dingtalk.times import Times
from imbot.platforms.gateway import Going, Priority
from imbot.proxies import ProxyError, proxy_for
from imbot.spec import Secret
from imbot.usage.rate_limit import RateLimiter

DEFAULT_ENDPOINT = "https://api.dingtalk.com"
ENDPOINT_VARIABLE = "DINGTALK_OPENAPI_ENDPOINT"
REFRESH_MARGIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials of an app. If ``robot_code`` is empty, the robot code in each message is used."""

    client_id: str
    client_secret: Secret
    robot_code: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> "Credentials":
        """The credentials in the ``credentials`` of a bot file."""
        secret = values["client_secret"]
        return cls(
            client_id=values["client_id"],
            client_secret=secret if isinstance(secret, Secret) else Secret(secret),
            robot_code=values.get("robot_code") or "",
        )


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    refresh_at: float  # seconds of the loop's clock


class OpenApi:
    """Calls DingTalk for one app. Methods raise ``TransientError`` or ``FatalError``.

    ``TransientError.retry_after_s`` is set exactly when the platform did nothing, so that any call is safe to
    repeat.
    """

    def __init__(
        self,
        credentials: Credentials,
        endpoint: str | None,
        times: Times,
        spent: Callable[[CardRef], None] = lambda _: None,
        limiter: RateLimiter | None = None,
    ) -> None:
        self.credentials = credentials
        self.limiter = limiter or RateLimiter(per_second=20)
        self._spent = spent
        self._endpoint = (endpoint or os.environ.get(ENDPOINT_VARIABLE) or DEFAULT_ENDPOINT).rstrip("/")
        self._times = times
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    def use_credentials(self, credentials: Credentials) -> None:
        """Make calls with these credentials from now on."""
        self.credentials = credentials
        self._token = None

    async def prove(self, credentials: Credentials) -> None:
        """Get a token with these credentials. It is kept if they are those in use."""
        token = await self._new_token(credentials)
        if credentials == self.credentials:
            self._token = token

    async def call(
        self,
        about: CardRef,
        apis: Sequence[str],
        make: Callable[[str], Call | None],
        priority: Priority,
        since: float = 0.0,
        going: Going | None = None,
    ) -> Mapping[str, Any] | None:
        """Make a call about a card when it may go out, and count it; see ``Caller``."""
        pay = partial(self._pay, about)
        return await in_turn(self.limiter, apis, make, pay, priority, since, going)

    async def send(self, call: Call) -> Mapping[str, Any]:
        """Make a call at once, and return the answer. If our token is refused, try once more with a new one."""
        if call.url:
            return await self._request("POST", call.url, call.body, api=call.api)
        token = await self._current_token()
        try:
            return await self._send(call, token)
        except FatalError as error:
            if error.code not in codes.TOKEN_REFUSED:
                raise
        if self._token is token:
            self._token = None
        return await self._send(call, await self._current_token())

    async def open_connection(self, topics: list[str], user_agent: str) -> tuple[str, str]:
        """A WebSocket address and the ticket that opens it once, within 90 s.

        Raises TransientError for an address that cannot be used: the next one may be another.
        """
        body = {
            "clientId": self.credentials.client_id,
            "clientSecret": self.credentials.client_secret.reveal(),
            "subscriptions": [{"type": "CALLBACK", "topic": topic} for topic in topics],
            "ua": user_agent,
        }
        url = f"{self._endpoint}/v1.0/gateway/connections/open"
        # For an app that is not set up for Stream mode the code varies.
        answer = await self._request("POST", url, body, otherwise="invalidParameter")
        endpoint, ticket = _field(answer, "endpoint"), _field(answer, "ticket")
        if not _is_address(endpoint):
            raise codes.error("DingTalk gave an address that is not one of a WebSocket", "stream.address")
        return endpoint, ticket

    def session(self) -> aiohttp.ClientSession:
        """The HTTP session. WebSockets use it too, so that proxies apply to both. Raises FatalError once closed."""
        if self._closed:
            raise FatalError("the gateway is closed")
        if self._session is None:
            self._session = http.borrow()
        return self._session

    async def close(self) -> None:
        """Release the session; safe to repeat."""
        self._closed = True
        if self._session is not None:
            self._session = None
            await http.give_back()

    async def _pay(self, about: CardRef, call: Call) -> Mapping[str, Any]:
        """Make a call and return the answer, and report it to ``spent`` unless the platform surely did not count it."""
        billed = True
        try:
            return await self.send(call)
        except PlatformError as error:
            billed = codes.billed(error)
            raise
        finally:
            if billed:
                self._spent(about)

    async def _send(self, call: Call, token: _Token) -> Mapping[str, Any]:
        method, _, path = call.api.partition(" ")
        headers = {"x-acs-dingtalk-access-token": token.text}
        return await self._request(method, self._endpoint + path, call.body, headers, api=call.api)

    async def _current_token(self) -> _Token:
        async with self._fetching:  # calls that wait here use the token that the first one got
            if self._token is None or self._token.refresh_at <= _now():
                credentials = self.credentials
                token = await self._new_token(credentials)
                if credentials is not self.credentials:
                    return token
                self._token = token
            return self._token

    async def _new_token(self, credentials: Credentials) -> _Token:
        body = {"appKey": credentials.client_id, "appSecret": credentials.client_secret.reveal()}
        answer = await self._request("POST", f"{self._endpoint}/v1.0/oauth2/accessToken", body)
        life_s = float(answer.get("expireIn") or 0)
        return _Token(_field(answer, "accessToken"), _now() + life_s - min(REFRESH_MARGIN_S, life_s / 2))

    async def _request(
        self,
        method: str,
        url: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
        *,
        api: str = "",
        otherwise: str = "",
    ) -> Mapping[str, Any]:
        status, answer = await self._exchange(method, url, body, headers or {})
        if error := codes.failure(status, answer, otherwise):
            if api and codes.too_fast(error):
                self.limiter.note_refusal(api)
            raise error
        assert isinstance(answer, Mapping)
        return answer

    async def _exchange(
        self, method: str, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """Status and parsed body (None: no JSON) of one HTTP exchange."""
        try:
            async with self.session().request(
                method,
                url,
                data=json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
                headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
                timeout=aiohttp.ClientTimeout(total=self._times.call_s),
                allow_redirects=False,
                proxy=proxy_for(url),
            ) as response:
                return response.status, _parsed(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # Not chained: the text of these errors may hold the URL, and a webhook's URL is a secret.
            raise network_error(error) from None


def network_error(error: Exception) -> PlatformError:
    """The error for a failure of the HTTP library. Its message has no URL in it."""
    if none_left := why_none(error):
        return codes.error(none_left.partition(":")[0], "descriptors")
    if isinstance(error, ProxyError):
        return codes.error(str(error), "network.proxy")
    if isinstance(error, aiohttp.InvalidURL):
        return codes.error("the address is not a URL", "endpoint")
    if isinstance(error, aiohttp.ClientConnectorError):
        return codes.error(*_unreached(error))
    if isinstance(error, TimeoutError):
        return codes.error("no answer in time", "timeout")
    return codes.error(f"the connection broke: {type(error).__name__}", "network")


def _is_address(url: str) -> bool:
    """Whether a WebSocket may be at this address."""
    try:
        place = urlsplit(url)
        host, port = place.hostname or "", place.port
        host.encode("idna")
    except ValueError:  # also UnicodeError
        return False
    return place.scheme in ("ws", "wss", "http", "https") and host.isprintable() and host != "" and port != 0


def _unreached(error: aiohttp.ClientConnectorError) -> tuple[str, str]:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"cannot find the address of {error.host}", "network.name"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"cannot trust the certificate of {error.host}", "network.certificate"
    return f"cannot reach {error.host}: {error.strerror or 'no connection'}", "network.unreachable"


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _field(answer: Mapping[str, Any], key: str) -> str:
    value = answer.get(key)
    if isinstance(value, str) and value:
        return value
    raise codes.error(f"DingTalk answered without {key}", "incomplete")


def _now() -> float:
    return asyncio.get_running_loop().time()
