"""Session webhooks: a robot answers in the conversation that a message came from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imbot.platforms.dingtalk.simulator.answers import refuse_legacy
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import Conversation, Message
from imbot.platforms.dingtalk.simulator.world import Webhook

_MOST_BYTES = 20_000


def _send(call: ApiCall) -> Body:
    webhook = _webhook(call)
    call.known_app = webhook.app
    if call.size > _MOST_BYTES:
        raise refuse_legacy(460101, f"body must stay within {_MOST_BYTES} bytes")
    _count(call)
    msgtype = call.body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _SHAPES:
        raise refuse_legacy(400105, "unsupported msgtype")
    part = call.body.get(msgtype)
    if not isinstance(part, dict):
        raise refuse_legacy(40035, f"缺少参数 {msgtype}")
    part = _check(msgtype, part, without_text=call.world.settings.webhooks_without_text)
    title = str(part.get("title", "")) if "title" in _SHAPES[msgtype].needed else ""
    text = _SHAPES[msgtype].shown(part)
    conversation = webhook.conversation
    message = Message(conversation.id, webhook.app, None, msgtype, title, text)
    message.mentions = _mentions(call.body.get("at"), conversation)
    call.world.show(message)
    return {"errcode": 0, "errmsg": "ok"}


def _webhook(call: ApiCall) -> Webhook:
    webhook = call.world.webhooks.get(call.query.get("session", ""))
    if webhook is None or webhook.expires <= call.world.now():
        raise refuse_legacy(300001, "session 不存在")
    return webhook


def _count(call: ApiCall) -> None:
    """Count a call for the month; webhook calls have no limit per second. Raises Refusal if the month is used up."""
    quota = call.world.quota
    if quota.exhausted(call.world.settings):
        raise refuse_legacy(90030, "webhook over limit")
    quota.used += 1


def _mentions(at: Any, conversation: Conversation) -> list[str]:
    if not isinstance(at, dict):
        return []
    if at.get("isAtAll") is True:
        return list(conversation.users)
    wanted = at.get("atUserIds") or []
    return [user for user in wanted if user in conversation.users] if isinstance(wanted, list) else []


def _check(msgtype: str, part: Body, *, without_text: bool) -> Body:
    """The part with all that its type needs. Raises Refusal if something is missing."""
    if without_text:
        part = {**dict.fromkeys(_WORDS, ""), **part}
    for name in _SHAPES[msgtype].needed:
        value = part.get(name)
        if not isinstance(value, str) or not (value or (without_text and name in _WORDS)):
            raise refuse_legacy(_MISSING.get((msgtype, name), 40035), f"miss param : {msgtype}->{name}")
    return part


def _action_card(part: Body) -> str:
    buttons = part.get("btns") or [{"title": part.get("singleTitle"), "actionURL": part.get("singleURL")}]
    links = " ".join(f"[{button.get('title')}]({button.get('actionURL')})" for button in buttons)
    return f"{part['text']}\n\n{links}"


def _feed_card(part: Body) -> str:
    links = part.get("links")
    if not isinstance(links, list) or not links:
        raise refuse_legacy(40035, "缺少参数 links")
    return "\n".join(f"- [{link.get('title')}]({link.get('messageURL')})" for link in links)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A type of message: the keys that it needs, and how the chat shows it."""

    needed: tuple[str, ...]
    shown: Callable[[Body], str]


_WORDS = ("title", "text", "content")
_MISSING = {("markdown", "title"): 400402, ("markdown", "text"): 400403}
_SHAPES = {
    "text": _Shape(("content",), lambda part: str(part["content"])),
    "markdown": _Shape(("title", "text"), lambda part: str(part["text"])),
    "actionCard": _Shape(("title", "text"), _action_card),
    "link": _Shape(
        ("title", "text", "messageUrl"),
        lambda part: f"{part['text']}\n\n[{part['title']}]({part['messageUrl']})",
    ),
    "feedCard": _Shape((), _feed_card),
}

ROUTES = (Route("POST", "/robot/sendBySession", _send, auth="none", legacy=True),)
