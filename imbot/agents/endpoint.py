"""The connection to a server of chat completions: one pool of connections, streams, and errors.

``openai`` decides what is asked and how often, ``sse`` splits the stream into events, ``completion`` reads
them.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from imbot.agents.completion import Completion
from imbot.agents.refusals import RefusedError, no_completion, refusal_of
from imbot.agents.sse import LIMIT_BYTES, SseDecoder
from imbot.descriptors import FOR_FILES, sockets, why_none
from imbot.errors import AgentError
from imbot.model import AgentEvent, Alive
from imbot.proxies import ProxyError, proxy_for
from imbot.spec import Timeouts
from imbot.text.masking import cut_urls

ERROR_BYTES = 64 * 1024  # how much of an error's body is read
SLICE_BYTES = 8 * 1024  # of a stream, processed before other tasks may run
_TLS = {
    "tls.plain": "the server speaks http, not https",
    "tls.needed": "the server speaks https, not http",
    "tls.certificate": "its certificate is not accepted",
    "tls.refused": "the server refuses it",
}
_NO_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL"}
_ALERT = re.compile(r"(\\x15|\x15)(\\x03|\x03)")  # the first bytes of what a server that expects TLS sends
_HTTPS_WANTED = re.compile(r"HTTP request (?:was sent )?to (?:an )?HTTPS (?:port|server)")  # of nginx, of Go
_STREAM = "text/event-stream"
_BEGINS_A_STREAM = re.compile(
    r"\s*(?::|(?:data|event|id|retry)\b|(?:d|da|dat|e|ev|eve|even|i|r|re|ret|retr)\Z)"
)
CLOSE_WAIT_S = 0.1  # after the end mark, for the end of the response, so that the connection can be reused


class Endpoint:
    """One URL with its headers and its connection pool. Make it in a running event loop."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        timeouts: Timeouts,
        thinking_tags: Collection[str] = (),
    ) -> None:
        self._thinking_tags = thinking_tags
        self._url = url
        self._headers = headers
        self._timeouts = timeouts
        # Time limits of answers, and how many run at once, are decided by the callers. Without cookies, which
        # would mix the people who ask.
        self._pool = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=timeouts.connect_s),
            connector=aiohttp.TCPConnector(limit=0, socket_factory=sockets(FOR_FILES)),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def ask(
        self, body: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[AgentEvent]:
        """Post a request, with further headers; yields the events of the answer. Raises AgentError."""
        completion = Completion(self._thinking_tags)
        await asyncio.sleep(0)  # let the caller send the first card before: people see it sooner
        try:
            async with self._pool.post(
                self._url,
                json=body,
                headers={**self._headers, **(headers or {})},
                allow_redirects=False,
                proxy=proxy_for(self._url),
            ) as response:
                await _expect_answer(response)
                async with aclosing(_read(response, completion, self._timeouts)) as events:
                    async for event in events:
                        yield event
        except (aiohttp.ClientError, OSError) as error:
            # Not chained: some of these errors print the whole URL, which may hold a key.
            raise self._unreachable(error) from None
        for event in completion.end():
            yield event

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    def _unreachable(self, error: Exception) -> AgentError:
        host = urlsplit(self._url).netloc
        if isinstance(error, ProxyError):
            return AgentError(f"no connection to {host}: {error}", code="proxy")
        if isinstance(error, TimeoutError):
            text = f"no connection to {host} within {self._timeouts.connect_s:g} s"
            return AgentError(text, code="timeout.connect", retryable=True)
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            text = f"the name of {host} does not resolve"
            return AgentError(text, code="connection.name", retryable=True)
        if code := _tls_trouble(error):
            return AgentError(f"no encrypted connection to {host}: {_TLS[code]}", code=code)
        if none_left := why_none(error):
            return AgentError(f"no connection to {host}: {none_left}", code="descriptors", retryable=True)
        why = str(error) if isinstance(error, OSError) else type(error).__name__
        return AgentError(f"connection to {host} failed: {why}", code="connection", retryable=True)


def _tls_trouble(error: Exception) -> str:
    """The code of a failure to encrypt, or of encryption that was left out; empty for any other error."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "tls.certificate"
    if isinstance(error, aiohttp.ClientSSLError):
        reason = getattr(error.os_error, "reason", None) or ""
        return "tls.plain" if reason in _NO_TLS else "tls.refused"
    refused = isinstance(error, aiohttp.ClientResponseError) and _ALERT.search(error.message)
    return "tls.needed" if refused else ""


async def _expect_answer(response: aiohttp.ClientResponse) -> None:
    """Raises RefusedError for every response that cannot be an answer, before parsing it."""
    if not 200 <= response.status < 300:
        body = await _read_text(response, ERROR_BYTES)
        reason = response.reason or "refused"
        if response.status == 400 and _HTTPS_WANTED.search(body):
            raise RefusedError(
                f"no encrypted connection to {response.url.host}: {_TLS['tls.needed']}", code="tls.needed"
            )
        advice = ""
        if 300 <= response.status < 400:
            advice = f"base_url is redirected to {_shown(response.headers.get('Location', 'nowhere'))}"
        elif response.status == 404:
            advice = f"there is no {response.url.path}: does base_url lack its version, such as /v1?"
        raise refusal_of(response.status, reason, body, response.headers.get("Retry-After"), advice)


def _shown(location: str) -> str:
    """Where a redirect leads, without its query, which may hold a token."""
    return re.split(r"[?\#]", cut_urls(location), maxsplit=1)[0]


async def _read(
    response: aiohttp.ClientResponse, completion: Completion, timeouts: Timeouts
) -> AsyncGenerator[AgentEvent]:
    """The events of a stream, or of one document, whatever its type says: servers send each for the other."""
    decoder, unpaused, begins = SseDecoder(), 0, bytearray()
    async with aclosing(_chunks(response, completion, timeouts)) as chunks:
        async for chunk in chunks:
            if not completion.recognised and len(begins) < LIMIT_BYTES:
                begins += chunk  # which may turn out to be no stream
            silent = True
            for start in range(0, len(chunk), SLICE_BYTES):
                piece = chunk[start : start + SLICE_BYTES]
                for frame in decoder.feed(piece):
                    for event in completion.read(frame.data):
                        silent = False
                        yield event
                unpaused += len(piece)
                if unpaused >= SLICE_BYTES:  # which may be thousands of lines without an event
                    unpaused = 0
                    await asyncio.sleep(0)
            if silent:
                yield Alive(begun=completion.recognised)
    for frame in decoder.close():
        for event in completion.read(frame.data):
            yield event
    if not completion.recognised:
        text = begins.decode("utf-8", "replace")
        begun = bool(_BEGINS_A_STREAM.match(text) if text.strip() else response.content_type == _STREAM)
        if not begun:
            for event in completion.read_body(text):
                yield event
        if not completion.recognised and not completion.done and (completion.foreign or not begun):
            raise no_completion(response.content_type, text, response.status)


async def _chunks(
    response: aiohttp.ClientResponse, completion: Completion, timeouts: Timeouts
) -> AsyncGenerator[bytes]:
    """The stream in chunks, some of them empty.

    It ends where the server ends it, and soon after its end mark. An answer may only seem complete: many servers go
    on, for example when a tool of theirs has run. So more is waited for as long as ``timeouts.idle_s``, and while
    only comments come, as long as ``timeouts.queued_s``.
    """
    loop = asyncio.get_running_loop()
    heard, until, waited = -1, 0.0, False
    while True:
        wait_s: float | None = None  # the caller limits how long the agent may be silent
        if completion.over:
            wait_s = CLOSE_WAIT_S
        elif completion.complete:
            if heard != completion.heard:
                heard, until = completion.heard, loop.time() + max(timeouts.queued_s, timeouts.idle_s)
            # Half of the time, twice: the empty chunk in between tells the caller that this is no silence.
            wait_s = min(timeouts.idle_s / 2, until - loop.time())
        try:
            async with asyncio.timeout(wait_s) as limit:
                chunk = await response.content.readany()
        except (aiohttp.ClientError, OSError):  # cut off, which ``Completion.end`` judges, or nothing came
            if not limit.expired() or waited or completion.over:
                return
            waited, chunk = True, b""
        else:
            waited = False
            if not chunk:
                return
        yield chunk


async def _read_text(response: aiohttp.ClientResponse, limit: int) -> str:
    read = bytearray()
    while len(read) < limit and (chunk := await response.content.readany()):
        read += chunk
    return read[:limit].decode("utf-8", "replace")
