"""The rows of the conformance checklist that a platform must meet; each test's name carries its row."""

import asyncio
import json
import time
from urllib.parse import urlsplit

import aiohttp
import pytest
from platforms.dingtalk.simulator.raw_client import BOT, CARD, EVENT

ROBOT = {"robotCode": "ding1"}
BATCH_SEND = "/v1.0/robot/oToMessages/batchSend"
INSTANCES = "/v1.0/card/instances"
STANDARD = "/v1.0/im/v1.0/robot/interactiveCards/send"


def sent(text="hi", users=("u-lilei",)):
    param = json.dumps({"content": text})
    return ROBOT | {"userIds": list(users), "msgKey": "sampleText", "msgParam": param}


async def drain(link, into):
    """Collect everything that arrives, acking as a good client does."""
    while True:
        message = await link.ws.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            return
        frame = json.loads(message.data)
        into.append(frame)
        await link.ack(frame)


# Gateway


async def test_01_open_gives_endpoint_with_port_and_fresh_ticket(client):
    status, first = await client.open()
    _, second = await client.open()
    assert status == 200
    assert urlsplit(first["endpoint"]).port
    assert urlsplit(first["endpoint"]).path == "/connect"
    assert first["ticket"] != second["ticket"]


async def test_02_wrong_secret_is_refused(client):
    status, body = await client.open(clientSecret="wrong")
    assert (status, body["code"], body["message"]) == (401, "authFailed", "鉴权失败")
    assert body["requestid"]


@pytest.mark.parametrize("subscriptions", [[], [{"type": "NOISE", "topic": "*"}], ["x"], [{"type": "EVENT"}]])
async def test_03_useless_subscriptions_are_refused(client, subscriptions):
    status, body = await client.open(subscriptions)
    assert (status, body["code"]) == (400, "invalidParameter")


async def test_04_old_ticket_is_refused(sim, client):
    sim.set(ticket_s=0.03)
    _, leave = await client.open()
    await asyncio.sleep(0.05)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await client.upgrade(leave)
    assert refused.value.status == 401


async def test_05_used_ticket_is_refused_and_first_connection_lives(sim, client):
    _, leave = await client.open()
    link = await client.upgrade(leave)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.upgrade(leave)
    assert (await client.said(link))["text"] == {"content": "hello"}


async def test_06_click_goes_only_to_subscribers(sim, client):
    link = await client.connect([BOT])
    await client.card()
    assert not await sim.click("card-1", "u-lilei", "ok")
    assert await link.silent(0.05)


async def test_07_two_connections_share_messages(sim, client):
    links = [await client.connect(), await client.connect()]
    received = [[], []]
    readers = [asyncio.create_task(drain(link, into)) for link, into in zip(links, received, strict=True)]
    ids = [await sim.say("ding1", "u-lilei", f"{n}") for n in range(100)]
    await sim.until(lambda: len(sim.acks) == 100)
    await sim.stop()
    await asyncio.gather(*readers)
    assert all(received)
    got = [json.loads(frame["data"])["msgId"] for frames in received for frame in frames]
    assert sorted(got) == sorted(ids)


async def test_08_dead_peer_is_selected_for_a_while(sim, client):
    sim.set(dead_peer_s=0.5)
    alive, dead = await client.connect([BOT]), await client.connect([BOT])
    dead.cut()
    await sim.until(lambda: len(sim.connections("ding1")) == 1)
    forgotten_at = time.monotonic() + 0.6
    early, late = [], []
    for _ in range(50):
        await sim.say("ding1", "u-lilei", "perhaps")
    while time.monotonic() < forgotten_at:
        await asyncio.sleep(0.05)
    for _ in range(50):
        await sim.say("ding1", "u-lilei", "surely")
    async with asyncio.timeout(10):
        while len(late) < 50:
            text = (await alive.data())["text"]["content"]
            (late if text == "surely" else early).append(text)
    assert 0 < len(early) < 50


# Frames


async def test_09_header_values_are_strings_and_data_is_json_text(sim, client):
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    sim.push_event("ding1", "user_add_org", {"userId": ["1"]})
    sim.ping("ding1")
    for _ in range(3):
        frame = await link.frame()
        assert all(isinstance(value, str) for value in frame["headers"].values())
        assert frame["headers"]["time"].isdigit()
        assert isinstance(json.loads(frame["data"]), dict)
        assert frame["specVersion"] == "1.0"


async def test_10_ping_wants_its_opaque_back(sim, client):
    link = await client.connect()
    [push] = sim.ping("ding1")
    frame = await link.frame()
    assert (frame["type"], frame["headers"]["topic"]) == ("SYSTEM", "ping")
    await link.ack(frame, {"opaque": "other"})
    await link.ack(frame, json.loads(frame["data"]))
    ack = await push.ack()
    assert ack.message_id == frame["headers"]["messageId"]
    assert ack.content() == json.loads(frame["data"])
    assert [ack.verdict for ack in sim.acks] == ["malformed", "matched"]


async def test_11_nothing_follows_a_disconnect_and_tcp_ends(sim, client):
    sim.set(disconnect_grace_s=0.1)
    link = await client.connect()
    sim.disconnect("ding1")
    assert await link.data() == {"reason": "persistent connection is timeout"}
    message = await sim.say("ding1", "u-lilei", "into the void")
    assert not sim.message(message).delivered
    assert await link.silent(0.05)
    assert (await link.ws.receive(1)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    await sim.until(lambda: not sim.connections("ding1"))


async def test_11_client_may_close_first(sim, client):
    link = await client.connect()
    sim.disconnect("ding1")
    await link.frame()
    await link.ws.close()
    await sim.until(lambda: not sim.connections("ding1"))


@pytest.mark.parametrize("answer", [None, {"status": "LATER"}])
async def test_12_event_comes_again_until_success(sim, client, answer):
    sim.set(event_retry_s=0.4)
    link = await client.connect([EVENT])
    sim.push_event("ding1", "user_add_org", {"userId": ["1"]})
    first = await link.frame()
    if answer:
        await link.ack(first, answer)
    second = await link.frame()
    await link.ack(second, {"status": "SUCCESS"})
    assert second["headers"]["eventId"] == first["headers"]["eventId"]
    assert await link.silent(0.6)


@pytest.mark.parametrize("same_id", [False, True])
async def test_13_bot_message_without_ack_returns(sim, client, same_id):
    sim.set(redelivery_s=0.03, redelivery_same_id=same_id, redelivery_max=3)
    link = await client.connect()
    message = await sim.say("ding1", "u-lilei", "hello")
    frames = [await link.frame() for _ in range(4)]
    assert {json.loads(frame["data"])["msgId"] for frame in frames} == {message}
    assert len({frame["headers"]["messageId"] for frame in frames}) == (1 if same_id else 4)
    assert await link.silent(0.08)


async def test_13_acked_bot_message_does_not_return(sim, client):
    sim.set(redelivery_s=0.4)
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    await link.ack(await link.frame())
    assert await link.silent(0.6)


@pytest.mark.parametrize("text", ["{", "[]", "1", '{"code":200}', '{"code":"x","headers":{"messageId":"1"}}'])
async def test_14_malformed_ack_is_recorded_and_connection_stays(sim, client, text):
    link = await client.connect()
    await link.ws.send_str(text)
    await sim.until(lambda: len(sim.acks) == 1)
    assert sim.acks[0].verdict == "malformed"
    assert (await client.said(link))["msgtype"] == "text"


async def test_15_unknown_message_id_is_an_orphan(sim, client):
    link = await client.connect()
    await link.ack({"headers": {"messageId": "nobody"}})
    await sim.until(lambda: len(sim.acks) == 1)
    assert sim.acks[0].verdict == "orphan"


async def test_16_ack_on_another_connection_is_matched_and_flagged(sim, client):
    first, second = await client.connect([BOT]), await client.connect([CARD])
    push = sim.push("ding1", {"x": 1})
    await second.ack(await first.frame())
    assert (await push.ack()).verdict == "strayed"


async def test_16_ack_of_another_app_is_an_orphan(sim, client):
    sim.add_app("ding2", "s2")
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    frame = await link.frame()
    client.id, client.secret = "ding2", "s2"
    stranger = await client.connect()
    await stranger.ack(frame)
    await sim.until(lambda: len(sim.acks) == 1)
    assert sim.acks[0].verdict == "orphan"


# Messages


async def test_17_group_text(client):
    data = await client.said(await client.connect(), group=True)
    assert data["conversationType"] == "2"
    assert data["isInAtList"] is True
    assert data["conversationTitle"]
    assert data["text"]["content"] == " hello"
    assert {"dingtalkId": data["chatbotUserId"]} in data["atUsers"]


async def test_18_single_text(client):
    data = await client.said(await client.connect())
    assert data["conversationType"] == "1"
    assert "conversationTitle" not in data
    assert data["text"]["content"] == "hello"
    assert data["robotCode"] == "ding1"


async def test_19_webhook_lives_ninety_minutes(client):
    data = await client.said(await client.connect())
    assert abs(data["sessionWebhookExpiredTime"] - data["createAt"] - 5_400_000) <= 1000


async def test_20_unpublished_robot_is_not_told_staff_ids(sim, client):
    link = await client.connect()
    assert (await client.said(link))["senderStaffId"] == "u-lilei"
    sim.set(published=False)
    assert not {"senderStaffId", "isAdmin"} & set(await client.said(link))


async def test_21_audio(client):
    content = (await client.said(await client.connect(), "你好", kind="audio"))["content"]
    assert content["downloadCode"]
    assert content["recognition"] == "你好"
    assert content["duration"] >= 1000


async def test_22_rich_text_keeps_order_and_both_codes(client):
    link = await client.connect()
    data = await client.said(link, kind="richText", segments=["look ", b"png", "here"])
    first, picture, last = data["content"]["richText"]
    assert (first, last) == ({"text": "look "}, {"text": "here"})
    assert picture["type"] == "picture"
    assert picture["downloadCode"]
    assert picture["pictureDownloadCode"]


async def test_23_exhausted_quota_takes_the_content(sim, client):
    sim.set(monthly=0)
    data = await client.said(await client.connect())
    assert data["code"] == 20001
    assert data["errMsg"] == data["errorMessage"]
    assert not {"text", "content"} & set(data)


@pytest.mark.parametrize("kind", ["audio", "video", "file"])
async def test_24_no_sound_or_file_in_groups(sim, kind):
    with pytest.raises(ValueError, match=kind):
        await sim.say("ding1", "u-lilei", kind=kind, group=True)


async def test_25_quoted_message(sim, client):
    link = await client.connect()
    first = await client.said(link, "orig")
    text = (await client.said(link, "re", quote=first["msgId"]))["text"]
    assert text["isReplyMsg"] is True
    assert text["repliedMsg"]["msgId"] == first["msgId"]
    assert text["repliedMsg"]["msgType"] == "text"
    assert text["repliedMsg"]["content"] == {"text": "orig"}


# REST


async def test_26_access_token(client):
    path = "/v1.0/oauth2/accessToken"
    status, body = await client.call("POST", path, {"appKey": "ding1", "appSecret": "s1"})
    assert status == 200
    assert body["accessToken"]
    assert body["expireIn"] == 7200
    status, body = await client.call("POST", path, {"appKey": "ding1", "appSecret": "no"})
    assert (status, body["code"]) == (400, "invalidClientIdOrSecret")


async def test_27_missing_and_bad_tokens(client):
    status, body = await client.call("PUT", INSTANCES, {})
    assert (status, body["code"]) == (400, "AuthenticationFailed.MissingParameter")
    client.token = "no"
    status, body = await client.api("PUT", INSTANCES, {})
    assert (status, body["code"]) == (400, "InvalidAuthentication")


async def test_28_webhook_shows_text(sim, client):
    data = await client.said(await client.connect())
    answer = {"msgtype": "text", "text": {"content": "收到"}, "at": {"atUserIds": ["u-lilei"]}}
    assert await client.call("POST", data["sessionWebhook"], answer) == (200, {"errcode": 0, "errmsg": "ok"})
    assert (sim.messages[-1].text, sim.messages[-1].conversation) == ("收到", data["conversationId"])
    assert sim.messages[-1].mentions == ["u-lilei"]


async def test_29_expired_webhook(sim, client):
    sim.set(webhook_s=0.01)
    data = await client.said(await client.connect())
    await asyncio.sleep(0.03)
    status, body = await client.call("POST", data["sessionWebhook"], {"msgtype": "text"})
    assert (status, body) == (200, {"errcode": 300001, "errmsg": "session 不存在"})


async def test_30_webhook_body_limit(client):
    data = await client.said(await client.connect())
    answer = {"msgtype": "text", "text": {"content": "x" * 20_000}}
    status, body = await client.call("POST", data["sessionWebhook"], answer)
    assert (status, body["errcode"]) == (200, 460101)


async def test_31_batch_send_counts_and_knows_people(sim, client):
    status, body = await client.api("POST", BATCH_SEND, sent(users=[f"u{n}" for n in range(21)]))
    assert (status, body["code"]) == (400, "invalidParameter.userIds.overMax")
    status, body = await client.api("POST", BATCH_SEND, sent("嗨", ["u-lilei", "nobody"]))
    assert status == 200
    assert body["processQueryKey"]
    assert body["invalidStaffIdList"] == ["nobody"]
    assert [message.text for message in sim.messages] == ["嗨"]


async def test_32_msg_param_must_be_text(client):
    status, body = await client.api("POST", BATCH_SEND, sent() | {"msgParam": {"content": "x"}})
    assert (status, body["code"]) == (400, "invalidParameter.msgParam.invalid")


async def test_33_download_code_leads_to_the_bytes(client):
    link = await client.connect()
    code = (await client.said(link, kind="picture", content=b"pixels"))["content"]["downloadCode"]
    path = "/v1.0/robot/messageFiles/download"
    status, body = await client.api("POST", path, ROBOT | {"downloadCode": code})
    assert status == 200
    async with client.session.get(body["downloadUrl"]) as response:
        assert await response.read() == b"pixels"
    status, body = await client.api("POST", path, ROBOT | {"downloadCode": "no"})
    assert status == 400


async def test_34_uploaded_media_works_as_photo(sim, client):
    await client.api("POST", INSTANCES, {})
    form = aiohttp.FormData()
    form.add_field("media", b"pixels", filename="a.png", content_type="image/png")
    url = f"{sim.url}/media/upload?access_token={client.token}&type=image"
    async with client.session.post(url, data=form) as response:
        media_id = (await response.json())["media_id"]
    assert media_id.startswith("@")
    param = json.dumps({"photoURL": media_id})
    body = ROBOT | {"userIds": ["u-lilei"], "msgKey": "sampleImageMsg", "msgParam": param}
    assert (await client.api("POST", BATCH_SEND, body))[0] == 200
    async with client.session.get(sim.messages[-1].text) as response:
        assert await response.read() == b"pixels"


async def test_35_calls_per_second_of_one_api(sim, client):
    answers = await asyncio.gather(*(client.api("POST", BATCH_SEND, sent()) for _ in range(21)))
    ((status, body),) = [answer for answer in answers if answer[0] != 200]
    assert (status, body["code"]) == (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    assert (await client.card())[0] == 200
    loop = asyncio.get_running_loop()
    real, loop.time = loop.time, lambda: real() + 1
    try:
        assert (await client.api("POST", BATCH_SEND, sent()))[0] == 200
    finally:
        loop.time = real


async def test_36_missing_scope(sim, client):
    sim.set(denied_scopes=["Card.Instance.Write"])
    status, body = await client.card()
    assert (status, body["code"]) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    assert body["accessdenieddetail"] == {"requiredScopes": ["Card.Instance.Write"]}
    assert (await client.api("POST", BATCH_SEND, sent()))[0] == 200


async def test_37_monthly_quota(sim, client):
    sim.set(monthly=2)
    for _ in range(2):
        assert (await client.api("POST", BATCH_SEND, sent()))[0] == 200
    status, body = await client.api("POST", BATCH_SEND, sent())
    assert (status, body["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    assert "本月api调用量已超过限制" in body["message"]


# Cards


def standard(**more):
    body = {"cardTemplateId": "StandardCard", "cardBizId": "biz-1", "cardData": '{"contents":[]}'}
    return body | ROBOT | more


PERSON = {"singleChatReceiver": '{"userId":"u-lilei"}'}


async def test_38_standard_card_has_exactly_one_receiver(client):
    for receivers in ({}, PERSON | {"openConversationId": "cid"}):
        status, body = await client.api("POST", STANDARD, standard(**receivers))
        assert (status, body["code"]) == (400, "param.error")


async def test_39_standard_card_data_must_be_json(client):
    status, body = await client.api("POST", STANDARD, standard(**PERSON, cardData="{no"))
    assert (status, body["code"]) == (400, "param.isNotJson")


async def test_40_standard_card_button_calls_nobody(sim, client):
    link = await client.connect()
    assert (await client.api("POST", STANDARD, standard(**PERSON)))[0] == 200
    assert not await sim.click("biz-1", "u-lilei", "button_1")
    assert await link.silent(0.05)


async def test_41_created_card_is_invisible_until_delivered(sim, client):
    body = {"cardTemplateId": "own.schema", "outTrackId": "card-1", "cardData": {"cardParamMap": {"a": "1"}}}
    assert await client.api("POST", INSTANCES, body) == (200, {"success": True, "result": "card-1"})
    assert sim.cards["card-1"].data == {"a": "1"}
    assert sim.messages == []
    space = {
        "openSpaceId": "dtv1.card//im_robot.u-lilei",
        "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
    }
    status, body = await client.api("POST", f"{INSTANCES}/deliver", {"outTrackId": "card-1"} | space)
    assert status == 200
    assert body["result"][0]["success"] is True
    assert [message.card for message in sim.messages] == ["card-1"]


async def test_42_two_spaces_two_results(sim, client):
    group = (await client.said(await client.connect(), group=True))["conversationId"]
    spaces = f"dtv1.card//IM_ROBOT.u-lilei;IM_GROUP.{group}"
    _, body = await client.card(openSpaceId=spaces, imGroupOpenDeliverModel=ROBOT)
    results = body["result"]["deliverResults"]
    assert [(one["spaceType"], one["success"]) for one in results] == [("IM_ROBOT", True), ("IM_GROUP", True)]
    assert len([message for message in sim.messages if message.card]) == 2


async def test_42_unknown_space_fails_alone(client):
    spaces = "dtv1.card//IM_ROBOT.u-lilei;IM_GROUP.cid=="
    status, body = await client.card(openSpaceId=spaces, imGroupOpenDeliverModel=ROBOT)
    assert status == 200
    assert [one["success"] for one in body["result"]["deliverResults"]] == [True, False]


async def test_43_group_needs_robot_code(client):
    status, body = await client.card(openSpaceId="dtv1.card//IM_GROUP.cid==", imGroupOpenDeliverModel={})
    assert (status, body["code"]) == (400, "param.openDeliverModelError")


async def test_44_card_params_are_strings(client):
    status, body = await client.card(cardData={"cardParamMap": {"count": 3}})
    assert (status, body["code"]) == (400, "param.invalid")


async def test_45_update_replaces_or_merges(sim, client):
    await client.card()
    change = {"outTrackId": "card-1", "cardData": {"cardParamMap": {"title": "new"}}}
    merge = {"cardUpdateOptions": {"updateCardDataByKey": True}}
    assert (await client.api("PUT", INSTANCES, change | merge))[1] == {"success": True, "result": True}
    assert sim.cards["card-1"].data == {"title": "new", "count": "3"}
    await client.api("PUT", INSTANCES, change)
    assert sim.cards["card-1"].data == {"title": "new"}


async def test_46_unknown_card(client):
    body = {"outTrackId": "no", "cardData": {"cardParamMap": {}}}
    status, body = await client.api("PUT", INSTANCES, body)
    assert (status, body["code"], body["message"]) == (400, "param.cardNotExist", "param.cardNotExist")


async def test_47_streaming_states(sim, client):
    await client.card()
    card = sim.cards["card-1"]
    states = [card.state]
    for more in ({}, {"isFinalize": True}, {"isError": True}):
        assert (await client.stream("text", **more))[1] == {"success": True, "result": True}
        states.append(card.state)
    assert states == ["processing", "inputting", "finished", "failed"]
    assert card.streamed == "content"


async def test_48_same_guid_changes_nothing(sim, client):
    await client.card()
    await client.stream("one", guid="g")
    assert (await client.stream("two", guid="g")) == (200, {"success": True, "result": True})
    assert sim.cards["card-1"].data["content"] == "one"


async def test_49_append_on_plain_text(sim, client):
    await client.card()
    await client.stream("one ")
    await client.stream("two", isFull=False)
    assert sim.cards["card-1"].data["content"] == "one two"


async def test_49_append_on_markdown_is_refused(sim, client):
    await client.card(cardTemplateId="382e4302-551d-4880-bf29-a30acfab2e71.schema")
    status, body = await client.stream("x", key="msgContent", isFull=False)
    assert (status, body["code"]) == (400, "param.invalid")
    sim.set(append_markdown=True)
    assert (await client.stream("x", key="msgContent", isFull=False))[0] == 200


async def test_50_wrong_streaming_key(sim, client):
    sim.add_template("own", ["answer"])
    await client.card()
    status, body = await client.stream("x")
    assert (status, body["code"], body["message"]) == (500, "unknownError", "未知错误")
    assert (await client.stream("x", key="answer"))[0] == 200


async def test_51_click_reaches_one_connection(sim, client):
    links = [await client.connect(), await client.connect()]
    await client.card()
    clicked = asyncio.create_task(sim.click("card-1", "u-lilei", "approve", {"action": "ok"}))
    waiting = [asyncio.create_task(link.frame()) for link in links]
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == len(rest) == 1
    frame = done.pop().result()
    data = json.loads(frame["data"])
    assert frame["headers"]["topic"] == CARD["topic"]
    assert (data["type"], data["outTrackId"], data["userId"]) == ("actionCallback", "card-1", "u-lilei")
    content = json.loads(data["content"])
    assert content == {"cardPrivateData": {"actionIds": ["approve"], "params": {"action": "ok"}}}
    await links[waiting.index(next(task for task in waiting if task not in rest))].ack(frame)
    assert await clicked
    for task in rest:
        task.cancel()


async def test_52_click_answer_changes_card_and_clickers_view(sim, client):
    link = await client.connect()
    await client.card()
    clicked = asyncio.create_task(sim.click("card-1", "u-lilei", "like"))
    response = {
        "cardUpdateOptions": {"updateCardDataByKey": True},
        "cardData": {"cardParamMap": {"title": "liked"}},
        "userPrivateData": {"cardParamMap": {"mine": "yes"}},
    }
    await link.ack(await link.frame(), {"response": response})
    assert await clicked
    assert sim.cards["card-1"].data == {"title": "liked", "count": "3"}
    assert sim.cards["card-1"].private == {"u-lilei": {"mine": "yes"}}


async def test_53_late_click_answer_is_ignored(sim, client):
    sim.set(callback_s=0.05)
    link = await client.connect()
    await client.card()
    assert not await sim.click("card-1", "u-lilei", "like")
    response = {"response": {"cardData": {"cardParamMap": {"title": "late"}}}}
    await link.ack(await link.frame(), response)
    await sim.until(lambda: len(sim.acks) == 1)
    assert sim.acks[0].verdict == "late"
    assert sim.cards["card-1"].data["title"] == "t"
