"""The robot's Open API: sends to people and groups, recalls, file downloads and reactions."""

from typing import Any
from urllib.parse import quote

from imbot.platforms.dingtalk.simulator import samples
from imbot.platforms.dingtalk.simulator.answers import refuse
from imbot.platforms.dingtalk.simulator.calls import ApiCall, Body, Route
from imbot.platforms.dingtalk.simulator.values import Conversation, Message

_SCOPE = "qyapi_robot_sendmsg"
_MOST_USERS = 20


def check_robot(call: ApiCall) -> None:
    """Raise Refusal unless the call names the robot of the calling app."""
    code = call.body.get("robotCode")
    if not code:
        raise refuse("invalidParameter.robotCode.empty")
    if not isinstance(code, str) or code not in call.world.apps:
        raise refuse("invalidParameter.robotCode.notExsit")
    if code != call.app.id:
        raise refuse("invalidParameter.robotCode.auth")


def _batch_send(call: ApiCall) -> Body:
    check_robot(call)
    ids = call.body.get("userIds")
    if not isinstance(ids, list) or not ids:
        raise refuse("invalidParameter.userIds.empty")
    if len(ids) > _MOST_USERS:
        raise refuse("invalidParameter.userIds.overMax")
    users = {user_id: call.world.users.get(user_id) for user_id in map(str, ids)}
    conversations = [call.world.single(call.app, user) for user in users.values() if user]
    return {
        "processQueryKey": _send(call, conversations),
        "invalidStaffIdList": [user_id for user_id, user in users.items() if user is None],
        "flowControlledStaffIdList": [],
    }


def _group_send(call: ApiCall) -> Body:
    return {"processQueryKey": _send(call, [_conversation(call, "group")])}


def _private_send(call: ApiCall) -> Body:
    return {"processQueryKey": _send(call, [_conversation(call, "single")])}


def _conversation(call: ApiCall, kind: str) -> Conversation:
    check_robot(call)
    conversation = call.world.place(call.app, call.body.get("openConversationId"), kind)
    if conversation is None:
        raise refuse("invalidParameter.openConversationId.invalid")
    return conversation


def _send(call: ApiCall, conversations: list[Conversation]) -> str:
    kind, title, text = samples.read(call)
    return call.world.show_sent(
        [Message(conversation.id, call.app, None, kind, title, text) for conversation in conversations]
    )


def _recall(call: ApiCall) -> Body:
    check_robot(call)
    keys = call.body.get("processQueryKeys")
    if not isinstance(keys, list) or not keys:
        raise refuse("invalidParameter.processQueryKeys.empty")
    done = [key for key in keys if _remove(call, key)]
    call.world.feed.resync()
    return {
        "successResult": done,
        "failedResult": {str(key): "resource.not.found" for key in keys if key not in done},
    }


def _remove(call: ApiCall, key: Any) -> bool:
    """Remove the messages that were sent under one key by this app; False if there are none."""
    world = call.world
    sent = world.sent.get(key, []) if isinstance(key, str) else []
    own = [name for name in sent if name in world.messages and world.messages[name].app is call.app]
    for name in own:
        del world.messages[name]
    return bool(own)


def _download(call: ApiCall) -> Body:
    check_robot(call)
    code = call.body.get("downloadCode")
    if not isinstance(code, str) or code not in call.world.files:
        raise refuse("invalidParameter.downloadCode.invalid")
    return {"downloadUrl": f"{call.app.base}/sim/files/{quote(code)}"}


def _react(call: ApiCall) -> Body:
    _reaction_target(call).reactions.append(str(call.body.get("emotionName", "")))
    return {"success": True}


def _unreact(call: ApiCall) -> Body:
    reactions = _reaction_target(call).reactions
    if (name := str(call.body.get("emotionName", ""))) in reactions:
        reactions.remove(name)
    return {"success": True}


def _reaction_target(call: ApiCall) -> Message:
    check_robot(call)
    message = call.world.messages.get(str(call.body.get("openMsgId")))
    if message is None or message.conversation != call.body.get("openConversationId"):
        raise refuse("resource.not.found")
    return message


ROUTES = (
    Route("POST", "/v1.0/robot/oToMessages/batchSend", _batch_send, scope=_SCOPE),
    Route("POST", "/v1.0/robot/groupMessages/send", _group_send, scope=_SCOPE),
    Route("POST", "/v1.0/robot/privateChatMessages/send", _private_send, scope=_SCOPE),
    Route("POST", "/v1.0/robot/otoMessages/batchRecall", _recall, scope=_SCOPE),
    Route("POST", "/v1.0/robot/groupMessages/recall", _recall, scope=_SCOPE),
    Route("POST", "/v1.0/robot/messageFiles/download", _download, scope=_SCOPE),
    Route("POST", "/v1.0/robot/emotion/reply", _react, scope=_SCOPE),
    Route("POST", "/v1.0/robot/emotion/recall", _unreact, scope=_SCOPE),
)
