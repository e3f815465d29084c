"""Clicks on a card's buttons: the callback to the app, and the changes of the card that its answer asks for."""

import json
from collections.abc import Mapping
from typing import Any

from imbot.platforms.dingtalk.simulator.answers import Refusal
from imbot.platforms.dingtalk.simulator.calls import Body
from imbot.platforms.dingtalk.simulator.cards import param_map, update_options
from imbot.platforms.dingtalk.simulator.frames import Ack
from imbot.platforms.dingtalk.simulator.gateway import CARD_TOPIC, Gateway
from imbot.platforms.dingtalk.simulator.values import CORP_ID, Card, User, now_ms
from imbot.platforms.dingtalk.simulator.world import World


class ClickError(Exception):
    """A click that had no effect. Its text is the reason, which the person is told."""


async def click(
    world: World, gateway: Gateway, card: Card, user: User, action: str, params: Mapping[str, Any]
) -> None:
    """Press a button as a user. Raises ClickError unless the app answers in time."""
    if not card.callback:
        raise ClickError("this card cannot call back")
    app = world.apps.get(card.app)
    if app is None:
        raise ClickError("the card's app is gone")
    push = gateway.push(app, ("CALLBACK", CARD_TOPIC), _payload(card, user, action, params))
    if not push.delivered:
        raise ClickError("no connection subscribes to card clicks")
    try:
        ack = await push.ack(world.settings.callback_s)
    except TimeoutError:
        raise ClickError(f"no answer within {world.settings.callback_s:g} s") from None
    if ack.code != 200:
        raise ClickError(f"the app answered {ack.code}")
    _apply(world, card, user, ack)


def _payload(card: Card, user: User, action: str, params: Mapping[str, Any]) -> Body:
    content = json.dumps(
        {"cardPrivateData": {"actionIds": [action], "params": dict(params)}}, ensure_ascii=False
    )
    return {
        "type": "actionCallback",
        "outTrackId": card.id,
        "corpId": CORP_ID,
        "userId": user.union_id if card.user_id_type == 2 else user.id,
        "userIdType": card.user_id_type,
        "spaceType": "IM",
        "spaceId": card.conversation or "",
        "extension": "{}",
        "content": content,
        "value": content,
    }


def _apply(world: World, card: Card, user: User, ack: Ack) -> None:
    """Change the card as the answer asks: for everybody, or only for the person who clicked."""
    response = ack.content().get("response")
    if not isinstance(response, dict):
        return
    try:
        public = param_map(response["cardData"]) if response.get("cardData") else None
        private = param_map(response["userPrivateData"]) if response.get("userPrivateData") else None
    except Refusal:
        raise ClickError("the answer's values are not strings") from None
    by_key, private_by_key = update_options(response)
    if public is not None:
        card.put(public, by_key=by_key)
    if private is not None:
        card.put_private(user.id, private, by_key=private_by_key)
    card.updated = now_ms()
    world.changed(card)
