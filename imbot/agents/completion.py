"""Reads the answers of OpenAI-compatible servers as agent events.

There is no network here: ``endpoint`` passes what arrives. All differences between vendors are handled in
this file: two names for reasoning, inline ``<think>``, three forms of errors.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from imbot.agents.answer_text import AnswerText
from imbot.agents.citations import Citations
from imbot.agents.documents import joined_text, parsed
from imbot.agents.refusals import refusal_in
from imbot.agents.tokens import token_count
from imbot.errors import AgentError
from imbot.model import (
    AgentEvent,
    Finished,
    FinishReason,
    Started,
    Usage,
)

logger = logging.getLogger(__name__)

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
_BROKEN = frozenset({"abort", "error", "insufficient_system_resource", "network_error"})


class Completion:
    """One answer while it arrives: call ``read`` for each piece of data, then ``end``."""

    def __init__(self, thinking_tags: Collection[str] = ()) -> None:
        self.done = False  # whether the server's end mark, [DONE], has come
        self.recognised = False  # whether anything was part of a chat completion
        self.heard = 0  # how many documents were
        self.foreign = 0  # how many were not
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
            document = parsed(data)
        except (ValueError, RecursionError):
            logger.warning("skipped %d characters of an answer that are not usable JSON", len(data))
            return ()
        if refusal := refusal_in(document):
            raise refusal
        return self._read(document) if isinstance(document, dict) else ()

    def read_body(self, text: str) -> Iterator[AgentEvent]:
        """The events of a body that is no stream of events: one JSON document, or one on each line."""
        try:
            parsed(text)
        except (ValueError, RecursionError):
            documents = [line for line in text.splitlines() if line.strip()]
        else:
            documents = [text]
        for document in documents:
            yield from self.read(document)
        self.done = self.done or (self.recognised and len(documents) == 1)

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
        if not self._started and joined_text(document.get("id")):
            self._started = True
            yield Started(message_id=joined_text(document["id"]))
        self._usage = _usage(document.get("usage")) or self._usage
        self._citations.read(document)
        choices = document.get("choices")
        if isinstance(choices, list):
            self.recognised = True
            self.heard += 1
        else:
            self.foreign += 1
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
        reason = joined_text(choice.get("finish_reason"))
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


def _text_in(said: Mapping[str, Any]) -> str:
    """The text of a piece or message; a refusal is text, and some servers send it in both places."""
    content, refusal = joined_text(said.get("content")), joined_text(said.get("refusal"))
    return content if content == refusal else content + refusal


def _reasoning_in(said: Mapping[str, Any]) -> str:
    """The reasoning of a piece or message, which has two names; some servers use both."""
    return joined_text(said.get("reasoning_content")) or joined_text(said.get("reasoning"))


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    prompt = token_count(value.get("prompt_tokens", value.get("input_tokens")))
    completion = token_count(value.get("completion_tokens", value.get("output_tokens")))
    return Usage(prompt, completion) if prompt or completion else None
