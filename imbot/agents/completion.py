"""Reads the answers of OpenAI-compatible servers as agent events.

There is no network here: ``endpoint`` passes what arrives. All differences between vendors are handled in
this file: two names for reasoning, inline ``<think>``, three forms of errors.
"""

import json
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from operator import itemgetter
from typing import Any

from imbot.agents.answer_text import AnswerText
from imbot.agents.citations import Citations
from imbot.agents.tokens import token_count
from imbot.errors import AgentError
from imbot.model import (
    AgentEvent,
    Finished,
    FinishReason,
    Started,
    Usage,
)
from imbot.text.masking import shortened
from imbot.text.sanitize import readable

logger = logging.getLogger(__name__)

MOST_PARTS = 50_000  # objects and lists of one document: parsing more would block all other bots

_REASONS: Mapping[str, FinishReason] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "max_length": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "content_filter": "content_filter",
    "sensitive": "content_filter",  # GLM
    "safety": "content_filter",  # Gemini, and the next two
    "recitation": "content_filter",
    "prohibited_content": "content_filter",
    "refusal": "content_filter",  # Claude
}
_FEW_KEYS, _LONGEST_KEY = 5, 30  # of a foreign document that are named
_JSON = json.JSONDecoder()  # for every piece of every answer
_BROKEN = frozenset({"abort", "error", "insufficient_system_resource", "network_error"})
_NO_CREDIT = frozenset({"insufficient_quota", "exceeded_current_quota_error", "insufficient_balance"})
_PASSING = re.compile(r"overload|throttl|rate.?limit|server.?error|unavailable|timeout", re.IGNORECASE)
_TOO_LONG = re.compile(
    r"context.?(length|window|size)|maximum context|input length|prompt is too long", re.IGNORECASE
)


class RefusedError(AgentError):
    """The server refused.

    ``status`` is of HTTP, 0 within a stream; ``retry_after_s`` is the wait it asks for.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 0,
        retryable: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, retryable=retryable, status=status)
        self.retry_after_s = retry_after_s

    @property
    def too_long(self) -> bool:
        """Whether the question with its history is too long for the model."""
        return self.status in (0, 400, 413, 422) and bool(_TOO_LONG.search(f"{self.code} {self}"))


class Completion:
    """One answer while it arrives: call ``read`` for each piece of data, then ``end``."""

    def __init__(self, thinking_tags: Collection[str] = ()) -> None:
        self.done = False  # whether the server's end mark, [DONE], has come
        self.recognised = False  # whether anything was part of a chat completion
        self.heard = 0  # how many documents were
        self._reason = ""
        self._text = AnswerText(thinking_tags)
        self._citations = Citations()
        self._number: int | None = None  # of the choice that is read
        self._usage: Usage | None = None
        self._started = False

    @property
    def complete(self) -> bool:
        """Whether the answer is complete if nothing more comes. What comes may show that it was not."""
        return self.done or bool(self._reason)

    @property
    def over(self) -> bool:
        """Whether the server says that nothing more comes."""
        return self.done or self._reason in _BROKEN

    def read(self, data: str) -> Iterable[AgentEvent]:
        """The events in one JSON document, or in the data of one server-sent event. Raises RefusedError."""
        if not data.startswith("{") and data.strip().strip('"') == "[DONE]":  # some servers quote it
            self.done = True
        if self.done:
            return ()
        try:
            document = _document(data)
        except (ValueError, RecursionError):
            logger.warning("skipped %d characters of an answer that are not usable JSON", len(data))
            return ()
        if refusal := refusal_in(document):
            raise refusal
        return self._read(document) if isinstance(document, dict) else ()

    def end(self) -> Iterator[AgentEvent]:
        """The last events. Raises AgentError if the answer broke off or is empty."""
        yield from self._text.close()
        if not self.complete or self._reason in _BROKEN:
            raise AgentError("the answer broke off", code="interrupted", retryable=True)
        yield from self._citations
        if self._usage:
            yield self._usage
        reason = _REASONS.get(self._reason.lower().replace("-", "_"), "stop")
        if not self._text.said:
            why = self._reason or "no reason given"
            code = "content_filter" if reason == "content_filter" else "empty"
            raise AgentError(f"the model returned an empty answer ({why})", code=code)
        yield Finished(reason)

    def _read(self, document: Mapping[str, Any]) -> Iterator[AgentEvent]:
        if not self._started and _text(document.get("id")):
            self._started = True
            yield Started(message_id=_text(document["id"]))
        self._usage = _usage(document.get("usage")) or self._usage
        self._citations.read(document)
        choices = document.get("choices")
        if isinstance(choices, list):
            self.recognised = True
            self.heard += 1
        if choice := self._chosen(choices):
            yield from self._read_choice(choice)

    def _chosen(self, choices: Any) -> Mapping[str, Any] | None:
        """The first of several answers, whatever its number; later pieces of it have the same number or none."""
        numbered: list[tuple[int, Mapping[str, Any]]] = []
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                number = choice.get("index")
                numbered.append((number if type(number) is int else self._number or 0, choice))
        if not numbered:
            return None
        number, choice = min(numbered, key=itemgetter(0))
        if self._number is None:
            self._number = number
        return choice if number == self._number else dict(numbered).get(self._number)

    def _read_choice(self, choice: Mapping[str, Any]) -> Iterator[AgentEvent]:
        reason = _text(choice.get("finish_reason"))
        delta, message = choice.get("delta"), choice.get("message")
        for part in (choice, delta, message):
            if isinstance(part, dict):
                self._citations.read(part)
        if isinstance(delta, dict):
            reasoning, text = _reasoning_in(delta), _text_in(delta)
            if not (text or reasoning) and isinstance(message, dict) and message:
                delta = None
        if isinstance(delta, dict):
            news = self._text.news(text, last=bool(reason))
            if news.strip() or reasoning.strip() or delta.get("tool_calls"):
                self._reason = ""  # an end that was believed before was none
            yield from self._text.reason(reasoning)
            yield from self._text.add(news)
        elif isinstance(message, dict):
            yield from self._text.replace(_text_in(message), _reasoning_in(message))
        self._reason = reason or self._reason


def form_of(text: str) -> str:
    """What a document is that was to be a chat completion: its form and the keys that are on top."""
    try:
        document = _document(text)
    except (ValueError, RecursionError):
        return "something that is not usable JSON" if text.strip() else "an empty document"
    if not isinstance(document, dict):
        return f"a JSON {'list' if isinstance(document, list) else 'value'}"
    keys = ", ".join(f"`{readable(key[:_LONGEST_KEY])}`" for key in list(document)[:_FEW_KEYS])
    return f"a JSON object with {keys or 'nothing'}"


def refusal_in(document: Any, status: int = 0, retry_after_s: float | None = None) -> RefusedError | None:
    """The error in a document, in any of the known forms; None if there is none."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if isinstance(error, dict) and error:
        return _refusal(error, status, retry_after_s)
    if isinstance(error, str) and error:
        return _refusal({**document, "message": error}, status, retry_after_s)
    if "choices" not in document and _text(document.get("message")):
        return _refusal(document, status, retry_after_s)
    return None


def refusal_of(status: int, reason: str, body: str, retry_after: str | None) -> RefusedError:
    """The error for an HTTP status and body, which may be anything."""
    wish = parse_retry_after(retry_after)
    try:
        told = refusal_in(json.loads(body), status, wish)
    except (ValueError, RecursionError):
        told = None
    return told or _refusal({"message": reason}, status, wish)


def parse_retry_after(header: str | None) -> float | None:
    """The seconds of a ``Retry-After`` header, which holds a number or a date; None if it is neither."""
    try:
        return max(0.0, float(header or ""))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _refusal(error: Mapping[str, Any], status: int, retry_after_s: float | None) -> RefusedError:
    words = [word for key in ("code", "type") if (word := str(error.get(key) or ""))]
    number = status or next((int(word) for word in words if re.fullmatch("[45][0-9][0-9]", word)), 0)
    passing = number in (408, 409, 429) or number >= 500 or (not number and _PASSING.search(" ".join(words)))
    number_code = words[0] if words else f"http_{number}" if number else "error"
    code = next((word for word in words if not word.isdecimal()), number_code)
    message = shortened(_text(error.get("message")) or code, 500)
    return RefusedError(
        f"{message} (HTTP {status})" if status else message,
        code=code,
        status=status,
        retryable=bool(passing) and _NO_CREDIT.isdisjoint(words),
        retry_after_s=retry_after_s,
    )


def _document(data: str) -> Any:
    """Parse a JSON document. Raises ValueError if it is not valid, or too large to be parsed in a moment."""
    if data.count("{") + data.count("[") > MOST_PARTS:
        raise ValueError("too many parts")
    return _JSON.decode(data)


def _text(value: Any) -> str:
    """A text, or the texts of a list of parts joined; empty for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = (part for part in value if isinstance(part, dict) and part.get("type") == "text")
        return "".join(str(part.get("text") or "") for part in parts)
    return ""


def _text_in(said: Mapping[str, Any]) -> str:
    """The text of a piece or message; a refusal is text, and some servers send it in both places."""
    content, refusal = _text(said.get("content")), _text(said.get("refusal"))
    return content if content == refusal else content + refusal


def _reasoning_in(said: Mapping[str, Any]) -> str:
    """The reasoning of a piece or message, which has two names; some servers use both."""
    return _text(said.get("reasoning_content")) or _text(said.get("reasoning"))


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    prompt = token_count(value.get("prompt_tokens", value.get("input_tokens")))
    completion = token_count(value.get("completion_tokens", value.get("output_tokens")))
    return Usage(prompt, completion) if prompt or completion else None
