"""The payloads of messages to a robot (the bot topic), one shape for each kind of message."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from imbot.platforms.dingtalk.simulator.calls import Body
from imbot.platforms.dingtalk.simulator.values import CORP_ID, App, Conversation, Message, User
from imbot.platforms.dingtalk.simulator.world import File, Webhook, World

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
_EXHAUSTED = "Webhook/Stream调用量已超过限制"
_NOT_IN_GROUPS = ("audio", "video", "file")


@dataclass(frozen=True, slots=True)
class Said:
    """What a person sends. ``content`` has the bytes of a picture, sound or file; ``mentions`` people of the group."""

    kind: str
    text: str
    content: bytes
    segments: Sequence[str | bytes]
    quote: Message | None
    mentions: Sequence[User] = ()


def payload(world: World, message: Message, user: User, said: Said, conversation: Conversation) -> Body:
    """The payload of one message. Raises ValueError if the platform has no such message."""
    if conversation.kind == "group" and said.kind in _NOT_IN_GROUPS:
        raise ValueError(f"people cannot send {said.kind} to a robot in a group")
    body = {
        **_common(message, conversation),
        **_sender(world, user),
        **_webhook(world, message, conversation),
    }
    if conversation.kind == "group":
        body |= _group(message.app, conversation, said, published=world.settings.published)
    body["msgtype"] = said.kind
    if world.quota.exhausted(world.settings):
        # The name of the text's key is reported in two spellings.
        return body | {"code": 20001, "errMsg": _EXHAUSTED, "errorMessage": _EXHAUSTED}
    return body | _content(world, said, conversation)


def _common(message: Message, conversation: Conversation) -> Body:
    return {
        "conversationId": conversation.id,
        "conversationType": "2" if conversation.kind == "group" else "1",
        "openThreadId": conversation.id,
        "msgId": message.id,
        "createAt": message.at,
        "chatbotCorpId": CORP_ID,
        "chatbotUserId": message.app.robot_id,
        "robotCode": message.app.id,
    }


def _sender(world: World, user: User) -> Body:
    body: Body = {
        "senderId": user.sender_id,
        "senderNick": user.nick,
        "senderUnionId": user.union_id,
        "senderCorpId": CORP_ID,
        "senderPlatform": "Mac",
    }
    if world.settings.published:
        body |= {"senderStaffId": user.id, "isAdmin": False}
    return body


def _webhook(world: World, message: Message, conversation: Conversation) -> Body:
    session = secrets.token_hex(16)
    life_s = world.settings.webhook_s
    world.webhooks[session] = Webhook(conversation, message.app, world.now() + life_s)
    return {
        "sessionWebhook": f"{message.app.base}/robot/sendBySession?session={session}",
        "sessionWebhookExpiredTime": message.at + round(life_s * 1000),
    }


def _group(app: App, conversation: Conversation, said: Said, *, published: bool) -> Body:
    people = [
        {"dingtalkId": user.sender_id} | ({"staffId": user.id} if published else {}) for user in said.mentions
    ]
    mentioned = [{"dingtalkId": app.robot_id}, *people]
    return {"conversationTitle": conversation.title, "isInAtList": True, "atUsers": mentioned}


def _content(world: World, said: Said, conversation: Conversation) -> Body:
    """The part of the payload that depends on the kind of message."""
    match said.kind:
        case "text":
            return _text(world, said, conversation)
        case "richText":
            return {"content": {"richText": [_segment(world, part) for part in said.segments]}}
        case "picture":
            return {"content": _picture_codes(world, said.content)}
        case "audio":
            code = _store(world, said.content, "audio/ogg")
            return {"content": {"downloadCode": code, "recognition": said.text, "duration": 4200}}
        case "video":
            code = _store(world, said.content, "video/mp4")
            return {"content": {"downloadCode": code, "videoType": "mp4", "duration": "5"}}
        case "file":
            code = _store(world, said.content, "application/octet-stream")
            name = said.text or "a.pdf"
            return {"content": {"downloadCode": code, "fileName": name, "fileId": "1", "spaceId": "1"}}
        case "markdown":
            return {"text": {"content": said.text}}
        case "actionCard":
            return {"content": {"title": said.text, "text": said.text, "actionUrlItemList": []}}
        case "chatRecord":
            # A list of records as JSON comes beside an empty summary, other words come in the summary.
            records = {"summary": "[]", "chatRecord": said.text} if said.text.startswith("[") else {}
            return {"content": {"title": "聊天记录", "summary": said.text} | records}
        case "interactiveCard":
            return {"content": {"biz_custom_action_url": said.text}}
        case "unknownMsgType":
            return {"content": {"unknownMsgType": said.text}}
        case _:
            raise ValueError(f"unknown kind of message: {said.kind}")


def _text(world: World, said: Said, conversation: Conversation) -> Body:
    # The platform cuts the leading mention of a group message but keeps the space behind it.
    content: Body = {"content": f" {said.text}" if conversation.kind == "group" else said.text}
    if said.quote is None:
        return {"text": content}
    content |= {"isReplyMsg": True, "repliedMsg": _replied(world, said.quote)}
    own = {"originalProcessQueryKey": key} if (key := world.key_of(said.quote)) else {}
    return {"text": content, "originalMsgId": said.quote.id, **own}


def _replied(world: World, message: Message) -> Body:
    replied = {
        "msgType": "interactiveCard" if message.card else message.type,
        "msgId": message.id,
        "senderId": message.sender.sender_id if message.sender else message.app.robot_id,
        "createdAt": message.at,
    }
    return replied if message.card else replied | {"content": _replied_content(world, message)}


def _replied_content(world: World, message: Message) -> Body:
    """What a quote holds of a message; of a card it holds nothing."""
    match message.type:
        case "richText":
            return {"richText": [{"msgType": "text", "content": message.text}]}
        case "picture" | "video" | "audio":
            return {"downloadCode": _store(world, PIXEL, "application/octet-stream")}
        case "file":
            code = _store(world, PIXEL, "application/octet-stream")
            return {"downloadCode": code, "fileName": message.text or "a.pdf"}
        case _:
            return {"text": message.text}


def _segment(world: World, part: str | bytes) -> Body:
    if isinstance(part, str):
        return {"text": part}
    return {"type": "picture", **_picture_codes(world, part)}


def _picture_codes(world: World, content: bytes) -> Body:
    """The two download codes of a picture; each works."""
    names = ("downloadCode", "pictureDownloadCode")
    return {name: _store(world, content, "image/png") for name in names}


def _store(world: World, content: bytes, content_type: str) -> str:
    code = secrets.token_urlsafe(24)
    world.files[code] = File(content, content_type)
    return code
