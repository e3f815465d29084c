"""Session webhooks: a robot answers in the conversation that a message came from."""

from collections.abc import Callable
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
    read = _SHAPES.get(msgtype) if isinstance(msgtype, str) else None
    if read is None:
        raise refuse_legacy(400105, "unsupported msgtype")
    part = call.body.get(str(msgtype))
    if not isinstance(part, dict):
        raise refuse_legacy(40035, f"缺少参数 {msgtype}")
    title, text = read(part)
    conversation = webhook.conversation
    message = Message(conversation.id, webhook.app, None, str(msgtype), title, text)
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


def _need(part: Body, *names: str) -> list[str]:
    for name in names:
        if not isinstance(part.get(name), str) or not part[name]:
            raise refuse_legacy(40035, f"缺少参数 {name}")
    return [part[name] for name in names]


def _text(part: Body) -> tuple[str, str]:
    return "", _need(part, "content")[0]


def _markdown(part: Body) -> tuple[str, str]:
    title, text = _need(part, "title", "text")
    return title, text


def _action_card(part: Body) -> tuple[str, str]:
    title, text = _need(part, "title", "text")
    buttons = part.get("btns") or [{"title": part.get("singleTitle"), "actionURL": part.get("singleURL")}]
    links = " ".join(f"[{button.get('title')}]({button.get('actionURL')})" for button in buttons)
    return title, f"{text}\n\n{links}"


def _link(part: Body) -> tuple[str, str]:
    title, text, url = _need(part, "title", "text", "messageUrl")
    return title, f"{text}\n\n[{title}]({url})"


def _feed_card(part: Body) -> tuple[str, str]:
    links = part.get("links")
    if not isinstance(links, list) or not links:
        raise refuse_legacy(40035, "缺少参数 links")
    return "", "\n".join(f"- [{link.get('title')}]({link.get('messageURL')})" for link in links)


_SHAPES: dict[str, Callable[[Body], tuple[str, str]]] = {
    "text": _text,
    "markdown": _markdown,
    "actionCard": _action_card,
    "link": _link,
    "feedCard": _feed_card,
}

ROUTES = (Route("POST", "/robot/sendBySession", _send, auth="none", legacy=True),)
