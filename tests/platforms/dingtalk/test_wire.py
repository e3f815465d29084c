import json

import pytest

from imbot.platforms.dingtalk.wire import Address, parse_action, parse_message, quota_notice

SINGLE = {
    "conversationId": "cidp2pAAA==",
    "conversationType": "1",
    "chatbotCorpId": "ding9f50",
    "chatbotUserId": "$:LWCP_v1:$bot",
    "msgId": "msgAAA==",
    "senderNick": "Li",
    "senderStaffId": "0165",
    "senderId": "$:LWCP_v1:$li",
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=76da",
    "sessionWebhookExpiredTime": 1700005400130,
    "createAt": 1700000000000,
    "robotCode": "dingrobot",
    "msgtype": "text",
    "text": {"content": "hello"},
}
GROUP = {
    **SINGLE,
    "conversationId": "cidGRP==",
    "conversationType": "2",
    "conversationTitle": "Team",
    "isInAtList": True,
    "atUsers": [{"dingtalkId": "$:LWCP_v1:$bot"}],
    "msgId": "msgBBB==",
    "text": {"content": " hello"},
}


def parse(data, **more):
    return parse_message(data, client_id="dingapp", received_at=1.5, **more)


def shaped(msgtype, content, base=SINGLE):
    return {**{k: v for k, v in base.items() if k != "text"}, "msgtype": msgtype, "content": content}


def quoting(replied, text="why?"):
    return {**SINGLE, "text": {"content": text, "isReplyMsg": True, "repliedMsg": replied}}


def test_a_single_chat_message_is_read():
    message = parse(SINGLE)

    assert (message.id, message.conversation_id, message.conversation_kind) == (
        "msgAAA==",
        "cidp2pAAA==",
        "single",
    )
    assert (message.sender.id, message.sender.nick) == ("0165", "Li")
    assert message.text == "hello"
    assert message.received_at == 1.5
    assert message.conversation_title == ""


def test_a_group_message_has_its_title_and_no_leading_space():
    message = parse(GROUP)

    assert message.conversation_kind == "group"
    assert message.conversation_title == "Team"
    assert message.text == "hello"


def test_the_address_holds_all_that_an_answer_needs_and_only_plain_values():
    address = parse(SINGLE).address

    assert Address(**json.loads(json.dumps(address))) == Address(
        robot_code="dingrobot",
        conversation_id="cidp2pAAA==",
        kind="single",
        staff_id="0165",
        webhook="https://oapi.dingtalk.com/robot/sendBySession?session=76da",
        webhook_until=1700005400.13,
        organisation="ding9f50",
    )


def test_the_webhook_is_in_no_repr():
    assert "session=76da" not in repr(parse(SINGLE))
    assert "session=76da" not in repr(Address(**parse(SINGLE).address))


@pytest.mark.parametrize(
    ("configured", "pushed", "expected"),
    [("mine", "theirs", "mine"), ("", "theirs", "theirs"), ("", "", "dingapp")],
)
def test_the_robot_code_is_the_files_else_the_pushs_else_the_client_id(configured, pushed, expected):
    message = parse({**SINGLE, "robotCode": pushed}, robot_code=configured)

    assert message.address["robot_code"] == expected


def test_without_a_staff_id_the_sender_is_known_by_the_platforms_own_id():
    message = parse({k: v for k, v in SINGLE.items() if k != "senderStaffId"})

    assert message.sender.id == "$:LWCP_v1:$li"
    assert message.address["staff_id"] == ""


@pytest.mark.parametrize(
    ("msgtype", "content", "expected"),
    [
        ("richText", {"richText": [{"text": "look "}, {"type": "picture", "downloadCode": "x"}]}, "look"),
        ("richText", {"richText": [{"text": "a"}, {"text": "\n"}, {"text": "b"}]}, "a\nb"),
        ("richText", {"richText": [{"text": "ask "}, {"type": "at", "atName": "Han"}]}, "ask @Han"),
        ("richText", {"richText": [{"type": "skill", "skillData": {}}, {"text": "go"}]}, "go"),
        ("richText", {"richText": [{"type": "picture", "downloadCode": "x"}]}, None),
        ("richText", json.dumps({"richText": [{"text": "packed"}]}), "packed"),
        ("audio", {"downloadCode": "x", "recognition": "spoken text", "duration": 4200}, "spoken text"),
        ("voice", {"recognition": " spoken "}, "spoken"),
        ("audio", {"downloadCode": "x", "recognition": "", "duration": 1}, None),
        ("picture", {"downloadCode": "x", "pictureDownloadCode": "y"}, None),
        ("image", '{"downloadCode":"x"}', None),
        ("video", {"downloadCode": "x", "videoType": "mp4", "duration": "5"}, None),
        ("file", {"downloadCode": "x", "fileName": "a.pdf"}, None),
        ("unknownMsgType", {"unknownMsgType": "not supported"}, None),
        ("interactiveCard", {"biz_custom_action_url": "https://x"}, None),
        ("chatRecord", {"summary": "Li: hello", "title": "record"}, "Li: hello"),
        ("actionCard", {"title": "t", "text": "body", "actionUrlItemList": []}, "body"),
        ("markdown", {"text": "# head"}, "# head"),
        ("picture", "not json", None),
        ("picture", None, None),
        ("richText", {"richText": ["odd", None, {"text": "kept"}]}, "kept"),
    ],
)
def test_each_message_type_gives_its_words_or_none(msgtype, content, expected):
    assert parse(shaped(msgtype, content)).text == expected


@pytest.mark.parametrize("first", [{"text": "@Bot "}, {"text": "@Bot"}, {"type": "at", "atName": "Bot"}])
def test_a_repeated_mention_at_the_start_of_group_rich_text_is_removed(first):
    message = parse(shaped("richText", {"richText": [first, {"text": "help @Bot "}]}, GROUP))

    assert message.text == "help @Bot"


def test_markdown_forwarded_as_text_is_read():
    assert parse({**SINGLE, "msgtype": "markdown", "text": {"content": "**b**"}}).text == "**b**"


def test_a_bare_mention_is_an_empty_text():
    assert parse({**GROUP, "text": {"content": " "}}).text == ""


@pytest.mark.parametrize(
    "content",
    [
        {"text": "orig\nal"},
        '{"text": "orig\\nal"}',
        "orig\nal",
        {"richText": [{"text": "orig\n"}, {"text": "al"}]},
    ],
)
def test_what_a_message_quotes_stands_below_it(content):
    assert parse(quoting({"msgType": "text", "content": content})).text == "why?\n\n> orig\n> al"


@pytest.mark.parametrize(
    "replied", [{"msgType": "picture", "content": {"downloadCode": "x"}}, {"msgType": "text"}, None]
)
def test_a_quote_that_cannot_be_read_is_left_out(replied):
    assert parse(quoting(replied)).text == "why?"


@pytest.mark.parametrize("missing", ["msgId", "conversationId"])
def test_a_push_that_is_no_message_is_refused(missing):
    with pytest.raises(ValueError, match=missing):
        parse({**SINGLE, missing: None})


@pytest.mark.parametrize("expiry", [None, "", "soon", "1700005400130"])
def test_an_expiry_time_may_be_missing_or_text(expiry):
    expected = 1700005400.13 if expiry == "1700005400130" else 0.0

    assert parse({**SINGLE, "sessionWebhookExpiredTime": expiry}).address["webhook_until"] == expected


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"code": 20001, "errMsg": "used up"}, "used up"),
        ({"code": "20001", "errorMessage": "used up"}, "used up"),
        ({"errMsg": "used up"}, "used up"),
        ({}, "20001"),
    ],
)
def test_a_push_without_content_tells_of_the_quota(more, words):
    push = {**{k: v for k, v in SINGLE.items() if k != "text"}, **more}

    assert words in (quota_notice(push) or "")


def test_messages_of_every_type_are_no_quota_notice():
    assert quota_notice(SINGLE) is None
    assert quota_notice(shaped("picture", {"downloadCode": "x"})) is None
    assert quota_notice({**{k: v for k, v in SINGLE.items() if k != "text"}, "msgtype": "sticker"}) is None


CLICK = {
    "type": "actionCallback",
    "outTrackId": "card1",
    "corpId": "ding",
    "userId": "u1",
    "userIdType": 1,
    "spaceType": "IM",
    "extension": "{}",
    "content": json.dumps({"cardPrivateData": {"actionIds": ["feedback:good"], "params": {"why": "ok"}}}),
}


def test_a_click_is_read():
    action = parse_action(CLICK)

    assert (action.card_id, action.id, action.user_id) == ("card1", "feedback:good", "u1")
    assert action.params == {"why": "ok"}


@pytest.mark.parametrize(
    "change",
    [
        {"content": {"cardPrivateData": {"actionIds": ["stop"]}}},
        {"content": "", "value": '{"cardPrivateData":{"actionIds":["stop"]}}'},
        {"content": '{"actionData":{"cardPrivateData":{"actionIds":["stop"]}}}'},
        {"content": "", "actionId": "stop"},
        {"content": "{}", "actionData": {"cardPrivateData": {"actionIds": ["stop"]}}},
        {"content": '{"actionId":"stop"}'},
        {"content": "", "cardPrivateData": '{"actionIds":["stop"]}', "extension": ""},
    ],
)
def test_a_click_is_read_in_every_known_shape(change):
    action = parse_action({**CLICK, **change})

    assert action.id == "stop"
    assert action.params == {}


@pytest.mark.parametrize("content", ["", "broken", None, "[]", '{"cardPrivateData":{"actionIds":[]}}'])
def test_a_click_without_a_button_has_an_empty_id(content):
    assert parse_action({**CLICK, "content": content}).id == ""


def test_a_click_on_no_card_is_refused():
    with pytest.raises(ValueError, match="outTrackId"):
        parse_action({**CLICK, "outTrackId": ""})
