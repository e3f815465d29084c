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


PICTURE = {"type": "picture", "downloadCode": "x"}


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([{"text": "@Bot "}, {"text": "help @Bot "}], "help @Bot"),
        ([{"text": "@Bot"}, {"text": "help @Bot "}], "help @Bot"),
        ([{"type": "at", "atName": "Bot"}, {"text": "help @Bot "}], "help @Bot"),
        ([{"text": "@机器人"}, {"text": "/server"}], "/server"),
        ([{"text": "@Bot\u2005"}, {"text": "help"}, PICTURE], "help"),
        ([{"text": "@Helper /new"}], "/new"),
        # words may be glued to the mention, and a mention may be all there is
        ([{"text": "@Helper帮我查一下订单"}, PICTURE], "@Helper帮我查一下订单"),
        ([{"text": "@Helper帮我查"}, {"text": " "}], "@Helper帮我查"),
        ([{"text": "@Helper 帮我查"}], "@Helper 帮我查"),
        ([{"text": "看 @Helper /new"}], "看 @Helper /new"),
        ([{"type": "at", "atName": "Bot"}, PICTURE], None),
        ([PICTURE, {"text": "@Bot 看"}], "@Bot 看"),
        ([], None),
    ],
)
def test_only_the_mention_is_cut_from_rich_text_of_a_group(segments, expected):
    assert parse(shaped("richText", {"richText": segments}, GROUP)).text == expected


def test_somebody_elses_mention_stays():
    others = {
        "atUsers": [{"dingtalkId": "$:LWCP_v1:$han", "staffId": "0170"}, {"dingtalkId": "$:LWCP_v1:$bot"}]
    }
    body = shaped("richText", {"richText": [{"text": "@Han "}, {"text": "的电话"}]}, {**GROUP, **others})

    assert parse(body).text == "@Han 的电话"


def test_nothing_is_cut_in_a_single_chat():
    assert parse(shaped("richText", {"richText": [{"text": "@Bot "}, {"text": "hi"}]})).text == "@Bot hi"


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


CARD_TREE = {
    "elementType": "ROOT",
    "children": [
        {"elementType": "MARKDOWN", "text": "**一**"},
        {"elementType": "BOX", "children": [{"elementType": "TEXT", "value": "二"}]},
        {"elementType": "BUTTON", "children": [{"elementType": "TEXT", "value": "停止"}]},
        {"elementType": "IMAGE", "value": "https://x/y.png"},
    ],
}
SEGMENTS = [
    {"msgType": "text", "content": "被引用的"},
    {"msgType": "picture", "downloadCode": "z"},
    {"msgType": "at", "content": "@Han"},
    {"msgType": "text", "content": "正文"},
]


@pytest.mark.parametrize(
    ("replied", "expected"),
    [
        # the words, in the shapes that clients send
        ({"msgType": "richText", "content": {"richText": SEGMENTS}}, "被引用的@Han 正文"),
        ({"msgType": "richText", "content": json.dumps({"richText": SEGMENTS})}, "被引用的@Han 正文"),
        ({"msgType": "richText", "content": {"richText": json.dumps(SEGMENTS)}}, "被引用的@Han 正文"),
        ({"msgType": "text", "content": {"content": "a"}}, "a"),
        ({"content": {"content": "a"}}, "a"),
        ({"msgtype": "text", "text": {"content": "a"}}, "a"),
        ({"msgType": "markdown", "content": {"title": "t", "text": "# a"}}, "# a"),
        ({"msgType": "markdown", "content": {"markdown": "# a"}}, "# a"),
        ({"msgType": "audio", "content": {"recognition": "spoken", "downloadCode": "x"}}, "spoken"),
        ({"msgType": "interactiveCard", "content": {"cardContent": CARD_TREE}}, "**一**\n> 二"),
        ({"msgType": "interactiveCard", "content": {"cardContent": json.dumps(CARD_TREE)}}, "**一**\n> 二"),
        (
            {"msgType": "interactiveCard", "content": {"cardData": '{"cardParamMap": {"msgContent": "a"}}'}},
            "a",
        ),
        ({"msgType": "chatRecord", "content": {"summary": '["A: 一", "B: 二"]'}}, "A: 一\n> B: 二"),
        ('{"msgType": "text", "content": {"text": "a"}}', "a"),
        # a word for what has none
        ({"msgType": "picture", "content": {"downloadCode": "x"}}, "[图片]"),
        ({"msgType": "richText", "content": {"richText": [{"msgType": "picture"}]}}, "[图片]"),
        ({"msgType": "file", "content": {"fileName": "a.pdf", "downloadCode": "x"}}, "[文件] a.pdf"),
        ({"msgType": "unknownMsgType", "content": {"fileName": "a.pdf"}}, "[文件] a.pdf"),
        ({"msgType": "video", "content": {"videoType": "mp4"}}, "[视频]"),
        ({"msgType": "interactiveCard", "msgId": "m1"}, "[卡片]"),
        ({"msgType": "text"}, "[消息]"),
        ({"msgType": "text", "content": "[1, 2]"}, "[1, 2]"),
        ({"msgType": "text", "content": '{"a": 1}'}, '{"a": 1}'),
        (None, "[消息]"),
    ],
)
def test_a_quote_in_every_shape_gives_its_words_or_a_word_for_it(replied, expected):
    message = parse(quoting(replied))

    assert message.text == f"why?\n\n> {expected}"
    assert message.quote == f"> {expected}"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"quoteMessage": {"msgId": "m", "msgtype": "text", "text": {"content": "old"}}}, "old"),
        ({"quoteMessage": {"msgId": "m", "msgtype": "picture"}}, "[图片]"),
        ({"text": {"content": "why?", "quoteMessage": {"text": {"content": "old"}}}}, "old"),
        ({"text": {"content": "why?", "quoteContent": "old"}}, "old"),
        ({"repliedMsg": {"msgType": "text", "content": {"text": "old"}}}, "old"),
        ({"originalMsgId": "m"}, "[消息]"),
        ({"originalProcessQueryKey": "k"}, "[消息]"),
        ({"text": {"content": "why?", "isReplyMsg": True}}, "[消息]"),
    ],
)
def test_a_quote_is_found_wherever_a_client_puts_it(more, expected):
    assert parse({**SINGLE, "text": {"content": "why?"}, **more}).text == f"why?\n\n> {expected}"


def test_a_rich_text_quotes_too():
    body = {"richText": [{"text": "why?"}], "isReplyMsg": True, "repliedMsg": {"content": {"text": "old"}}}

    assert parse(shaped("richText", body)).text == "why?\n\n> old"


def test_a_quote_of_a_card_of_the_bot_names_the_card():
    replied = {"msgType": "interactiveCard", "msgId": "m1"}

    assert parse({**quoting(replied), "originalProcessQueryKey": "k1"}).quoted_card == "k1"


def test_a_message_without_a_quote_has_none():
    message = parse(SINGLE)

    assert (message.quote, message.quoted_card) == ("", "")


def test_a_long_quote_is_cut():
    quote = parse(quoting({"content": {"text": "x" * 5000}})).quote

    assert (len(quote), quote[-3:]) == (4003, "xx…")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            {
                "title": "聊天记录",
                "summary": "[]",
                "chatRecord": '[{"senderNick":"A","content":"明天开会"},{"senderNick":"B","content":"几点"}]',
            },
            "A: 明天开会\nB: 几点",
        ),
        ({"summary": "", "chatRecord": [{"senderNick": "A", "content": {"text": "一"}}]}, "A: 一"),
        ({"records": [{"senderName": "A", "msgType": "text", "content": '{"content": "一"}'}]}, "A: 一"),
        (
            {"messages": [{"senderNick": "A", "msgType": "picture"}, {"senderNick": "B", "text": "二"}]},
            "A: [图片]\nB: 二",
        ),
        (
            {"chatRecord": [{"senderNick": "A", "msgType": "file", "content": {"fileName": "a.pdf"}}]},
            "A: [文件] a.pdf",
        ),
        (
            {"chatRecord": [{"senderNick": "A", "chatRecord": [{"senderNick": "B", "content": "一"}]}]},
            "A: B: 一",
        ),
        ({"chatRecord": [{"content": "一"}, "odd", None, 3]}, "一\nodd"),
        ({"summary": '["A: 一", "B: 二"]', "title": "t"}, "A: 一\nB: 二"),
        ({"summary": "[]", "title": "t"}, None),
        ({"chatRecord": "[broken"}, None),
    ],
)
def test_a_forwarded_chat_is_read_with_its_senders(content, expected):
    assert parse(shaped("chatRecord", content)).text == expected


def test_of_a_very_long_forwarded_chat_the_beginning_is_read():
    lines = parse(shaped("chatRecord", {"chatRecord": [{"content": str(n)} for n in range(500)]})).text.split(
        "\n"
    )

    assert (len(lines), lines[-2:]) == (101, ["99", "…"])


@pytest.mark.parametrize("deep", ["content", "text", "chatRecord", "cardContent", "children"])
def test_hostile_nesting_ends(deep):
    value = {"text": "x"}
    for _ in range(400):
        value = {deep: [value] if deep in ("chatRecord", "children") else value}

    assert parse(quoting({"content": value})).text.startswith("why?")


@pytest.mark.parametrize("said", ['{"text": "a"}', "[1, 2]", '{"richText": []}'])
def test_json_that_a_person_writes_is_a_text(said):
    assert parse({**SINGLE, "text": {"content": said}}).text == said


@pytest.mark.parametrize(
    ("data", "unread"),
    [
        (shaped("richText", {"richText": [{"text": "look"}, PICTURE, PICTURE]}), ("图片",)),
        (shaped("richText", json.dumps({"richText": [{"text": "look"}, PICTURE]})), ("图片",)),
        (quoting({"msgType": "file", "content": {"fileName": "a.pdf"}}), ("文件",)),
        (quoting({"msgType": "richText", "content": {"richText": SEGMENTS}}), ("图片",)),
        (
            shaped(
                "chatRecord",
                {"chatRecord": '[{"msgType": "video"}, {"msgType": "picture"}, {"content": "x"}]'},
            ),
            ("视频", "图片"),
        ),
        (quoting({"msgType": "audio", "content": {"recognition": "spoken"}}), ()),
        (quoting({"msgType": "interactiveCard"}), ()),
        (SINGLE, ()),
    ],
)
def test_what_no_agent_gets_is_named(data, unread):
    assert parse(data).unread == unread


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
