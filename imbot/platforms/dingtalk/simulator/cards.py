"""Card instances: create, deliver, both at once, and updates that replace or merge."""

from typing import Any

from imbot.platforms.dingtalk.simulator.answers import refuse
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.spaces import deliver, read_spaces
from imbot.platforms.dingtalk.simulator.values import Card, now_ms

_SCOPE = "Card.Instance.Write"
_LONGEST_ID = 64


def param_map(holder: Any) -> dict[str, str]:
    """The ``cardParamMap`` of card data or private data. Raises Refusal if a value is not a string."""
    params = holder.get("cardParamMap") if isinstance(holder, dict) else None
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise refuse("param.invalid")
    return params


def known_card(call: ApiCall) -> Card:
    """The card that the call is about. Raises Refusal if this app has no such card."""
    name = call.body.get("outTrackId")
    if not isinstance(name, str) or not name:
        raise refuse("param.outTrackIdEmpty")
    card = call.world.cards.get(name)
    if card is None or card.app != call.app.id:
        raise refuse("param.cardNotExist")
    call.card = card.id
    return card


def update_options(holder: Body) -> tuple[bool, bool]:
    """Whether public data, and whether private data, is merged by key. By default the old data is replaced."""
    options = holder.get("cardUpdateOptions") or {}
    return bool(options.get("updateCardDataByKey")), bool(options.get("updatePrivateDataByKey"))


def _create(call: ApiCall) -> Body:
    return {"success": True, "result": _new_card(call).id}


def _deliver(call: ApiCall) -> Body:
    card, spaces = known_card(call), read_spaces(call.body)
    results = deliver(call, card, spaces)
    call.world.changed(card)
    return {"success": True, "result": results}


def _create_and_deliver(call: ApiCall) -> Body:
    spaces = read_spaces(call.body)
    card = _new_card(call)
    results = deliver(call, card, spaces)
    return {"success": True, "result": {"outTrackId": card.id, "deliverResults": results}}


def _new_card(call: ApiCall) -> Card:
    body, world = call.body, call.world
    template, name = body.get("cardTemplateId"), body.get("outTrackId")
    if not isinstance(template, str) or not template:
        raise refuse("param.cardTemplateIdEmpty")
    if not isinstance(name, str) or not name:
        raise refuse("param.outTrackIdEmpty")
    if len(name) > _LONGEST_ID:
        raise refuse("param.invalid")
    if world.template(template) is None:
        raise refuse("param.templateNotExist")
    if body.get("cardData") is None:
        raise refuse("param.cardPublicDataEmpty")
    data, private = dict(param_map(body["cardData"])), _private(call)
    call.card = name
    return _used_card(call, name) or _keep(call, Card(name, template, call.app.id, data, private=private))


def _used_card(call: ApiCall, name: str) -> Card | None:
    """The card that already has this id; None if there is none. Raises Refusal if the id may not be used again."""
    card = call.world.cards.get(name)
    if card is not None and (call.world.settings.reject_reused_cards or card.app != call.app.id):
        raise refuse("param.cardAlreadyExist")
    return card


def _keep(call: ApiCall, card: Card) -> Card:
    card.callback = call.body.get("callbackType") == "STREAM"
    card.user_id_type = 2 if call.body.get("userIdType") == 2 else 1
    call.world.cards[card.id] = card
    call.world.changed(card)
    return card


def _private(call: ApiCall) -> dict[str, dict[str, str]]:
    """Private data by staff id. The request may name people by staff id or union id."""
    holders = call.body.get("privateData") or {}
    if not isinstance(holders, dict):
        raise refuse("param.invalid")
    return {_viewer(call, name): param_map(holder) for name, holder in holders.items()}


def _viewer(call: ApiCall, name: str) -> str:
    user = call.world.user(name)
    if user is None:
        raise refuse("param.userIdNotExist")
    return user.id


def _update(call: ApiCall) -> Body:
    card = known_card(call)
    if not call.body.get("cardData") and not call.body.get("privateData"):
        raise refuse("param.cardDataAndPrivateDataBothEmpty")
    public = param_map(call.body["cardData"]) if call.body.get("cardData") else None
    private = _private(call)
    by_key, private_by_key = update_options(call.body)
    if public is not None:
        card.put(public, by_key=by_key)
    for user, values in private.items():
        card.put_private(user, values, by_key=private_by_key)
    card.updated = now_ms()
    call.summary = ", ".join(public or private)
    call.world.changed(card)
    return {"success": True, "result": True}


ROUTES = (
    Route("POST", "/v1.0/card/instances", _create, scope=_SCOPE),
    Route("POST", "/v1.0/card/instances/deliver", _deliver, scope=_SCOPE),
    Route("POST", "/v1.0/card/instances/createAndDeliver", _create_and_deliver, scope=_SCOPE),
    Route("PUT", "/v1.0/card/instances", _update, scope=_SCOPE),
)
