"""Streaming into one variable of an AI card: idempotent calls, appending, and the card's states."""

from imbot.platforms.dingtalk.simulator.answers import refuse, unknown_error
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import STANDARD_CARD, Card, now_ms

_NEEDED = {
    "guid": "param.stream.guidEmpty",
    "key": "param.stream.keyEmpty",
    "content": "param.stream.contentEmpty",
}
_FLAGS = ("isFull", "isFinalize", "isError")
_DONE = {"success": True, "result": True}


def _stream(call: ApiCall) -> Body:
    card = _card(call)
    template = call.world.template(card.template)
    _check(call)
    key, content, guid = call.body["key"], call.body["content"], call.body["guid"]
    if template is None or not template.streams(key):
        raise unknown_error()
    is_full = bool(call.body.get("isFull", False))
    if not is_full and template.markdown and not call.world.settings.append_markdown:
        raise refuse("param.invalid")
    call.summary = f"{key}, {len(content)} character{'' if len(content) == 1 else 's'}"
    if guid in card.guids:
        return _DONE
    if card.stream_state == "finished" and not call.world.settings.reopen_finalized:
        raise refuse("param.invalid", "card is finalized")
    card.guids.add(guid)
    card.data = {**card.data, key: content if is_full else card.data.get(key, "") + content}
    card.streamed, card.updated, card.stream_state = key, now_ms(), _next_state(call)
    call.world.changed(card)
    return _DONE


def _card(call: ApiCall) -> Card:
    name = call.body.get("outTrackId")
    if not isinstance(name, str) or not name:
        raise refuse("param.outTrackIdEmpty")
    card = call.world.cards.get(name)
    if card is None or card.app != call.app.id or card.template == STANDARD_CARD:
        raise refuse("param.stream.outTrackId", "card is not exist")
    call.card = card.id
    return card


def _check(call: ApiCall) -> None:
    for name, code in _NEEDED.items():
        value = call.body.get(name)
        # The official sample sends empty content with isError, so only a missing content is refused.
        if not isinstance(value, str) or (not value and name != "content"):
            raise refuse(code)
    for name in _FLAGS:
        if name in call.body and not isinstance(call.body[name], bool):
            raise refuse(f"param.stream.{name}", f"param.stream.{name} is null")
    most = call.world.settings.stream_max
    if most is not None and len(call.body["content"].encode()) > most:
        raise refuse("param.stream.content", "content is too large")


def _next_state(call: ApiCall) -> str:
    if call.body.get("isError"):
        return "failed"
    return "finished" if call.body.get("isFinalize") else "inputting"


ROUTES = (Route("PUT", "/v1.0/card/streaming", _stream, scope="Card.Streaming.Write"),)
