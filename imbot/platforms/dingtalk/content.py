"""Reads what messages say: those that people send, that they quote, and that they forward.

One thing comes in several shapes, by client and by the place that it stands in. So all of them are read in the same
way: by what an object holds, hardly by what it calls itself. Any of them may be a JSON text instead of an object.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from imbot.text.sanitize import readable

MOST_RECORDS = 100  # messages of a forwarded chat
_DEEPEST = 8  # objects inside each other

_WORDS = ("content", "text", "recognition", "markdown", "msgContent", "value", "message")
_RECORDS = ("chatRecord", "records", "messages")
_HOLDERS = ("text", "content", "richText", "repliedMsg", "quoteMessage", *_RECORDS)
_MEDIA = frozenset({"picture", "image", "audio", "voice", "video", "file"})
_SENDERS = ("senderNick", "senderName", "nick", "sender")
_NAMES = {
    "picture": "图片",
    "image": "图片",
    "audio": "语音",
    "voice": "语音",
    "video": "视频",
    "file": "文件",
    "interactivecard": "卡片",
    "actioncard": "卡片",
    "chatrecord": "聊天记录",
    "emotion": "表情",
    "sticker": "表情",
}


def json_object(value: Any) -> Mapping[str, Any]:
    """A JSON object that came as a mapping or as a string of JSON; empty for anything else."""
    value = _parsed(value)
    return value if isinstance(value, Mapping) else {}


def words_of(value: Any) -> str | None:
    """The words in the content of a message of any type, trimmed; None if it has none.

    A message that consists of words may have empty ones: a bare mention.
    """
    found = _words(_parsed(value), _DEEPEST)
    return None if found is None else readable(found).strip()


def shown_as_text(message: Mapping[str, Any]) -> str:
    """The words of a quoted or forwarded message; where it has none, what it is: ``[图片]``, ``[文件] a.pdf``."""
    return _described(message, _DEEPEST)


def unread_in(value: Any) -> tuple[str, ...]:
    """The names of the pictures, files and sounds without words in a message, also in what it quotes or forwards."""
    return tuple(dict.fromkeys(_unread(value, _DEEPEST)))


def _unread(value: Any, depth: int) -> Iterator[str]:
    value = _parsed(value)
    if depth <= 0:
        return
    if isinstance(value, list):
        for item in value[:MOST_RECORDS]:
            yield from _unread(item, depth - 1)
    elif isinstance(value, Mapping):
        if (kind := msgtype_of(value)) in _MEDIA and not words_of(value):
            yield _NAMES[kind]
        for key in _HOLDERS:
            yield from _unread(value.get(key), depth - 1)


def msgtype_of(message: Mapping[str, Any]) -> str:
    """What a message says that it is, such as ``picture``; lower case, as clients differ."""
    kinds = (message.get(key) for key in ("msgType", "msgtype", "type"))
    return next((kind.lower() for kind in kinds if isinstance(kind, str)), "")


def _described(message: Mapping[str, Any], depth: int) -> str:
    parsed = {**message, "content": _parsed(message.get("content"))}
    if said := readable(_words(parsed, depth) or _words(message, depth) or "").strip():
        return said
    body = json_object(message.get("content")) or message
    file = next((name for key in ("fileName", "title") if isinstance(name := body.get(key), str)), "")
    segments = _parsed(body.get("richText"))
    parts = [
        message,
        *(part for part in (segments if isinstance(segments, list) else []) if isinstance(part, Mapping)),
    ]
    kind = next((name for part in parts if (name := _NAMES.get(msgtype_of(part)))), "")
    return f"[{kind or ('文件' if file else '消息')}] {readable(file)}".strip()


def _words(value: Any, depth: int) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return _segments(value, depth - 1)
    if not isinstance(value, Mapping) or depth <= 0:
        return None
    if isinstance(segments := _parsed(value.get("richText")), list):
        return _segments(segments, depth - 1)
    if records := _lines(value, depth - 1):
        return records
    if tree := value.get("cardContent"):
        return "\n".join(_card(_parsed(tree), depth - 1)) or None
    if card := json_object(value.get("cardData")):
        return _words(json_object(card.get("cardParamMap")) or card, depth - 1)
    found = [_words(value[key], depth - 1) for key in _WORDS if value.get(key) is not None]
    return next(
        (words for words in found if words), next((words for words in found if words is not None), None)
    )


def _segments(segments: list[Any], depth: int) -> str | None:
    """The words of rich text; None if it has none at all."""
    words = [_segment(segment, depth) for segment in segments]
    return "".join(word for word in words if word) or None


def _segment(segment: Any, depth: int) -> str | None:
    if isinstance(segment, Mapping) and msgtype_of(segment) == "at":
        return f"@{str(segment.get('atName') or _words(segment, depth) or '').removeprefix('@')} "
    return _words(segment, depth) if isinstance(segment, Mapping) else None


def _lines(content: Mapping[str, Any], depth: int) -> str:
    """The messages of a forwarded chat, one a line with its sender; empty if it is none.

    Some clients send them as records, others only in the summary that people see.
    """
    places = [content.get(key) for key in _RECORDS]
    records = next((list_ for place in places if isinstance(list_ := _parsed(place), list) and list_), None)
    if records is None:
        summary = _parsed(content.get("summary"))
        records = summary if isinstance(summary, list) else [summary] if summary else []
    lines = [_record(_parsed(record), depth) for record in records[:MOST_RECORDS]]
    if len(records) > MOST_RECORDS:
        lines.append("…")
    return "\n".join(line for line in lines if line)


def _record(record: Any, depth: int) -> str:
    if isinstance(record, str):
        return record.strip()
    if not isinstance(record, Mapping) or depth <= 0:
        return ""
    sender = next((name for key in _SENDERS if isinstance(name := record.get(key), str) and name), "")
    said = _described(record, depth)
    return f"{sender}: {said}" if sender else said


def _card(node: Any, depth: int) -> Iterator[str]:
    """The texts of a card's tree of ``elementType``, ``value`` and ``children``, without those of its buttons."""
    if isinstance(node, list):
        for each in node:
            yield from _card(each, depth)
    elif isinstance(node, Mapping) and depth > 0:
        kind = str(node.get("elementType", "")).upper()
        if "BUTTON" in kind or "IMAGE" in kind:
            return
        own = next(
            (text for key in ("value", "text", "content") if isinstance(text := node.get(key), str)), ""
        )
        if own.strip():
            yield own.strip()
        yield from _card(node.get("children"), depth - 1)


def _parsed(value: Any) -> Any:
    """A JSON object or list that came as a string; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return parsed if isinstance(parsed, Mapping | list) else value
    return value
