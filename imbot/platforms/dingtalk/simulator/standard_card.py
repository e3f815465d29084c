"""The StandardCard, which DingTalk no longer develops: every call has the whole layout, no click is reported."""

import json
from typing import Any

from imbot.platforms.dingtalk.simulator.answers import refuse
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import STANDARD_CARD, Card, Conversation, Message, now_ms

_SCOPE = "Card.Instance.Write"
_LONGEST_ID = 100
_MOST_MENTIONS = 30


def _send(call: ApiCall) -> Body:
    body, world = call.body, call.world
    if body.get("cardTemplateId") != STANDARD_CARD:
        raise refuse("template.isNotExist")
    if body.get("robotCode") != call.app.id:
        raise refuse("invalid.robotCode")
    conversation, name = _receiver(call), _card_id(call)
    data, private, mentions = _layout(body), _private(call), _mentions(body)
    call.card = name
    if name not in world.cards:
        # A second call with the same id does not change the card: only PUT does.
        card = Card(name, STANDARD_CARD, call.app.id, data, private=private, stream_state="finished")
        card.conversation = conversation.id
        world.cards[name] = card
        world.changed(card)
    message = Message(conversation.id, call.app, None, "card", card=name, mentions=mentions)
    return {"processQueryKey": world.show_sent([message])}


def _update(call: ApiCall) -> Body:
    card = call.world.cards.get(_card_id(call))
    if card is None or card.app != call.app.id or card.template != STANDARD_CARD:
        raise refuse("cardInstance.notExist")
    call.card = card.id
    options = call.body.get("updateOptions") or {}
    private = _private(call)
    card.put(_layout(call.body), by_key=bool(options.get("updateCardDataByKey")))
    for user, values in private.items():
        card.put_private(user, values, by_key=bool(options.get("updatePrivateDataByKey")))
    card.updated = now_ms()
    call.world.changed(card)
    return {"processQueryKey": call.world.show_sent([])}


def _card_id(call: ApiCall) -> str:
    name = call.body.get("cardBizId")
    if not isinstance(name, str) or not name:
        raise refuse("param.error")
    if len(name) > _LONGEST_ID:
        raise refuse("invalid.bizId")
    return name


def _receiver(call: ApiCall) -> Conversation:
    """The conversation that the card goes to. Raises Refusal unless the call names one group or one person."""
    group, single = call.body.get("openConversationId"), call.body.get("singleChatReceiver")
    if bool(group) == bool(single):
        raise refuse("param.error")
    if group:
        conversation = call.world.place(call.app, group)
        if conversation is None:
            raise refuse("invalid.openConversationId")
        return conversation
    receiver = _json(single)
    user = call.world.user(receiver.get("userId") or receiver.get("unionId"))
    if user is None:
        raise refuse("invalid.user")
    return call.world.single(call.app, user)


def _layout(body: Body) -> Body:
    if not body.get("cardData"):
        raise refuse("param.error")
    return _json(body["cardData"])


def _json(text: Any) -> Body:
    """The mapping in a string of JSON. Raises Refusal if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, TypeError):
        value = None
    if not isinstance(value, dict):
        raise refuse("param.isNotJson")
    return value


def _private(call: ApiCall) -> dict[str, Body]:
    text = call.body.get("userIdPrivateDataMap")
    return {user: data for user, data in _json(text).items() if isinstance(data, dict)} if text else {}


def _mentions(body: Body) -> list[str]:
    text = (body.get("sendOptions") or {}).get("atUserListJson") or "[]"
    try:
        users = json.loads(text)
    except (ValueError, TypeError):
        raise refuse("param.isNotJson") from None
    if not isinstance(users, list) or len(users) > _MOST_MENTIONS:
        raise refuse("param.error")
    return [str(user["userId"]) for user in users if isinstance(user, dict) and "userId" in user]


ROUTES = (
    Route("POST", "/v1.0/im/v1.0/robot/interactiveCards/send", _send, scope=_SCOPE),
    Route("PUT", "/v1.0/im/robots/interactiveCards", _update, scope=_SCOPE),
)
