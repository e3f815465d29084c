"""Where cards are delivered: open space ids, their deliver models and the results of a delivery."""

from dataclasses import dataclass

from imbot.platforms.dingtalk.simulator.answers import refuse
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body
from imbot.platforms.dingtalk.simulator.values import Card, Conversation, Message

_PREFIX = "dtv1.card//"
_MODELS = {
    "IM_GROUP": "imGroupOpenDeliverModel",
    "IM_SINGLE": "imSingleOpenDeliverModel",
    "IM_ROBOT": "imRobotOpenDeliverModel",
    "ONE_BOX": "topOpenDeliverModel",
}


@dataclass(frozen=True, slots=True)
class Space:
    """One place where a card can be shown, with the deliver model for it."""

    type: str
    id: str
    model: Body


def read_spaces(body: Body) -> list[Space]:
    """The spaces of a delivery. Raises Refusal for mistakes that make the platform refuse the whole call."""
    text = body.get("openSpaceId")
    if not text:
        raise refuse("param.openSpaceIdEmpty")
    if not isinstance(text, str) or not text.lower().startswith(_PREFIX):
        raise refuse("param.openSpaceIdInvalid")
    return [_space(part, body) for part in text[len(_PREFIX) :].split(";")]


def _space(part: str, body: Body) -> Space:
    kind, _, name = part.partition(".")
    kind = kind.upper()
    if kind not in _MODELS or not name:
        raise refuse("param.openSpaceIdInvalid")
    model = body.get(_MODELS[kind])
    if not isinstance(model, dict):
        raise refuse("param.openDeliverModelEmpty")
    needed = {"IM_GROUP": "robotCode", "IM_ROBOT": "spaceType"}.get(kind)
    if needed and not model.get(needed):
        raise refuse("param.openDeliverModelError")
    if kind == "IM_ROBOT" and model["spaceType"] != "IM_ROBOT":
        raise refuse("param.openDeliverModelError")
    return Space(kind, name, model)


def deliver(call: ApiCall, card: Card, spaces: list[Space]) -> list[Body]:
    """Show a card in each space. Returns one result a space; one that does not exist fails alone."""
    return [_deliver(call, card, space) for space in spaces]


def _deliver(call: ApiCall, card: Card, space: Space) -> Body:
    result = {"spaceType": space.type, "spaceId": space.id, "success": False, "carrierId": ""}
    if space.model.get("robotCode", call.app.id) != call.app.id:
        return {**result, "errorMsg": "robotCode is illegal"}
    conversation = _conversation(call, space)
    if conversation is None:
        return {**result, "errorMsg": "spaceId is illegal"}
    card.conversation = card.conversation or conversation.id
    message = Message(conversation.id, call.app, None, "card", card=card.id)
    message.mentions = [user for user in _mentioned(call, space) if user in conversation.users]
    carrier = call.world.show_sent([message])
    return {**result, "success": True, "carrierId": carrier, "errorMsg": ""}


def _conversation(call: ApiCall, space: Space) -> Conversation | None:
    if space.type == "IM_ROBOT":
        user = call.world.user(space.id)
        return call.world.single(call.app, user) if user else None
    kind = {"IM_GROUP": "group", "IM_SINGLE": "single"}.get(space.type, "")
    return call.world.place(call.app, space.id, kind)


def _mentioned(call: ApiCall, space: Space) -> list[str]:
    """The staff ids to mention: those in the space's model, and those that the call names for all spaces."""
    model, card = space.model.get("atUserIds"), call.body.get("cardAtUserIds")
    named = [*(model if isinstance(model, dict) else ()), *(card if isinstance(card, list) else ())]
    return list(dict.fromkeys(map(str, named)))
