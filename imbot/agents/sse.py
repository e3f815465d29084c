"""Server-sent events: turns the bytes of a stream into complete events of limited size."""

from collections.abc import Sequence
from typing import NamedTuple

from imbot.errors import AgentError

LIMIT_BYTES = 2 * 1024 * 1024
"""The longest line, and the most data of one event."""


class ServerEvent(NamedTuple):
    """One dispatched event: its type (``message`` where the stream names none) and its joined data."""

    type: str
    data: str


class SseDecoder:
    """Splits a stream into events, wherever the stream is cut into chunks.

    Lines are found in the bytes and then decoded, so a chunk may end within a character. Events without data,
    such as pings, are dropped.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_cr = False
        self._at_start = True
        self._type = ""
        self._data: list[str] = []
        self._size = 0
        self._events: list[ServerEvent] = []

    def feed(self, chunk: bytes) -> Sequence[ServerEvent]:
        """The events that this chunk completes. Raises AgentError for a line or event that is too large."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        for piece in chunk.splitlines(keepends=True):
            if len(self._line) + len(piece) > LIMIT_BYTES:
                raise _too_long("line")
            if not piece.endswith((b"\n", b"\r")):
                self._line += piece
            elif self._line:
                self._end_line(self._line + piece)
            else:
                self._end_line(piece)
        return self._completed()

    def close(self) -> Sequence[ServerEvent]:
        """The event that the stream ends in: some servers close right after the last data line."""
        self._end_line(self._line)
        self._dispatch()
        return self._completed()

    def _completed(self) -> Sequence[ServerEvent]:
        events, self._events = self._events, []
        return events

    def _end_line(self, whole: bytes | bytearray) -> None:
        line = whole.decode("utf-8", "replace").rstrip("\r\n")
        self._line.clear()
        if self._at_start:
            self._at_start = False
            line = line.removeprefix("\ufeff")
        if line:
            self._take(line)
        else:
            self._dispatch()

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")  # a comment has an empty name
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._size += len(value) + 1
            if self._size > LIMIT_BYTES:
                raise _too_long("event")
            self._data.append(value)

    def _dispatch(self) -> None:
        if self._data:
            self._events.append(ServerEvent(self._type or "message", "\n".join(self._data)))
        self._type, self._data, self._size = "", [], 0


def _too_long(what: str) -> AgentError:
    return AgentError(f"the agent sent a {what} of more than {LIMIT_BYTES >> 20} MiB", code="too_long")
