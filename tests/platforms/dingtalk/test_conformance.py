"""The rows of the protocol's checklist that a gateway can hold alone, against the simulator."""

import asyncio
import dataclasses
import logging
from collections import Counter

import pytest
from fakes import change, going

from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase, CardView
from imbot.platforms.dingtalk import calls
from imbot.platforms.dingtalk.gateway import DingTalkGateway
from imbot.platforms.dingtalk.kinds.standard import StandardKind
from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.times import Times
from imbot.spec import Secret

APP, USER = "ding1", "u-lilei"
QUICK = Times(
    ack_s=0.1,
    answer_s=0.1,
    heartbeat_s=0.2,
    close_s=0.2,
    retry_first_s=0.02,
    retry_cap_s=0.1,
    stable_s=10.0,
)


class Bot:
    """Takes what the gateway brings; ``work`` is done with each message first."""

    name = "bot"

    def __init__(self):
        self.messages, self.actions = [], []
        self.work = self.answer = None

    async def on_message(self, message):
        if self.work:
            await self.work()
        self.messages.append(message)

    async def on_action(self, action):
        self.actions.append(action)
        return await self.answer() if self.answer else None


def own(phase, text):
    return CardView(
        "ai", phase, {"content": text}, "Title", text, {"template_id": "own.schema", "content_key": "content"}
    )


def built_in(phase, status, text):
    data = {"flowStatus": status, "msgContent": text}
    return CardView(
        "ai",
        phase,
        data,
        "Title",
        text,
        {"template_id": calls.BUILT_IN_TEMPLATE, "content_key": "msgContent"},
    )


THINKING = built_in(CardPhase.THINKING, "1", "")


@pytest.fixture
async def sim():
    async with Simulator(open_apps=False) as sim:
        sim.add_app(APP, "s3cret")
        yield sim


@pytest.fixture
def bot():
    return Bot()


@pytest.fixture
async def gateway(sim, bot, call_s):
    times = dataclasses.replace(QUICK, call_s=call_s)
    gateway = DingTalkGateway({"client_id": APP, "client_secret": Secret("s3cret")}, sim.url, times=times)
    gateway.attach(bot)
    yield gateway
    await gateway.close()


@pytest.fixture
async def running(gateway, sim):
    task = asyncio.create_task(gateway.run())
    async with asyncio.timeout(10):
        await gateway.ready()
    await sim.until(lambda: sim.connections(APP))
    yield task
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def heard(sim, bot, running, eventually):
    """Say something and return the message that the bot took."""

    async def say(text="hello", **how):
        before = len(bot.messages)
        await sim.say(APP, USER, text, **how)
        await eventually(lambda: len(bot.messages) > before)
        return bot.messages[-1]

    return say


async def test_54_the_ack_does_not_wait_for_slow_work(sim, bot, running):
    bot.work = asyncio.Event().wait
    await sim.say(APP, USER, "hello")
    await sim.until(lambda: sim.acks, timeout=10)

    assert (sim.acks[0].code, sim.acks[0].verdict) == (200, "matched")
    assert not bot.messages


async def test_55_a_repeated_push_is_acked_and_carries_the_same_message_id(sim, bot, running, eventually):
    sim.set(redelivery_s=0.03)
    bot.work = lambda: asyncio.sleep(0.05)  # so the first ack comes too late
    await sim.say(APP, USER, "hello")
    await eventually(lambda: len(sim.acks) == 2)

    assert {ack.code for ack in sim.acks} == {200}
    assert len({ack.message_id for ack in sim.acks}) == 2
    assert len({message.id for message in bot.messages}) == 1


async def test_55_a_push_repeated_under_its_own_id_is_taken_once(sim, bot, running, eventually):
    sim.set(redelivery_s=0.03, redelivery_same_id=True)
    bot.work = lambda: asyncio.sleep(0.05)
    await sim.say(APP, USER, "hello")
    await eventually(lambda: len(sim.acks) >= 2)
    await eventually(lambda: bot.messages)

    assert len(bot.messages) == 1


async def test_56_an_exception_is_acked_500(sim, bot, running):
    async def fail():
        raise RuntimeError("boom")

    bot.work = fail
    await sim.say(APP, USER, "hello")
    await sim.until(lambda: sim.acks)

    assert sim.acks[0].code == 500


async def test_57_a_disconnect_opens_a_new_connection_and_loses_no_reply(
    sim, bot, gateway, heard, eventually
):
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: THINKING)
    first = sim.connections(APP)[0]
    sim.disconnect(APP)
    await eventually(lambda: gateway.status.opened == 2, within_s=10)
    await gateway.finish_card(ref, built_in(CardPhase.FINAL, "3", "done"))
    await eventually(lambda: first not in sim.connections(APP))

    assert sim.cards[ref.id].data["msgContent"] == "done"
    assert (await heard("again")).text == "again"
    assert [ack.verdict for ack in sim.acks] == ["matched"] * len(sim.acks)


@pytest.mark.parametrize("how", [1000, 1011, "drop"])
async def test_58_it_comes_back_after_every_kind_of_end(sim, gateway, heard, eventually, how):
    if how == "drop":
        sim.drop(APP)
    else:
        sim.close(APP, how)
    await eventually(lambda: gateway.status.opened == 2)

    assert (await heard("again")).text == "again"


async def test_59_a_frozen_connection_is_replaced(sim, gateway, running, eventually):
    sim.freeze(APP)
    await eventually(lambda: gateway.status.opened == 2)


async def test_60_a_quiet_connection_is_left_alone(gateway, running):
    await asyncio.sleep(QUICK.heartbeat_s * 3)

    assert gateway.status.opened == 1


@pytest.mark.parametrize("call_s", [0.5])
async def test_61_an_opening_that_hangs_ends_in_time(sim, gateway, eventually):
    sim.fail("/gateway/connections/open", 0, delay_s=30)
    task = asyncio.create_task(gateway.run())
    await eventually(lambda: gateway.status.error)
    await eventually(lambda: gateway.status.state == "connected")
    task.cancel()
    await asyncio.wait([task])


async def test_62_63_cancelling_closes_the_socket_at_once_and_cards_still_work(sim, gateway, heard, running):
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: THINKING)
    running.cancel()
    async with asyncio.timeout(0.5):
        await asyncio.wait([running])
    await sim.until(lambda: not sim.connections(APP), timeout=10)
    assert not sim.message(await sim.say(APP, USER, "too late")).delivered

    await gateway.finish_card(ref, built_in(CardPhase.STOPPED, "3", "stopped"))
    assert sim.cards[ref.id].state == "finished"


async def test_64_strange_frames_leave_the_connection_open(sim, gateway, heard, running):
    sim.send_text(APP, "not json")
    unknown = sim.push(APP, {}, kind="SYSTEM", topic="NEW")
    assert (await unknown.ack(1)).code == 200

    assert (await heard()).text == "hello"
    assert gateway.status.opened == 1


@pytest.mark.parametrize("told", [True, False])
async def test_65_it_is_ready_with_and_without_registered(sim, gateway, told):
    sim.set(system_frames=told)
    task = asyncio.create_task(gateway.run())
    async with asyncio.timeout(10):
        await gateway.ready()
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize("group", [True, False])
async def test_66_an_expired_webhook_is_replaced_by_the_robot(sim, gateway, heard, group):
    ref = gateway.new_card(await heard(group=group))
    sim.expire_webhooks()
    await gateway.send_text(ref, "Title", "by the robot", going)

    assert sim.messages[-1].text == "by the robot"
    assert sim.messages[-1].conversation == ref.address["conversation_id"] or not group
    assert "sendBySession" in sim.calls[-3].path or "sendBySession" in sim.calls[-2].path


async def test_67_a_revoked_token_costs_one_refresh(sim, gateway, heard):
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: THINKING)
    sim.revoke_token(APP)
    await gateway.finish_card(ref, built_in(CardPhase.FINAL, "3", "done"))

    assert Counter(call.path for call in sim.calls)["/v1.0/oauth2/accessToken"] == 2
    assert sim.cards[ref.id].data["msgContent"] == "done"


async def test_68_a_refusal_says_when_to_come_back_and_hurts_no_other_api(sim, gateway, heard):
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: THINKING)
    sim.fail("/card/instances", 403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"})
    with pytest.raises(TransientError) as caught:
        await gateway.finish_card(ref, built_in(CardPhase.FINAL, "3", "done"))
    assert caught.value.retry_after_s == 1.0

    await gateway.send_text(ref, "Title", "meanwhile", going)
    await gateway.finish_card(ref, built_in(CardPhase.FINAL, "3", "done"))
    assert sim.cards[ref.id].data["msgContent"] == "done"


async def test_69_many_updates_stay_below_the_rate_and_the_last_text_is_shown(sim, gateway, heard):
    refs = [gateway.new_card(await heard(f"q{number}")) for number in range(3)]
    shown = Counter()

    async def reply(ref):
        await gateway.create_card(ref, lambda: own(CardPhase.THINKING, ""))
        for number in range(12):
            await gateway.update_card(ref, lambda number=number: own(CardPhase.STREAMING, "x" * (number + 1)))
            shown[ref.id] += 1
        await gateway.finish_card(ref, own(CardPhase.FINAL, "the end"))

    await asyncio.gather(*map(reply, refs))

    assert all(call.status == 200 for call in sim.calls)
    streaming = [call.at for call in sim.calls if call.path.endswith("/streaming")]
    assert max(sum(at <= other < at + 1000 for other in streaming) for at in streaming) <= 20
    assert {sim.cards[ref.id].data["content"] for ref in refs} == {"the end"}
    assert {sim.cards[ref.id].state for ref in refs} == {"finished"}


async def test_70_an_end_that_failed_is_repeated_or_replaced(sim, gateway, heard):
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: own(CardPhase.THINKING, ""))
    sim.fail("/card/streaming", 500, {"code": "system.busy"})
    with pytest.raises(TransientError):
        await gateway.finish_card(ref, own(CardPhase.FINAL, "done"))
    await gateway.finish_card(ref, own(CardPhase.FINAL, "done"))
    assert sim.cards[ref.id].state == "finished"

    other = gateway.new_card(await heard())
    with pytest.raises(FatalError, match="never made"):
        await gateway.finish_card(other, own(CardPhase.FINAL, "done"))
    await gateway.send_text(other, "Title", "instead", going)
    assert sim.messages[-1].text == "instead"


@pytest.mark.parametrize(("phase", "state"), [(CardPhase.FINAL, "finished"), (CardPhase.ERROR, "failed")])
async def test_an_own_template_ends_in_the_right_state(sim, gateway, heard, phase, state):
    ref = gateway.new_card(await heard(group=True))
    await gateway.create_card(ref, lambda: own(CardPhase.THINKING, ""))
    await gateway.update_card(ref, lambda: own(CardPhase.STREAMING, "do"))
    assert sim.cards[ref.id].state == "inputting"
    await gateway.finish_card(ref, own(phase, "done"))

    assert (sim.cards[ref.id].state, sim.cards[ref.id].data["content"]) == (state, "done")


async def test_a_wrong_content_key_is_fatal_and_names_the_cure(sim, gateway, heard):
    sim.add_template("own.schema", ["answer"])
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: own(CardPhase.THINKING, ""))

    with pytest.raises(FatalError, match="content_key"):
        await gateway.update_card(ref, lambda: own(CardPhase.STREAMING, "do"))


@pytest.mark.parametrize("group", [True, False])
async def test_a_standard_card_is_shown_and_replaced(sim, gateway, heard, group):
    def standard(text):
        data = {"contents": [{"type": "text", "text": text}]}
        return CardView("standard", CardPhase.FINAL, data, "T", text, StandardKind.native)

    ref = gateway.new_card(await heard(group=group))
    await gateway.create_card(ref, lambda: standard("…"))
    await gateway.update_card(ref, lambda: standard("do"))
    await gateway.finish_card(ref, standard("done"))

    assert sim.cards[ref.id].data == {"contents": [{"type": "text", "text": "done"}]}


async def test_73_the_quota_message_is_one_warning(sim, bot, running, caplog):
    sim.set(monthly=0)
    await sim.say(APP, USER, "hello")
    await sim.say(APP, USER, "hello")
    await sim.until(lambda: len(sim.acks) == 2)

    assert {ack.code for ack in sim.acks} == {200}
    assert caplog.text.count("quota is used up") == 1
    assert not bot.messages


@pytest.mark.parametrize("group", [True, False])
async def test_74_without_a_staff_id_the_webhook_answers(sim, gateway, heard, group):
    sim.set(published=False)
    ref = gateway.new_card(await heard(group=group))
    if group:
        await gateway.create_card(ref, lambda: THINKING)
        assert sim.cards[ref.id].conversation == ref.address["conversation_id"]
    else:
        with pytest.raises(FatalError, match="staff id"):
            await gateway.create_card(ref, lambda: THINKING)
    await gateway.send_text(ref, "Title", "by the webhook", going)

    assert sim.messages[-1].text == "by the webhook"


async def test_75_a_click_is_answered_in_time_and_late_work_updates_the_card(
    sim, bot, gateway, heard, eventually
):
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: THINKING)

    async def quick():
        return change({"msgContent": "thanks"})

    async def private():
        return change({"msgContent": "only you"}, private=True)

    async def slow():
        await asyncio.sleep(0.15)
        await gateway.finish_card(ref, built_in(CardPhase.FINAL, "3", "later"))
        return change({"msgContent": "too late"})

    for bot.answer in (quick, private, slow):
        assert await sim.click(ref.id, USER, "feedback:good", {"why": "ok"})
    await eventually(lambda: sim.cards[ref.id].data["msgContent"] == "later")

    assert sim.cards[ref.id].data["flowStatus"] == "3"
    assert sim.cards[ref.id].private == {USER: {"msgContent": "only you"}}
    assert [(each.id, each.user_id, each.params) for each in bot.actions] == [
        ("feedback:good", USER, {"why": "ok"})
    ] * 3


async def test_77_a_proxy_is_used_for_calls_and_sockets_unless_excluded(
    sim, gateway, eventually, monkeypatch, unused_tcp_port_factory
):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_tcp_port_factory()}")
    monkeypatch.setenv("no_proxy", "")
    task = asyncio.create_task(gateway.run())
    await eventually(lambda: "cannot reach" in gateway.status.error)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    await eventually(lambda: gateway.status.state == "connected")
    task.cancel()
    await asyncio.wait([task])


async def test_78_no_secret_is_logged(sim, gateway, heard, eventually, caplog):
    caplog.set_level(logging.DEBUG)
    ref = gateway.new_card(await heard())
    await gateway.create_card(ref, lambda: THINKING)
    sim.expire_webhooks()
    await gateway.send_text(ref, "Title", "text", going)
    sim.disconnect(APP)
    await eventually(lambda: gateway.status.opened == 2)
    sim.drop(APP)
    await eventually(lambda: gateway.status.opened == 3)
    token = sim.world.apps[APP].token

    assert token
    for secret in ("s3cret", token, "ticket=", "session="):
        assert secret not in caplog.text


async def test_a_wrong_secret_is_told_and_a_right_one_connects_at_once(sim, bot, eventually, caplog):
    gateway = DingTalkGateway({"client_id": APP, "client_secret": Secret("wr0ng")}, sim.url, times=QUICK)
    task = asyncio.create_task(gateway.run())
    await eventually(lambda: "copy both again" in gateway.status.error)
    right = {"client_id": APP, "client_secret": Secret("s3cret")}
    await gateway.prove(right)
    with pytest.raises(FatalError):
        await gateway.prove({"client_id": APP, "client_secret": Secret("wr0ng")})
    gateway.use_credentials(right, 20)
    await eventually(lambda: gateway.status.state == "connected")
    task.cancel()
    await asyncio.wait([task])
    await gateway.close()

    assert Counter(call.path for call in sim.calls)["/v1.0/gateway/connections/open"] == 2
    assert "wr0ng" not in caplog.text


async def test_many_gateways_live_in_one_process(sim, eventually):
    gateways = []
    for number in range(30):
        sim.add_app(f"app{number}", "s")
        times = dataclasses.replace(QUICK, heartbeat_s=20, call_s=5)
        gateways.append(
            DingTalkGateway({"client_id": f"app{number}", "client_secret": "s"}, sim.url, times=times)
        )
    tasks = [asyncio.create_task(gateway.run()) for gateway in gateways]
    await eventually(lambda: all(gateway.status.state == "connected" for gateway in gateways), within_s=5)
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait(tasks)
    for gateway in gateways:
        await gateway.close()
