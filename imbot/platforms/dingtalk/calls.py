"""The calls imbot makes, as values: method, path and body. ``openapi.py`` sends them."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from imbot.errors import FatalError
from imbot.model import CardChange, CardRef, CardView
from imbot.platforms.dingtalk.markdown import as_platform_markdown
from imbot.platforms.dingtalk.wire import Address
from imbot.platforms.gateway import Going, Priority
from imbot.text.markdown import first_line

BUILT_IN_TEMPLATE = "382e4302-551d-4880-bf29-a30acfab2e71.schema"
STANDARD_TEMPLATE = "StandardCard"

AI_CREATE = "POST /v1.0/card/instances/createAndDeliver"
AI_CREATE_HIDDEN = "POST /v1.0/card/instances"
AI_PUT = "PUT /v1.0/card/instances"
AI_STREAM = "PUT /v1.0/card/streaming"
STANDARD_CREATE = "POST /v1.0/im/v1.0/robot/interactiveCards/send"
STANDARD_PUT = "PUT /v1.0/im/robots/interactiveCards"
SEND_SINGLE = "POST /v1.0/robot/oToMessages/batchSend"
SEND_GROUP = "POST /v1.0/robot/groupMessages/send"
WEBHOOK = "POST /robot/sendBySession"


def template_id(view: CardView) -> str:
    """The id of the card template of a view; empty if the view is a message and no card."""
    return str(view.native.get("template_id", ""))


def is_standard(view: CardView) -> bool:
    """Whether a view is a StandardCard, which has its own API calls. All other cards are AI cards."""
    return template_id(view) == STANDARD_TEMPLATE


def content_key(view: CardView) -> str:
    """The name of the variable that streams; empty if none does."""
    return str(view.native.get("content_key", ""))


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``api`` is its method and path, by which the platform limits calls per second.

    ``url`` is only set for a message's session webhook. That address is the permission, so it needs no token.
    """

    api: str
    body: Mapping[str, Any]
    url: str = field(default="", repr=False)


class Caller(Protocol):
    """Sends calls: ``openapi.OpenApi``, or in a dry run something that sends nothing."""

    async def call(
        self,
        about: CardRef,
        apis: Sequence[str],
        make: Callable[[str], Call | None],
        priority: Priority,
        since: float = 0.0,
        going: Going | None = None,
    ) -> Mapping[str, Any] | None:
        """Wait until a call of one of ``apis`` may go out, then make the call that ``make`` returns for that API.

        Returns the answer. If ``make`` returns None, no call is made. If it returns a call of another API, it is asked again when a
        call of that API may go out. ``going`` is awaited just before the call; if it raises, no call is made.
        Waiting calls go in the order of ``(priority, since)``. Raises PlatformError if the call fails.
        """
        ...


def create(card_id: str, to: Address, view: CardView) -> Call:
    """Make a card of the view's template and show it at the address.

    Raises FatalError if the view is no card, or if the person has no staff id.
    """
    if not template_id(view):
        raise FatalError(f"DingTalk has no cards of kind {view.kind!r}")
    return _create_standard(card_id, to, view) if is_standard(view) else _create_ai(card_id, to, view)


def quoted_as(answer: Mapping[str, Any] | None) -> str:
    """The name that messages which quote a new card have for it, from the answer of ``create``; empty: not told."""
    answer = answer or {}
    result = answer.get("result")
    delivered = result.get("deliverResults") if isinstance(result, Mapping) else None
    first = delivered[0] if isinstance(delivered, list) and delivered else {}
    name = first.get("carrierId") if isinstance(first, Mapping) else ""
    return str(name or answer.get("processQueryKey") or "")


def put_ai(card_id: str, changed: Mapping[str, Any]) -> Call:
    """Change some variables of an AI card and keep the others; the platform's default would drop them."""
    body = {
        "outTrackId": card_id,
        "cardData": {"cardParamMap": as_platform_markdown(changed)},
        "cardUpdateOptions": {"updateCardDataByKey": True},
    }
    return Call(AI_PUT, body)


def stream_ai(card_id: str, key: str, content: str, *, finalize: bool = False, error: bool = False) -> Call:
    """Show the whole content so far in the variable ``key``.

    ``finalize`` ends the streaming as finished, ``error`` as failed.
    """
    body = {
        "outTrackId": card_id,
        "guid": uuid.uuid4().hex,
        "key": key,
        "content": as_platform_markdown(content),
        "isFull": True,  # appending is refused for Markdown variables
        "isFinalize": finalize,
        "isError": error,
    }
    return Call(AI_STREAM, body)


def list_line(view: CardView) -> dict[str, str]:
    """The variable that sets the line under the conversation's name in the list of chats, for the end of a card."""
    line = first_line(view.text) or view.title
    return {"sys_lastMessageI18n": _json({"zh_CN": line, "en_US": line})}


def put_standard(card_id: str, layout: Mapping[str, Any]) -> Call:
    """Replace the whole layout of a StandardCard."""
    return Call(STANDARD_PUT, {"cardBizId": card_id, "cardData": _json(as_platform_markdown(layout))})


def send_markdown(to: Address, title: str, text: str) -> Call:
    """Send a message in the robot's name. Raises FatalError for a person without a staff id."""
    message = {
        "robotCode": to.robot_code,
        "msgKey": "sampleMarkdown",
        "msgParam": _json({"title": title, "text": text}),
    }
    if to.kind == "group":
        return Call(SEND_GROUP, {**message, "openConversationId": to.conversation_id})
    return Call(SEND_SINGLE, {**message, "userIds": [_staff_id(to)]})


def create_hidden(card_id: str, view: CardView) -> Call:
    """Make an AI card that nobody sees, because it is not delivered."""
    return Call(AI_CREATE_HIDDEN, _ai_card(card_id, view))


def send_nobody(robot_code: str) -> Call:
    """Send a message to an empty list of people. If nothing else is wrong, it is refused for the empty list."""
    message = {"robotCode": robot_code, "msgKey": "sampleText", "msgParam": _json({"content": "imbot"})}
    return Call(SEND_SINGLE, {**message, "userIds": []})


def webhook_markdown(url: str, title: str, text: str) -> Call:
    """Send a message through the session webhook of a received message."""
    return Call(WEBHOOK, {"msgtype": "markdown", "markdown": {"title": title, "text": text}}, url)


def callback_response(change: CardChange) -> Mapping[str, Any]:
    """The answer to a click: the changed variables, for everybody or for the clicker only."""
    part, option = (
        ("userPrivateData", "updatePrivateDataByKey")
        if change.private
        else ("cardData", "updateCardDataByKey")
    )
    return {"cardUpdateOptions": {option: True}, part: {"cardParamMap": as_platform_markdown(change.data)}}


def _create_ai(card_id: str, to: Address, view: CardView) -> Call:
    # The line in the list of chats. Later it follows the content of the card (``dynamicSummary``), and the end sets it.
    line = first_line(view.text) if view.phase.terminal else ""
    space_model = {"supportForward": True, "lastMessageI18n": {"ZH_CN": line or view.title}}
    follows = {"extension": {"dynamicSummary": "true"}}
    if to.kind == "group":
        place = {
            "openSpaceId": f"dtv1.card//IM_GROUP.{to.conversation_id}",
            "imGroupOpenSpaceModel": space_model,
            "imGroupOpenDeliverModel": {"robotCode": to.robot_code} | follows | _mention(view),
        }
    else:
        place = {
            "openSpaceId": f"dtv1.card//IM_ROBOT.{_staff_id(to)}",
            "imRobotOpenSpaceModel": space_model,
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": to.robot_code} | follows,
        }
    return Call(AI_CREATE, {**_ai_card(card_id, view), **place})


def _ai_card(card_id: str, view: CardView) -> dict[str, Any]:
    return {
        "cardTemplateId": template_id(view),
        "outTrackId": card_id,
        "callbackType": "STREAM",
        "userIdType": 1,
        "cardData": {"cardParamMap": as_platform_markdown(view.data)},
    }


def _mention(view: CardView) -> dict[str, Any]:
    return {"atUserIds": {view.mention.id: view.mention.nick}} if view.mention else {}


def _create_standard(card_id: str, to: Address, view: CardView) -> Call:
    body: dict[str, Any] = {
        "cardTemplateId": STANDARD_TEMPLATE,
        "robotCode": to.robot_code,
        "cardBizId": card_id,
        "cardData": _json(as_platform_markdown(view.data)),
    }
    if to.kind == "group":
        if view.mention:
            users = [{"userId": view.mention.id, "nickName": view.mention.nick}]
            body["sendOptions"] = {"atUserListJson": _json(users)}
        return Call(STANDARD_CREATE, {**body, "openConversationId": to.conversation_id})
    return Call(STANDARD_CREATE, {**body, "singleChatReceiver": _json({"userId": _staff_id(to)})})


def _staff_id(to: Address) -> str:
    if to.staff_id:
        return to.staff_id
    raise FatalError(
        "the sender has no staff id, so they can only be answered by the message's webhook",
        hint="publish the app: until then DingTalk sends no staff ids",
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=dict)
