"""Frames of the gateway: writes pushes and reads acks."""

import itertools
import json
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from imbot.platforms.dingtalk.simulator.values import now_ms

Verdict = Literal["matched", "strayed", "duplicate", "late", "orphan", "malformed"]

_HOST = secrets.token_hex(4)
_counter = itertools.count(0x1461DEF)


@dataclass(frozen=True, slots=True)
class Ack:
    """A client's answer to a push. ``verdict`` says how it fits to the push.

    *matched*: it fits. *strayed*: it came on another connection of the same app, which counts too. *duplicate*:
    the push was acked before. *late*: the platform had stopped waiting. *orphan*: there was no such push to this
    app. *malformed*: it has no usable ``code`` or ``messageId``, or does not repeat the data of a ping.
    """

    connection: str
    message_id: str
    code: int
    message: str
    data: str
    verdict: Verdict = "malformed"

    def content(self) -> dict[str, Any]:
        """``data`` as a mapping; empty if it is no JSON object."""
        try:
            content = json.loads(self.data)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


def new_message_id() -> str:
    """An id for one push, shaped like the captured ones."""
    return f"{_HOST}_165f_{now_ms():x}_{next(_counter):x}"


def frame(kind: str, headers: dict[str, str], data: str) -> str:
    """One frame as text; ``data`` is a JSON string already."""
    headers = {"contentType": "application/json", "time": str(now_ms()), **headers}
    content = {"specVersion": "1.0", "type": kind, "headers": headers, "data": data}
    # Lone surrogates, which people's clients may send, can only be sent as escapes.
    return json.dumps(content, ensure_ascii=any("\ud800" <= sign <= "\udfff" for sign in data))


def read_ack(connection: str, text: str) -> Ack:
    """Read a client's frame; one that is no ack comes back as malformed."""
    try:
        content = json.loads(text)
        code, message_id = content["code"], content["headers"]["messageId"]
    except (ValueError, KeyError, TypeError):
        return Ack(connection, "", 0, "", text)
    data = content.get("data", "")
    if not (isinstance(code, int) and isinstance(message_id, str) and isinstance(data, str)):
        return Ack(connection, str(message_id), 0, "", text)
    return Ack(connection, message_id, code, str(content.get("message", "")), data, "matched")
