import json

import pytest

ROBOT = {"robotCode": "ding1"}
BATCH_SEND = "/v1.0/robot/oToMessages/batchSend"
GROUP_SEND = "/v1.0/robot/groupMessages/send"


def to_lilei(key, **param):
    return ROBOT | {"userIds": ["u-lilei"], "msgKey": key, "msgParam": json.dumps(param)}


@pytest.mark.parametrize(
    ("key", "param", "kind", "text"),
    [
        ("sampleText", {"content": "hi"}, "text", "hi"),
        ("sampleMarkdown", {"title": "T", "text": "**b**"}, "markdown", "**b**"),
        ("sampleImageMsg", {"photoURL": "https://a/b.png"}, "image", "https://a/b.png"),
        ("sampleLink", {"title": "T", "text": "x", "messageUrl": "https://a"}, "link", "x\n\n[T](https://a)"),
        (
            "sampleActionCard6",
            {"title": "T", "text": "x", "buttonTitle1": "A", "buttonUrl1": "https://a"},
            "actionCard",
            "x\n\n[A](https://a)",
        ),
        ("sampleFile", {"mediaId": "@1", "fileName": "a.pdf", "fileType": "pdf"}, "file", "a.pdf"),
    ],
)
async def test_samples_show_in_the_conversation(sim, client, key, param, kind, text):
    assert (await client.api("POST", BATCH_SEND, to_lilei(key, **param)))[0] == 200
    assert (sim.messages[-1].type, sim.messages[-1].text) == (kind, text)


async def test_markdown_without_a_title_is_taken_or_refused_by_switch(sim, client):
    body = to_lilei("sampleMarkdown", text="**b**")
    assert (await client.api("POST", BATCH_SEND, body))[0] == 200
    assert (sim.messages[-1].title, sim.messages[-1].text) == ("", "**b**")
    odd = to_lilei("sampleMarkdown", text="**b**", title=5)
    assert (await client.api("POST", BATCH_SEND, odd))[1]["code"] == "invalidParameter.msgParam.invalid"

    sim.set(samples_without_title=False)
    status, answer = await client.api("POST", BATCH_SEND, body)
    assert (status, answer["code"], len(sim.messages)) == (400, "invalidParameter.msgParam.invalid", 1)
    body = to_lilei("sampleMarkdown", text="**b**", title="")
    assert (await client.api("POST", BATCH_SEND, body))[0] == 200, "an empty title is one"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.notExsit"),
        ({"robotCode": "ding2"}, "invalidParameter.robotCode.auth"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"msgKey": ""}, "invalidParameter.msgKey.empty"),
        ({"msgKey": "sampleNoise"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": "{"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "{}"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": json.dumps({"content": "x" * 15_000})}, "invalidParameter.msgParam.tooLong"),
    ],
)
async def test_wrong_sends_name_what_is_wrong(sim, client, change, code):
    sim.add_app("ding2", "s2")
    status, body = await client.api("POST", BATCH_SEND, to_lilei("sampleText", content="x") | change)
    assert (status, body["code"], body["message"]) == (400, code, code)
    assert sim.messages == []


async def test_group_and_private_sends_need_their_own_kind_of_conversation(sim, client):
    link = await client.connect()
    group = (await client.said(link, group=True))["conversationId"]
    single = (await client.said(link))["conversationId"]
    for path, good, bad in (
        (GROUP_SEND, group, single),
        ("/v1.0/robot/privateChatMessages/send", single, group),
    ):
        body = to_lilei("sampleText", content="x")
        assert (await client.api("POST", path, body | {"openConversationId": good}))[0] == 200
        assert sim.messages[-1].conversation == good
        status, answer = await client.api("POST", path, body | {"openConversationId": bad})
        assert (status, answer["code"]) == (400, "invalidParameter.openConversationId.invalid")


async def test_group_id_is_known_before_anybody_spoke(sim, client):
    link = await client.connect()
    group = (await client.said(link, group=True))["conversationId"]
    sim.world.conversations.clear()
    body = to_lilei("sampleText", content="x") | {"openConversationId": group}
    assert (await client.api("POST", GROUP_SEND, body))[0] == 200


async def test_recall_takes_back_what_was_sent(sim, client):
    _, answer = await client.api("POST", BATCH_SEND, to_lilei("sampleText", content="x"))
    key = answer["processQueryKey"]
    body = ROBOT | {"processQueryKeys": [key, "no"]}
    _, answer = await client.api("POST", "/v1.0/robot/otoMessages/batchRecall", body)
    assert answer == {"successResult": [key], "failedResult": {"no": "resource.not.found"}}
    assert sim.messages == []


async def test_reactions_stand_at_the_message(sim, client):
    data = await client.said(await client.connect())
    body = ROBOT | {
        "openMsgId": data["msgId"],
        "openConversationId": data["conversationId"],
        "emotionType": 2,
        "emotionName": "🤔思考中",
    }
    assert await client.api("POST", "/v1.0/robot/emotion/reply", body) == (200, {"success": True})
    assert sim.message(data["msgId"]).reactions == ["🤔思考中"]
    assert (await client.api("POST", "/v1.0/robot/emotion/recall", body))[0] == 200
    assert sim.message(data["msgId"]).reactions == []
    status, _ = await client.api("POST", "/v1.0/robot/emotion/reply", body | {"openMsgId": "no"})
    assert status == 400
