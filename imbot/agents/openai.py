"""The ``openai`` agent: any server with OpenAI's chat completions API, streamed.

The server keeps no state, so each request carries the history. ``endpoint`` makes the requests.
"""

import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imbot.agents.refusals import RefusedError
from imbot.agents.request_templates import RequestTemplate
from imbot.agents.settings import reveal, setting_error
from imbot.backoff import Backoff
from imbot.errors import AgentError
from imbot.model import AgentEvent, Exchange, Message, ReasoningDelta, TextDelta, TextReplace
from imbot.proxies import ProxyError, proxy_for
from imbot.spec import AgentSpec, Timeouts, secrets_in
from imbot.text.masking import KnownSecrets
from imbot.text.sanitize import readable

if TYPE_CHECKING:
    from imbot.agents.endpoint import Endpoint

BACKOFF_S = (1.0, 8.0)  # after the first failure, and at most

# A name, or an IPv4 address: other numbers with dots are neither
_HOST = re.compile(
    r"(?![0-9.]+\Z)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|(?:[0-9]{1,3}\.){3}[0-9]{1,3}", re.IGNORECASE
)
_LONGEST_NAME = 50  # of a speaker
_OF_THE_BODY = ("content-length", "transfer-encoding", "content-encoding")


class OpenAIAgent:
    """Asks ``{base_url}/chat/completions`` over one pool of connections."""

    wants_history = True

    def __init__(self, spec: AgentSpec, timeouts: Timeouts) -> None:
        settings = reveal(spec.settings)
        self._timeouts = timeouts
        self._url = _url(spec, settings["base_url"])
        self._headers = RequestTemplate(spec, "headers", _headers(spec, settings), ids=True)
        self._fields = _fields(spec, settings)
        self._body_map = RequestTemplate(spec, "body", settings["body"])
        file = spec.settings.get("instructions_file")
        self._instructions_file: str = file.text.strip() if file else ""
        self._instructions = RequestTemplate(spec, "instructions", settings.get("instructions", ""))
        self._thinking_tags: list[str] = settings["thinking_tags"]
        self._retries: int = settings["retries"]
        self._secrets = KnownSecrets(secrets_in(spec.settings))
        self._connected: Endpoint | None = None

    async def reply(self, message: Message, history: Sequence[Exchange]) -> AsyncGenerator[AgentEvent]:
        """One answer. A failed request is repeated only while nothing of the answer was shown."""
        import asyncio

        past, trimmed = list(history), False
        headers = self._headers.draw(message)
        failures, backoff = 0, Backoff(*BACKOFF_S)
        while True:
            shown = False
            try:
                async with aclosing(self._endpoint().ask(self._body(message, past), headers)) as events:
                    async for event in events:
                        shown = shown or isinstance(event, TextDelta | TextReplace | ReasoningDelta)
                        yield event
                return
            except AgentError as error:
                error.args = (self._secrets.cut(str(error)),)  # servers often echo the key they refuse
                if isinstance(error, RefusedError) and error.too_long and past and not (trimmed or shown):
                    past, trimmed = past[(len(past) + 1) // 2 :], True
                    continue
                failures += 1
                wait_s = self._patience_s(error, failures, backoff)
                if shown or wait_s is None or failures > self._retries:
                    raise
            await asyncio.sleep(wait_s)

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port of ``base_url``; None behind a proxy, as connections are made to that."""
        url = urlsplit(self._url)
        try:
            behind_proxy = proxy_for(self._url) is not None
        except ProxyError:
            behind_proxy = True
        if not url.hostname or behind_proxy:
            return None
        return url.hostname, url.port or (443 if url.scheme == "https" else 80)

    async def close(self) -> None:
        """Close the pool."""
        if self._connected:
            await self._connected.close()

    def _endpoint(self) -> "Endpoint":
        from imbot.agents.endpoint import Endpoint

        if self._connected is None:
            self._connected = Endpoint(self._url, {}, self._timeouts, self._thinking_tags)
        return self._connected

    def _body(self, message: Message, past: Sequence[Exchange]) -> dict[str, Any]:
        texts = (self._instructions_file, str(self._instructions.draw(message)).strip())
        instructions = "\n\n".join(filter(None, texts))
        said = [{"role": "system", "content": instructions}] if instructions else []
        for exchange in past:
            said.append({"role": "user", "content": _spoken(exchange.speaker, exchange.question)})
            said.append({"role": "assistant", "content": exchange.answer})
        speaker = message.sender.nick if message.shared else ""
        said.append({"role": "user", "content": _spoken(speaker, message.text or "")})
        own = self._body_map.draw(message)
        body = {"user": opaque_id(message.sender.id), **self._fields, **own, "messages": said}
        return {key: value for key, value in body.items() if value is not None}

    def _patience_s(self, error: AgentError, failures: int, backoff: Backoff) -> float | None:
        """How many seconds to wait before asking again; None if that would not help."""
        once = error.code == "not_an_api" and failures == 1  # a proxy may have answered in a bad moment
        if not (error.retryable or once):
            return None
        wish_s = error.retry_after_s if isinstance(error, RefusedError) else None
        if wish_s is None:
            return backoff.next()
        # A longer wait would exceed the time limit of the first event.
        return wish_s + backoff.next() * 0.1 if wish_s < self._timeouts.first_event_s else None


def _spoken(speaker: str, text: str) -> str:
    """What somebody said, with their name in front, if it is given."""
    name = " ".join(readable(speaker[:_LONGEST_NAME]).split())
    return f"{name}：{text}" if name else text


def opaque_id(sender_id: str) -> str:
    """A stable id of a person that reveals nothing about them to the server."""
    return hashlib.blake2b(sender_id.encode(), digest_size=16, person=b"imbot.user").hexdigest()


def _url(spec: AgentSpec, base_url: str) -> str:
    """The URL to post to: the base as it is given, without guessing its version; a query stays at the end."""
    try:
        url = urlsplit(base_url)
        url.port  # noqa: B018 - raises ValueError if it is not valid
    except ValueError as error:
        why = re.sub("'.*'", "it", str(error))  # without the part of the URL, which may be a password
        raise setting_error(spec, "base_url", f"not a usable URL: {why}", code="agent.base-url") from None
    if not _is_host(url.hostname or "", url.netloc):
        raise setting_error(spec, "base_url", "no host can have the name in this URL", code="agent.base-url")
    if url.username is not None:
        hint = "use `api_key`, or an `Authorization` in `headers`"
        raise setting_error(
            spec, "base_url", "a password in a URL would be visible in logs", code="agent.base-url", hint=hint
        )
    path = url.path.rstrip("/")
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return url._replace(path=path, fragment="").geturl()


def _is_host(name: str, netloc: str) -> bool:
    """Whether a host can have this name, so that a connection to it can be tried."""
    if not name.isprintable():  # such as a space without width, which the encoding below drops
        return False
    if "[" in netloc:  # an IPv6 address, which has been parsed
        return bool(re.search(r"\][0-9:]*\Z", netloc))
    try:
        name = name.encode("idna").decode()
    except UnicodeError:  # a label is empty or too long
        return False
    return bool(_HOST.fullmatch(name))


def _headers(spec: AgentSpec, settings: dict[str, Any]) -> dict[str, str]:
    """The headers of every request; compression is off, as it would delay a stream."""
    for name in settings["headers"]:
        if name.lower() in _OF_THE_BODY:
            raise setting_error(spec, f"headers/{name}", f"only imbot may set `{name}`", code="agent.headers")
    headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
    if settings.get("api_key"):
        headers["Authorization"] = f"Bearer {settings['api_key']}"
    own: dict[str, str] = settings["headers"]
    taken = {name.lower() for name in own}
    return {name: value for name, value in headers.items() if name.lower() not in taken} | own


def _fields(spec: AgentSpec, settings: dict[str, Any]) -> dict[str, Any]:
    """The keys of a request without messages and user, and without those of ``body``, which win."""
    for key in ("messages", "stream"):
        if key in settings["body"]:
            raise setting_error(spec, f"body/{key}", f"only imbot may set `{key}`", code="agent.body")
    fields: dict[str, Any] = {"model": settings["model"], "stream": True}
    if settings["include_usage"]:
        fields["stream_options"] = {"include_usage": True}
    for key in ("temperature", "max_tokens"):
        if key in settings:
            fields[key] = settings[key]
    return fields
