import asyncio
import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import change, going
from jsonschema import Draft202012Validator
from virtual import run_virtual

from imbot.errors import FatalError
from imbot.model import CardPhase, CardRef, CardView
from imbot.platforms import open_gateway
from imbot.platforms.dingtalk.gateway import DingTalkGateway
from imbot.platforms.dingtalk.stream import CLICKS, MESSAGES
from imbot.spec import Secret
from imbot.usage.rate_limit import RateLimiter

PUSH = {
    "msgId": "msg1",
    "conversationId": "cid1",
    "conversationType": "1",
    "senderStaffId": "u1",
    "senderNick": "Li",
    "robotCode": "dingapp",
    "msgtype": "text",
    "text": {"content": "hello"},
}
CLICK = {"outTrackId": "c1", "userId": "u1", "content": '{"cardPrivateData":{"actionIds":["stop"]}}'}
MESSAGE_ADDRESS = {"robot_code": "r", "conversation_id": "cid", "kind": "single", "staff_id": "u1"}
VIEW = CardView(
    "ai",
    CardPhase.THINKING,
    {"flowStatus": "1"},
    "T",
    "…",
    {"template_id": "t.schema", "content_key": "body"},
)


class Bot:
    name = "bot"

    def __init__(self):
        self.messages, self.actions, self.change = [], [], None

    async def on_message(self, message):
        self.messages.append(message)

    async def on_action(self, action):
        self.actions.append(action)
        return self.change


@pytest.fixture
def bot():
    return Bot()


@pytest.fixture
async def gateway(platform, quick, bot):
    gateway = DingTalkGateway(
        {"client_id": "dingapp", "client_secret": Secret("s3cret")}, platform.url, times=quick
    )
    gateway.attach(bot)
    running = asyncio.create_task(gateway.run())
    async with asyncio.timeout(10):
        await gateway.ready()
    yield gateway
    running.cancel()
    await asyncio.wait([running])
    await gateway.close()


def test_the_table_of_types_opens_it():
    gateway = open_gateway("dingtalk-stream", {"client_id": "a", "client_secret": Secret("b")})

    assert isinstance(gateway, DingTalkGateway)
    assert gateway.status.state == "down"


async def test_a_message_reaches_the_bot_before_it_is_acknowledged(platform, gateway, bot):
    before = time.time()
    await platform.push(MESSAGES, PUSH)

    assert (await platform.ack())[1] == 200
    [message] = bot.messages
    assert (message.id, message.text, message.sender.id) == ("msg1", "hello", "u1")
    assert before <= message.received_at <= time.time()


async def test_nothing_is_acknowledged_later_than_the_platform_waits(platform):
    gateway = DingTalkGateway({"client_id": "a", "client_secret": "b"}, platform.url)
    routes = gateway._stream._routes
    await gateway.close()

    assert routes[MESSAGES].patience_s <= 1
    assert routes[CLICKS].patience_s < 2, "by then it shows the click as failed"


async def test_a_click_is_answered_with_the_change(platform, gateway, bot):
    bot.change = change({"tips": "thanks"}, private=True)
    await platform.push(CLICKS, CLICK)

    assert (await platform.ack())[3] == {
        "response": {
            "cardUpdateOptions": {"updatePrivateDataByKey": True},
            "userPrivateData": {"cardParamMap": {"tips": "thanks"}},
        }
    }
    assert bot.actions[0].id == "stop"


async def test_a_click_that_changes_nothing_is_answered_empty(platform, gateway):
    await platform.push(CLICKS, CLICK)

    assert (await platform.ack())[3] == {"response": None}


async def test_a_push_that_is_no_message_is_acknowledged_as_failed(platform, gateway, bot):
    await platform.push(MESSAGES, {"msgtype": "text", "text": {"content": "x"}})

    assert (await platform.ack())[1] == 500
    assert not bot.messages


async def test_without_a_bot_nothing_is_acknowledged(platform, gateway, bot):
    gateway.attach(None)
    await platform.push(MESSAGES, PUSH)
    await platform.push(CLICKS, CLICK, message_id="m2")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(platform.ack(), 0.08)

    gateway.attach(bot)
    await platform.push(MESSAGES, PUSH)
    assert (await platform.ack())[1] == 200


async def test_73_the_quota_notice_is_one_warning(platform, gateway, bot, caplog):
    empty = {k: v for k, v in PUSH.items() if k != "text"} | {"code": 20001, "errMsg": "used up"}

    async def push(data, message_id):
        await platform.push(MESSAGES, data, message_id=message_id)
        assert (await platform.ack())[1] == 200

    await push(empty, "m1")
    await push(empty, "m2")
    assert caplog.text.count("quota is used up") == 1
    assert not bot.messages

    await push(PUSH, "m3")
    await push(empty, "m4")
    assert caplog.text.count("quota is used up") == 2


async def test_a_card_lives_through_the_gateway(platform, gateway, bot):
    await platform.push(MESSAGES, PUSH)
    await platform.ack()
    ref, other = gateway.new_card(bot.messages[0]), gateway.new_card(bot.messages[0])
    stored = CardRef(ref.id, json.loads(json.dumps(dict(ref.address))))

    assert ref.id != other.id
    assert len(ref.id) <= 64
    assert await gateway.create_card(ref, lambda: VIEW) == VIEW
    assert await gateway.update_card(ref, lambda: VIEW) == VIEW
    await gateway.finish_card(stored, VIEW)
    await gateway.send_text(stored, "T", "text", going)
    assert {body["outTrackId"] for _, body, _ in platform.requests if body and "outTrackId" in body} == {
        ref.id
    }


async def test_new_credentials_are_proven_then_used_without_touching_the_connection(platform, gateway):
    new = {"client_id": "dingapp", "client_secret": Secret("new")}
    platform.answer("/v1.0/oauth2/accessToken", (400, {"code": "invalidClientIdOrSecret"}))
    with pytest.raises(FatalError):
        await gateway.prove(new)
    await gateway.prove(new)
    gateway.use_credentials(new, 20)
    await gateway.finish_card(CardRef("c1"), VIEW)
    gateway.use_credentials(new, 20)
    await gateway.finish_card(CardRef("c1"), VIEW)

    assert [body["appSecret"] for body in platform.bodies("accessToken")] == ["new"] * 3
    assert gateway.status.opened == 1


def test_another_rate_holds_at_once():
    async def main():
        credentials, limiter = {"client_id": "a", "client_secret": "b"}, RateLimiter(1)
        gateway = DingTalkGateway(credentials, "http://127.0.0.1:9", limiter=limiter)
        gateway.use_credentials(credentials, 3)
        made = []
        for _ in range(4):
            async with limiter.slot("any") as slot:
                slot.used = True
                made.append(asyncio.get_running_loop().time())
        await gateway.close()
        return made

    assert run_virtual(main()) == pytest.approx([0, 0, 0, 1], abs=0.01)


async def test_cards_still_work_after_the_connection_has_ended_until_close(platform, quick):
    gateway = DingTalkGateway({"client_id": "a", "client_secret": "b"}, platform.url, times=quick)
    running = asyncio.create_task(gateway.run())
    await gateway.ready()
    running.cancel()
    await asyncio.wait([running])

    await gateway.finish_card(CardRef("c1"), VIEW)
    await gateway.close()
    with pytest.raises(FatalError):
        await gateway.finish_card(CardRef("c1"), VIEW)


async def test_78_nothing_secret_is_logged(platform, gateway, bot, caplog, eventually):
    caplog.set_level(logging.DEBUG)
    webhook = f"{platform.url}/robot/sendBySession?session=s3ss"
    push = {**PUSH, "sessionWebhook": webhook, "sessionWebhookExpiredTime": (time.time() + 600) * 1000}
    platform.answer("/robot/sendBySession", (200, {"errcode": 300001, "errmsg": "session 不存在"}))
    platform.answer("/v1.0/card/instances", (500, {"code": "system.busy"}))
    await platform.push(MESSAGES, push)
    await platform.ack()
    ref = gateway.new_card(bot.messages[0])
    await gateway.create_card(ref, lambda: VIEW)
    await gateway.send_text(ref, "T", "text", going)
    await platform.push("disconnect", {}, kind="SYSTEM", message_id="d")
    await eventually(lambda: gateway.status.opened == 2)
    platform.sockets[-1]._req.transport.abort()
    await eventually(lambda: gateway.status.opened == 3)

    told = caplog.text + repr(bot.messages) + repr(ref) + repr(gateway.status)
    for secret in ("s3cret", "token-1", "ticket/1", "ticket%2F1", "s3ss"):
        assert secret not in told


def test_the_schema_of_the_credentials_accepts_what_the_gateway_reads():
    path = Path(__file__).parents[3] / "schemas/types/dingtalk-stream.schema.json"
    schema = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid

    assert valid({"client_id": "a", "client_secret": "b"})
    assert valid({"client_id": "a", "client_secret": "b", "robot_code": "c"})
    assert not valid({"client_id": "a"})
    assert not valid({"client_id": "a", "client_secret": "b", "extra": 1})
    assert schema["properties"]["client_id"]["x-identity"]
    assert schema["properties"]["client_secret"]["writeOnly"]


async def test_every_call_about_a_card_is_told_with_the_organisation_it_is_for(platform, quick):
    spent = []
    gateway = DingTalkGateway(
        {"client_id": "a", "client_secret": "b"}, platform.url, lambda *call: spent.append(call), times=quick
    )
    ref = CardRef("c1", {**MESSAGE_ADDRESS, "organisation": "ding9f50"}, "t1")
    platform.answer("/v1.0/card/streaming", (400, {"code": "InvalidAuthentication"}))
    try:
        await gateway.create_card(ref, lambda: VIEW)
        await gateway.finish_card(ref, replace(VIEW, phase=CardPhase.FINAL, data={"flowStatus": "3"}))
        await gateway.send_text(CardRef("c2", MESSAGE_ADDRESS, "t2"), "title", "text", going)
    finally:
        await gateway.close()

    assert spent == [("t1", "ding9f50")] * 3 + [("t2", "")]
    assert "/v1.0/oauth2/accessToken" in "".join(platform.lines), "which is none of them"
