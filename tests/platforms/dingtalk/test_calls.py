import json
from dataclasses import replace

import pytest
from fakes import change

from imbot.errors import FatalError
from imbot.model import CardPhase, CardView
from imbot.platforms.dingtalk import calls
from imbot.platforms.dingtalk.kinds.standard import StandardKind
from imbot.platforms.dingtalk.wire import Address

GROUP = Address("bot", "cidG==", "group", staff_id="u1")
SINGLE = Address("bot", "cidS==", "single", staff_id="u1")
NOBODY = Address("bot", "cidS==", "single")
AI = CardView(
    "ai",
    CardPhase.THINKING,
    {"flowStatus": "1", "msgContent": "…"},
    "Title",
    "Text",
    {"template_id": "t.schema", "content_key": "msgContent"},
)
STANDARD = CardView(
    "standard",
    CardPhase.FINAL,
    {"contents": [{"type": "markdown", "text": "你好"}]},
    "Title",
    "Text",
    StandardKind.native,
)


FOLLOWS = {"extension": {"dynamicSummary": "true"}}  # the line in the list of chats follows the card


def test_a_card_that_is_complete_when_it_is_made_has_its_line_at_once():
    view = replace(AI, phase=CardPhase.FINAL, text="# 你好\n再见")
    body = calls.create("c1", GROUP, view).body

    assert body["imGroupOpenSpaceModel"]["lastMessageI18n"] == {"ZH_CN": "你好"}


def test_an_ai_card_in_a_group_is_delivered_to_its_conversation():
    call = calls.create("c1", GROUP, AI)

    assert call.api == calls.AI_CREATE
    assert call.body["openSpaceId"] == "dtv1.card//IM_GROUP.cidG=="
    assert call.body["imGroupOpenDeliverModel"] == {"robotCode": "bot"} | FOLLOWS
    assert call.body["imGroupOpenSpaceModel"]["lastMessageI18n"] == {"ZH_CN": "Title"}
    assert call.body["cardTemplateId"] == "t.schema"
    assert call.body["outTrackId"] == "c1"
    assert call.body["callbackType"] == "STREAM"
    assert call.body["cardData"] == {"cardParamMap": {"flowStatus": "1", "msgContent": "…"}}


def test_an_ai_card_in_a_single_chat_is_delivered_to_the_person():
    body = calls.create("c1", SINGLE, AI).body

    assert body["openSpaceId"] == "dtv1.card//IM_ROBOT.u1"
    assert body["imRobotOpenDeliverModel"] == {"spaceType": "IM_ROBOT", "robotCode": "bot"} | FOLLOWS
    assert "imGroupOpenDeliverModel" not in body


def test_a_standard_card_goes_to_exactly_one_receiver():
    group, single = calls.create("c1", GROUP, STANDARD), calls.create("c1", SINGLE, STANDARD)

    assert group.api == single.api == calls.STANDARD_CREATE
    assert group.body["openConversationId"] == "cidG=="
    assert "singleChatReceiver" not in group.body
    assert json.loads(single.body["singleChatReceiver"]) == {"userId": "u1"}
    assert "openConversationId" not in single.body
    assert json.loads(group.body["cardData"]) == STANDARD.data


@pytest.mark.parametrize("view", [AI, STANDARD])
def test_74_without_a_staff_id_there_is_no_card_in_a_single_chat(view):
    with pytest.raises(FatalError, match="staff id"):
        calls.create("c1", NOBODY, view)


@pytest.mark.parametrize(("view", "api"), [(AI, calls.AI_CREATE), (STANDARD, calls.STANDARD_CREATE)])
def test_the_template_decides_by_which_call_a_card_is_made(view, api):
    assert calls.create("c1", GROUP, replace(view, kind="note")).api == api


def test_what_has_no_template_has_no_card():
    with pytest.raises(FatalError, match="markdown"):
        calls.create("c1", GROUP, CardView("markdown", CardPhase.FINAL, {}, "", ""))


def test_an_update_keeps_the_variables_it_does_not_name():
    assert calls.put_ai("c1", {"a": "1"}).body == {
        "outTrackId": "c1",
        "cardData": {"cardParamMap": {"a": "1"}},
        "cardUpdateOptions": {"updateCardDataByKey": True},
    }


def test_streaming_sends_the_whole_text_under_a_new_id_each_time():
    first, second = (calls.stream_ai("c1", "content", "text").body for _ in range(2))

    assert first["guid"] != second["guid"]
    assert {k: v for k, v in first.items() if k != "guid"} == {
        "outTrackId": "c1",
        "key": "content",
        "content": "text",
        "isFull": True,
        "isFinalize": False,
        "isError": False,
    }


def test_a_standard_card_is_replaced_whole():
    body = calls.put_standard("c1", STANDARD.data).body

    assert body["cardBizId"] == "c1"
    assert json.loads(body["cardData"]) == STANDARD.data


def test_a_robot_message_packs_its_parameters_as_text():
    group, single = calls.send_markdown(GROUP, "T", "你好"), calls.send_markdown(SINGLE, "T", "你好")

    assert group.api == calls.SEND_GROUP
    assert group.body["openConversationId"] == "cidG=="
    assert single.api == calls.SEND_SINGLE
    assert single.body["userIds"] == ["u1"]
    assert single.body["msgParam"] == '{"title": "T", "text": "你好"}'
    with pytest.raises(FatalError):
        calls.send_markdown(NOBODY, "T", "text")


def test_a_click_is_answered_for_everybody_or_for_the_clicker():
    assert calls.callback_response(change({"a": "1"})) == {
        "cardUpdateOptions": {"updateCardDataByKey": True},
        "cardData": {"cardParamMap": {"a": "1"}},
    }
    assert calls.callback_response(change({"a": "1"}, private=True)) == {
        "cardUpdateOptions": {"updatePrivateDataByKey": True},
        "userPrivateData": {"cardParamMap": {"a": "1"}},
    }
