"""Reads what DingTalk pushes: turns payloads into ``Message`` and ``CardAction``.

``stream.py`` receives the payloads, and ``gateway.py`` hands the values on. Real payloads do not always have the
shapes that the platform documents, so reading is tolerant.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from imbot.model import CardAction, ConversationKind, Message, Sender
from imbot.text.sanitize import readable

# The keys that hold the text of a message. Pictures and stickers have none; a quoted text has "text", not "content".
TEXT_KEYS = ("content", "text", "recognition", "summary")
REPEATED_MENTION = re.compile(r"@\S+\s*")


class MalformedError(ValueError):
    """A push that lacks what it needs; the text says what."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an answer goes: the content of ``Message.address`` and ``CardRef.address``.

    ``organisation`` is the corp id of the robot's organisation, in whose month calls count. ``staff_id`` is empty
    for outsiders and unpublished robots. Whoever knows ``webhook`` can send to the conversation until
    ``webhook_until`` (epoch seconds), so it is never shown.
    """

    robot_code: str
    conversation_id: str
    kind: ConversationKind
    staff_id: str = ""
    webhook: str = field(default="", repr=False)
    webhook_until: float = 0.0
    organisation: str = ""


_ADDRESS = tuple(each.name for each in fields(Address))


def quota_notice(data: Mapping[str, Any]) -> str | None:
    """The platform's words if this push says that the organisation's quota is used up.

    Such a push looks like a message without any content; its exact keys are not documented.
    """
    if "text" in data or "content" in data:
        return None
    code = str(data.get("code") or data.get("errorCode") or "")
    words = data.get("errorMessage") or data.get("errMsg")
    if code != "20001" and not words and data.get("msgtype") != "text":
        return None
    return f"{words or 'no content'} [{code or '20001'}]"


def parse_message(
    data: Mapping[str, Any], *, client_id: str, robot_code: str = "", received_at: float
) -> Message:
    """The message in a push of the bot topic.

    A ``robot_code`` given here wins over the push's own. Raises MalformedError for a push that is no message.
    """
    kind: ConversationKind = "group" if str(data.get("conversationType")) == "2" else "single"
    address = Address(
        robot_code=robot_code or _text(data, "robotCode") or client_id,
        conversation_id=_required(data, "conversationId"),
        kind=kind,
        staff_id=_text(data, "senderStaffId"),
        webhook=_text(data, "sessionWebhook"),
        webhook_until=_seconds(data.get("sessionWebhookExpiredTime")),
        organisation=_text(data, "chatbotCorpId") or _text(data, "senderCorpId"),
    )
    return Message(
        id=_required(data, "msgId"),
        conversation_id=address.conversation_id,
        conversation_kind=kind,
        sender=Sender(address.staff_id or _text(data, "senderId"), _text(data, "senderNick")),
        text=_message_text(data, kind),
        received_at=received_at,
        conversation_title=_text(data, "conversationTitle"),
        address={name: getattr(address, name) for name in _ADDRESS},
    )


def parse_action(data: Mapping[str, Any]) -> CardAction:
    """The click in a push of the card topic. Raises MalformedError for a push that names no card."""
    content = _object(data.get("content")) or _object(data.get("value"))
    places = [
        _object(content.get("cardPrivateData")),
        _object(_object(content.get("actionData")).get("cardPrivateData")),
        _object(_object(data.get("actionData")).get("cardPrivateData")),
        _object(data.get("cardPrivateData")),
        content,
        data,
    ]
    return CardAction(
        card_id=_required(data, "outTrackId"),
        id=next(filter(None, map(_action_id, places)), ""),
        user_id=_text(data, "userId"),
        params=next(filter(None, (_object(place.get("params")) for place in places)), {}),
    )


def _message_text(data: Mapping[str, Any], kind: ConversationKind) -> str | None:
    body = _object(data.get("text")) or _object(data.get("content"))
    text = _read(body, mentioned=kind == "group")
    if not text and data.get("msgtype") != "text":
        return None
    quoted = _quoted(body)
    if quoted:
        return "\n".join([text or "", "", *(f"> {line}" for line in quoted.splitlines())]).strip()
    return text


def _read(body: Mapping[str, Any], *, mentioned: bool = False) -> str | None:
    """The text in the body of a message of any type, trimmed; None if there is none."""
    segments = body.get("richText")
    if isinstance(segments, list):
        return _rich_text([_object(segment) for segment in segments], mentioned=mentioned)
    words = (body.get(key) for key in TEXT_KEYS)
    return next((readable(text).strip() for text in words if isinstance(text, str)), None)


def _rich_text(segments: list[Mapping[str, Any]], *, mentioned: bool) -> str:
    words: list[str] = []
    for place, segment in enumerate(segments):
        if segment.get("type") == "at":
            words.append(f"@{_text(segment, 'atName')} ")
        else:
            words.append(_text(segment, "text"))
        # Some clients repeat the mention of the bot as the first segment.
        if mentioned and place == 0 and REPEATED_MENTION.fullmatch(words[0]):
            words.clear()
            mentioned = False
    return "".join(words).strip()


def _quoted(body: Mapping[str, Any]) -> str | None:
    replied = _object(body.get("repliedMsg")) if body.get("isReplyMsg") else {}
    content = replied.get("content")
    plain = {"text": content} if isinstance(content, str) else {}
    return _read(_object(content) or plain)


def _action_id(place: Mapping[str, Any]) -> str:
    ids = place.get("actionIds")
    if isinstance(ids, list) and ids:
        return str(ids[0])
    return _text(place, "actionId")


def _object(value: Any) -> Mapping[str, Any]:
    """A JSON object that came as a mapping or as a string of JSON; empty for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return readable(value) if isinstance(value, str) else ""


def _required(data: Mapping[str, Any], key: str) -> str:
    if value := _text(data, key):
        return value
    raise MalformedError(f"it has no {key}")


def _seconds(milliseconds: Any) -> float:
    try:
        return float(milliseconds) / 1000
    except (TypeError, ValueError):
        return 0.0
