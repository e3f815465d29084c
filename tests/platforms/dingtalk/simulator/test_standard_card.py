import json

import pytest

SEND = "/v1.0/im/v1.0/robot/interactiveCards/send"
UPDATE = "/v1.0/im/robots/interactiveCards"


def card(**more):
    return {
        "cardTemplateId": "StandardCard",
        "robotCode": "ding1",
        "cardBizId": "biz",
        "cardData": json.dumps({"header": {"title": {"text": "T"}}, "contents": []}),
        "singleChatReceiver": '{"userId":"u-lilei"}',
    } | more


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cardTemplateId": "Other"}, "template.isNotExist"),
        ({"robotCode": "other"}, "invalid.robotCode"),
        ({"cardBizId": ""}, "param.error"),
        ({"cardBizId": "x" * 101}, "invalid.bizId"),
        ({"cardData": None}, "param.error"),
        ({"singleChatReceiver": "u-lilei"}, "param.isNotJson"),
        ({"singleChatReceiver": '{"userId":"no"}'}, "invalid.user"),
        ({"singleChatReceiver": None, "openConversationId": "no"}, "invalid.openConversationId"),
        ({"sendOptions": {"atUserListJson": json.dumps([{"userId": "u"}] * 31)}}, "param.error"),
    ],
)
async def test_wrong_sends_name_what_is_wrong(sim, client, change, code):
    status, body = await client.api("POST", SEND, card(**change))
    assert (status, body["code"], body["message"]) == (400, code, code)
    assert not sim.cards


async def test_sent_card_is_shown(sim, client):
    status, body = await client.api("POST", SEND, card(userIdPrivateDataMap='{"u-lilei":{"a":"1"}}'))
    assert (status, list(body)) == (200, ["processQueryKey"])
    shown = sim.cards["biz"].to_json()
    assert (shown["template"], shown["state"], shown["callback"]) == ("StandardCard", "finished", False)
    assert shown["data"]["header"] == {"title": {"text": "T"}}
    assert shown["private"] == {"u-lilei": {"a": "1"}}
    assert [(message.type, message.card) for message in sim.messages] == [("card", "biz")]


async def test_used_id_changes_nothing_on_send(sim, client):
    await client.api("POST", SEND, card())
    assert (await client.api("POST", SEND, card(cardData='{"contents":[1]}')))[0] == 200
    assert sim.cards["biz"].data["contents"] == []


async def test_update_replaces_or_merges(sim, client):
    await client.api("POST", SEND, card())
    change = {"cardBizId": "biz", "cardData": '{"contents":[1]}'}
    merge = {"updateOptions": {"updateCardDataByKey": True}}
    assert (await client.api("PUT", UPDATE, change | merge))[0] == 200
    assert set(sim.cards["biz"].data) == {"header", "contents"}
    await client.api("PUT", UPDATE, change)
    assert sim.cards["biz"].data == {"contents": [1]}


async def test_update_of_unknown_card(client):
    _, body = await client.api("PUT", UPDATE, {"cardBizId": "no", "cardData": "{}"})
    assert body["code"] == "cardInstance.notExist"
