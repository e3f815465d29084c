import json

import pytest


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("markdown", {"text": {"content": "hi"}}),
        ("actionCard", {"content": {"title": "hi", "text": "hi", "actionUrlItemList": []}}),
        ("chatRecord", {"content": {"title": "聊天记录", "summary": "hi"}}),
        ("interactiveCard", {"content": {"biz_custom_action_url": "hi"}}),
        ("unknownMsgType", {"content": {"unknownMsgType": "hi"}}),
    ],
)
async def test_forwarded_kinds(client, kind, expected):
    data = await client.said(await client.connect(), "hi", kind=kind)
    assert data["msgtype"] == kind
    assert {name: data[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("picture", {"downloadCode", "pictureDownloadCode"}),
        ("video", {"downloadCode", "videoType", "duration"}),
        ("file", {"downloadCode", "fileName", "fileId", "spaceId"}),
    ],
)
async def test_kinds_with_bytes(client, kind, names):
    data = await client.said(await client.connect(), "a.pdf", kind=kind, content=b"x")
    assert set(data["content"]) == names


async def test_unknown_kind_is_a_value_error(sim):
    with pytest.raises(ValueError, match="noise"):
        await sim.say("ding1", "u-lilei", kind="noise")
    assert sim.messages == []


async def test_unknown_people_and_apps_are_key_errors(sim):
    for app, user in (("ding1", "nobody"), ("other", "u-lilei")):
        with pytest.raises(KeyError):
            await sim.say(app, user, "hi")


async def test_quoted_card_answer_names_its_kind(sim, client):
    link = await client.connect()
    await client.card()
    data = await client.said(link, "re", quote=sim.messages[-1].id)
    assert data["text"]["repliedMsg"]["msgType"] == "interactiveCard"
    assert data["text"]["repliedMsg"]["senderId"] == data["chatbotUserId"]


async def test_unpublished_group_message_names_only_the_bot(sim, client):
    sim.set(published=False)
    data = await client.said(await client.connect(), group=True)
    assert data["atUsers"] == [{"dingtalkId": data["chatbotUserId"]}]


async def test_a_group_message_names_the_bot_and_whom_it_mentions(sim, client):
    link = await client.connect()
    data = await client.said(link, group=True)
    bot = {"dingtalkId": data["chatbotUserId"]}
    assert data["atUsers"] == [bot], "the sender is not mentioned"

    data = await client.said(link, group=True, mentions=["u-alex"])
    alex = {"dingtalkId": sim.world.users["u-alex"].sender_id, "staffId": "u-alex"}
    assert data["atUsers"] == [bot, alex]
    assert sim.messages[-1].mentions == ["u-alex"]

    data = await client.said(link, group=True, mentions=["u-lilei"])
    assert data["atUsers"] == [bot, {"dingtalkId": data["senderId"], "staffId": "u-lilei"}], "the sender too"

    sim.set(published=False)
    data = await client.said(link, group=True, kind="richText", segments=["hi"], mentions=["u-alex"])
    assert data["atUsers"] == [bot, {"dingtalkId": alex["dingtalkId"]}]


async def test_nobody_is_mentioned_who_is_not_there(sim, client):
    assert "atUsers" not in await client.said(await client.connect(), mentions=["u-alex"])
    assert sim.messages[-1].mentions == []
    with pytest.raises(KeyError):
        await sim.say("ding1", "u-lilei", "hi", group=True, mentions=["nobody"])


async def test_ids_are_stable_over_restarts(sim, client):
    data = await client.said(await client.connect())
    sim.world.conversations.clear()
    again = await client.said(client.links[0])
    assert again["conversationId"] == data["conversationId"]
    assert again["senderId"] == data["senderId"]
    assert again["msgId"] != data["msgId"]


async def test_frames_carry_chinese_unescaped_and_whole(sim, client):
    link = await client.connect()
    await sim.say("ding1", "u-lilei", '你好 👋\n"quoted"')
    frame = await link.frame()
    assert json.loads(frame["data"])["text"]["content"] == '你好 👋\n"quoted"'
    assert "你好" in frame["data"]


@pytest.mark.parametrize(
    ("kind", "text", "content"),
    [
        ("text", "a", {"text": "a"}),
        ("richText", "a", {"richText": [{"msgType": "text", "content": "a"}]}),
        ("file", "b.pdf", {"fileName": "b.pdf"}),
        ("picture", "", {}),
    ],
)
async def test_a_quote_holds_what_the_platform_sends_of_each_kind(sim, client, kind, text, content):
    link = await client.connect()
    first = await client.said(link, "" if kind == "richText" else text, kind=kind, segments=[text])
    quoted = (await client.said(link, "re", quote=first["msgId"]))["text"]["repliedMsg"]

    assert quoted["msgType"] == kind
    assert quoted["content"].items() >= content.items()
    assert ("downloadCode" in quoted["content"]) == (kind in ("file", "picture"))


async def test_a_quoted_card_has_no_content_and_the_key_of_its_delivery(sim, client):
    link = await client.connect()
    _, made = await client.card()
    data = await client.said(link, "re", quote=sim.messages[-1].id)

    assert data["originalProcessQueryKey"] == made["result"]["deliverResults"][0]["carrierId"]
    assert "content" not in data["text"]["repliedMsg"]


async def test_a_forwarded_chat_may_come_as_records(sim, client):
    link = await client.connect()
    records = json.dumps([{"senderNick": "A", "content": "hi"}])
    data = await client.said(link, records, kind="chatRecord")

    assert data["content"] == {"title": "聊天记录", "summary": "[]", "chatRecord": records}
