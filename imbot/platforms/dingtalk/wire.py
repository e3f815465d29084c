"""Reads what DingTalk pushes: turns payloads into ``Message`` and ``CardAction``.

``stream.py`` receives the payloads, and ``gateway.py`` hands the values on. Real payloads do not always have the
shapes that the platform documents, so reading is tolerant.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from imbot.model import CardAction, ConversationKind, Message, Sender
from imbot.platforms.dingtalk.content import json_object, msgtype_of, shown_as_text, unread_in, words_of
from imbot.text.quotes import as_quote, with_quote
from imbot.text.sanitize import readable

_MENTION = re.compile(r"\s*@\S+\s*")
_MENTION_OF_COMMAND = re.compile(r"\A\s*@\S+\s+(?=/)")


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
    text = _message_text(data, kind)
    quote = as_quote(_quoted(data)) if text is not None else ""
    return Message(
        id=_required(data, "msgId"),
        conversation_id=address.conversation_id,
        conversation_kind=kind,
        sender=Sender(address.staff_id or _text(data, "senderId"), _text(data, "senderNick")),
        text=None if text is None else with_quote(text, quote),
        received_at=received_at,
        conversation_title=_text(data, "conversationTitle"),
        address={name: getattr(address, name) for name in _ADDRESS},
        quote=quote,
        unread=unread_in(data),
        quoted_card=_text(data, "originalProcessQueryKey"),
    )


def parse_action(data: Mapping[str, Any]) -> CardAction:
    """The click in a push of the card topic. Raises MalformedError for a push that names no card."""
    content = json_object(data.get("content")) or json_object(data.get("value"))
    places = [
        json_object(content.get("cardPrivateData")),
        json_object(json_object(content.get("actionData")).get("cardPrivateData")),
        json_object(json_object(data.get("actionData")).get("cardPrivateData")),
        json_object(data.get("cardPrivateData")),
        content,
        data,
    ]
    return CardAction(
        card_id=_required(data, "outTrackId"),
        id=next(filter(None, map(_action_id, places)), ""),
        user_id=_text(data, "userId"),
        params=next(filter(None, (json_object(place.get("params")) for place in places)), {}),
    )


def _message_text(data: Mapping[str, Any], kind: ConversationKind) -> str | None:
    body = json_object(data.get("text")) or json_object(data.get("content"))
    segments = body.get("richText")
    if kind == "group" and isinstance(segments, list) and _mentioned_first(data):
        body = {**body, "richText": _without_mention(segments)}
    return words_of(body) or ("" if data.get("msgtype") == "text" else None)


def _mentioned_first(data: Mapping[str, Any]) -> bool:
    """Whether the bot is the first whom a message mentions, as far as the push tells."""
    mentioned = data.get("atUsers")
    first = json_object(mentioned[0]) if isinstance(mentioned, list) and mentioned else {}
    return not first or first.get("dingtalkId") == data.get("chatbotUserId")


def _without_mention(segments: Sequence[Any]) -> list[Any]:
    """Rich text without the mention of the bot, which some clients repeat there.

    Only what is surely no more than the mention is cut: a segment that is a mention; a text of one word with ``@``,
    if more words follow; and such a word before a command. Any other text may hold words glued to the mention.
    """
    first, rest = json_object(segments[0]) if segments else {}, list(segments[1:])
    if msgtype_of(first) == "at":
        return rest
    text = words_of(first) or ""
    if _MENTION.fullmatch(text):
        return rest if words_of(rest) else list(segments)
    return [{"text": _MENTION_OF_COMMAND.sub("", text, count=1)}, *rest] if text else list(segments)


def _quoted(data: Mapping[str, Any]) -> str:
    """What a message quotes, or a word that it quotes something; empty if it quotes nothing."""
    bodies = [json_object(data.get("text")), json_object(data.get("content")), data]
    for body in bodies:
        for key in ("repliedMsg", "quoteMessage"):
            if replied := json_object(body.get(key)):
                return shown_as_text(replied)
        if quoted := words_of(body.get("quoteContent")):
            return quoted
    quotes = any(body.get("isReplyMsg") for body in bodies)
    return (
        shown_as_text({})
        if quotes or data.get("originalMsgId") or data.get("originalProcessQueryKey")
        else ""
    )


def _action_id(place: Mapping[str, Any]) -> str:
    ids = place.get("actionIds")
    if isinstance(ids, list) and ids:
        return str(ids[0])
    return _text(place, "actionId")


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
