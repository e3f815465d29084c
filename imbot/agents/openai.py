"""The ``openai`` agent: any server that speaks OpenAI's chat completions, streamed.

Asked once a turn, with the history it was told, for the server remembers nothing. ``completion``
reads what comes back, ``sse`` cuts it into events.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from imbot.agents.completion import Completion, RefusedError, refusal_of
from imbot.agents.settings import reveal, setting_error
from imbot.agents.sse import LIMIT_BYTES, SseDecoder
from imbot.errors import AgentError
from imbot.model import AgentEvent, Exchange, Message, ReasoningDelta, TextDelta, TextReplace
from imbot.pacing import Backoff
from imbot.spec import AgentSpec, Timeouts, secrets_in

if TYPE_CHECKING:
    import aiohttp

BACKOFF_S = (1.0, 8.0)  # after the first failure, and at most
ERROR_BYTES = 64 * 1024  # of an error's text, more is not worth reading
SLICE_BYTES = 8 * 1024  # of a stream, read without a pause for others
USAGE_WAIT_S = 2.0  # after the last word, for the usage and the mark of the end
CLOSE_WAIT_S = 0.1  # after the mark of the end, so that the connection can be used again


class OpenAIAgent:
    """Asks ``{base_url}/chat/completions`` over one pool of connections."""

    wants_history = True

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:
        settings = reveal(spec.settings)
        self._timeouts = timeouts
        self._url = _endpoint(spec, settings["base_url"])
        self._headers = _headers(settings)
        self._fields = _fields(spec, settings)
        self._instructions = _instructions(spec)
        self._retries: int = settings["retries"]
        self._secrets = sorted(secrets_in(spec.settings), key=len, reverse=True)
        self._session: aiohttp.ClientSession | None = None

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """One answer. Tried again only while nobody has seen any of it."""
        past, trimmed = list(history), False
        failures, backoff = 0, Backoff(*BACKOFF_S)
        while True:
            shown = False
            try:
                async with aclosing(self._ask(self._body(message, past))) as events:
                    async for event in events:
                        shown = shown or isinstance(event, TextDelta | TextReplace | ReasoningDelta)
                        yield event
                return
            except AgentError as error:
                error.args = (self._censored(str(error)),)
                if isinstance(error, RefusedError) and error.too_long and past and not (trimmed or shown):
                    past, trimmed = past[(len(past) + 1) // 2 :], True
                    continue
                failures += 1
                wait_s = self._patience_s(error, backoff)
                if shown or wait_s is None or failures > self._retries:
                    raise
            await asyncio.sleep(wait_s)

    @property
    def address(self) -> tuple[str, int] | None:
        """That of ``base_url``; None behind a proxy, which is what connections are made to."""
        url = urlsplit(self._url)
        if not url.hostname or getproxies():
            return None
        return url.hostname, url.port or (443 if url.scheme == "https" else 80)

    async def close(self) -> None:
        """Close the pool."""
        if self._session:
            await self._session.close()

    async def _ask(self, body: dict[str, Any]) -> AsyncGenerator[AgentEvent]:
        import aiohttp

        completion = Completion()
        await asyncio.sleep(0)  # whoever asks may have something to send as well, which people see sooner
        try:
            async with self._pool().post(
                self._url, json=body, headers=self._headers, allow_redirects=False
            ) as response:
                await _expect_answer(response)
                read = _read_document if response.content_type == "application/json" else _read_stream
                async with aclosing(read(response, completion)) as events:
                    async for event in events:
                        yield event
        except (aiohttp.ClientError, OSError) as error:
            # Not chained: some of these print the whole URL, and that may carry a key.
            raise self._unreachable(error) from None
        for event in completion.end():
            yield event

    def _pool(self) -> "aiohttp.ClientSession":
        import aiohttp

        if self._session is None:
            # How long an answer may take and be silent is not decided here, and how many run at
            # once neither; cookies would mix the people who ask.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect_s),
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=bool(getproxies()),
            )
        return self._session

    def _body(self, message: Message, past: Sequence[Exchange]) -> dict[str, Any]:
        said = [{"role": "system", "content": self._instructions}] if self._instructions else []
        for exchange in past:
            said.append({"role": "user", "content": exchange.question})
            said.append({"role": "assistant", "content": exchange.answer})
        said.append({"role": "user", "content": message.text or ""})
        body = {"user": opaque_id(message.sender.id), **self._fields, "messages": said}
        return {key: value for key, value in body.items() if value is not None}

    def _patience_s(self, error: AgentError, backoff: Backoff) -> float | None:
        """How long to wait before asking again; None: it would not help."""
        if not error.retryable:
            return None
        wish_s = error.retry_after_s if isinstance(error, RefusedError) else None
        if wish_s is None:
            return backoff.next()
        # Nobody waits longer than that for a first word.
        return wish_s + backoff.next() * 0.1 if wish_s < self._timeouts.first_event_s else None

    def _unreachable(self, error: Exception) -> AgentError:
        host = urlsplit(self._url).netloc
        if isinstance(error, TimeoutError):
            text = f"no connection to {host} within {self._timeouts.connect_s:g} s"
            return AgentError(text, code="timeout.connect", retryable=True)
        why = str(error) if isinstance(error, OSError) else type(error).__name__
        return AgentError(f"connection to {host} failed: {why}", code="connection", retryable=True)

    def _censored(self, text: str) -> str:
        """The text without our secrets: servers like to repeat the key they refuse."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def opaque_id(sender_id: str) -> str:
    """A stable name of a person that tells the server nothing about them."""
    return hashlib.blake2b(sender_id.encode(), digest_size=16, person=b"imbot.user").hexdigest()


async def _expect_answer(response: "aiohttp.ClientResponse") -> None:
    """Raises RefusedError for everything that cannot be an answer, before any of it is parsed."""
    if response.status != 200:
        body = await _read_text(response, ERROR_BYTES)
        reason = response.reason or "refused"
        if 300 <= response.status < 400:
            reason = f"base_url is redirected to {response.headers.get('Location', 'nowhere')}"
        elif response.status == 404:
            reason = f"there is no {response.url.path}: does base_url lack its version, such as /v1?"
        raise refusal_of(response.status, reason, body, response.headers.get("Retry-After"))
    if response.content_type == "text/html":
        raise RefusedError(
            "the server answered with a web page: is base_url right?", code="not_an_api", status=200
        )


async def _read_document(
    response: "aiohttp.ClientResponse", completion: Completion
) -> AsyncGenerator[AgentEvent]:
    """An answer, or an error, that came whole although a stream was asked for."""
    for event in completion.read(await _read_text(response, LIMIT_BYTES)):
        yield event
    completion.done = True


async def _read_stream(
    response: "aiohttp.ClientResponse", completion: Completion
) -> AsyncGenerator[AgentEvent]:
    decoder, unpaused = SseDecoder(), 0
    while chunk := await _next_chunk(response, completion):
        for start in range(0, len(chunk), SLICE_BYTES):
            piece = chunk[start : start + SLICE_BYTES]
            for frame in decoder.feed(piece):
                for event in completion.read(frame.data):
                    yield event
            unpaused += len(piece)
            if unpaused >= SLICE_BYTES:  # which may hold thousands of lines that say nothing
                unpaused = 0
                await asyncio.sleep(0)
    for frame in decoder.close():
        for event in completion.read(frame.data):
            yield event


async def _next_chunk(response: "aiohttp.ClientResponse", completion: Completion) -> bytes:
    """More of the stream; nothing at its end, or when a complete answer is not followed up soon."""
    import aiohttp

    try:
        if not completion.complete:  # how long the agent may be silent is not decided here
            return await response.content.readany()
        async with asyncio.timeout(CLOSE_WAIT_S if completion.done else USAGE_WAIT_S):
            return await response.content.readany()
    except (aiohttp.ClientError, OSError):
        return b""  # cut off: whether that matters, the completion knows


async def _read_text(response: "aiohttp.ClientResponse", limit: int) -> str:
    read = bytearray()
    while len(read) < limit and (chunk := await response.content.readany()):
        read += chunk
    return read[:limit].decode("utf-8", "replace")


def _endpoint(spec: AgentSpec, base_url: str) -> str:
    """Where to post: the base as it is given, never a guess at its version; a query stays at the end."""
    try:
        url = urlsplit(base_url)
        url.port  # noqa: B018 - judged when it is read
    except ValueError as error:
        raise setting_error(spec, "base_url", f"not a usable URL: {error}", code="agent.base-url") from None
    if url.username is not None:
        hint = "use `api_key`, or an `Authorization` in `headers`"
        raise setting_error(
            spec, "base_url", "a URL is no place for a password", code="agent.base-url", hint=hint
        )
    path = url.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return url._replace(path=path, fragment="").geturl()


def _headers(settings: dict[str, Any]) -> dict[str, str]:
    """What every request carries. Compression and buffering would hold a stream back."""
    headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
    if settings.get("api_key"):
        headers["Authorization"] = f"Bearer {settings['api_key']}"
    own: dict[str, str] = settings["headers"]
    taken = {name.lower() for name in own}
    return {name: value for name, value in headers.items() if name.lower() not in taken} | own


def _fields(spec: AgentSpec, settings: dict[str, Any]) -> dict[str, Any]:
    """The request but for its messages and its user; ``body`` has the last word."""
    for key in ("messages", "stream"):
        if key in settings["body"]:
            raise setting_error(spec, f"body/{key}", f"{key} is not yours to set", code="agent.body")
    fields: dict[str, Any] = {"model": settings["model"], "stream": True}
    if settings["include_usage"]:
        fields["stream_options"] = {"include_usage": True}
    for key in ("temperature", "max_tokens"):
        if key in settings:
            fields[key] = settings[key]
    return {**fields, **settings["body"]}


def _instructions(spec: AgentSpec) -> str:
    """The text of the file, then the text in the bot file."""
    file = spec.settings.get("instructions_file")
    texts = (file.text if file else "", reveal(spec.settings.get("instructions", "")))
    return "\n\n".join(text.strip() for text in texts if text.strip())
