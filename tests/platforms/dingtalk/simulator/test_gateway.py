import asyncio

import aiohttp
import pytest
from platforms.dingtalk.simulator.raw_client import BOT

from imbot.platforms.dingtalk.simulator import Simulator, connection, gateway, world


async def test_connections_are_counted(sim, client):
    links = [await client.connect(), await client.connect()]
    await sim.until(lambda: len(sim.connections("ding1")) == 2)
    assert sim.world.apps["ding1"].connections == 2
    await links[0].ws.close()
    await sim.until(lambda: sim.world.apps["ding1"].connections == 1)


async def test_message_to_nobody_is_shown_undelivered(sim):
    assert not sim.message(await sim.say("ding1", "u-lilei", "anybody?")).delivered
    assert [message.text for message in sim.messages] == ["anybody?"]


async def test_dropped_connection_ends_without_close_frame(sim, client):
    link = await client.connect()
    sim.drop("ding1")
    await link.ws.receive(1)
    assert link.ws.close_code in (None, 1000, 1006)
    await sim.until(lambda: not sim.connections("ding1"))


async def test_connections_close_with_the_wanted_code(sim, client):
    link = await client.connect()
    sim.close("ding1", 1011)
    assert (await link.ws.receive(1)).data == 1011


async def test_frozen_connection_answers_nothing(sim, client):
    link = await client.connect()
    sim.freeze("ding1")
    await link.ws.ping()
    await sim.say("ding1", "u-lilei", "lost")
    assert await link.silent(0.05)
    assert len(sim.connections("ding1")) == 1


async def test_websocket_pings_are_answered(sim, client):
    _, leave = await client.open()
    url = f"{leave['endpoint']}?ticket={leave['ticket']}"
    async with client.session.ws_connect(url, autoping=False) as ws:
        await ws.ping(b"x")
        message = await ws.receive(1)
    assert (message.type, bytes(message.data)) == (aiohttp.WSMsgType.PONG, b"x")


async def test_regular_pings_and_optional_system_frames(sim, client):
    sim.set(ping_s=0.02, system_frames=True)
    link = await client.connect()
    topics = [(await link.frame())["headers"]["topic"] for _ in range(4)]
    assert topics == ["CONNECTED", "REGISTERED", "ping", "KEEPALIVE"]


async def test_second_ack_is_a_duplicate(sim, client):
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    frame = await link.frame()
    for _ in range(2):
        await link.ack(frame)
    await sim.until(lambda: len(sim.acks) == 2)
    assert [ack.verdict for ack in sim.acks] == ["matched", "duplicate"]


async def test_observers_see_calls_and_acks_as_they_happen(sim, client):
    seen = []
    sim.observe(lambda event: seen.append(type(event).__name__))
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    await link.ack(await link.frame())
    await sim.until(lambda: len(seen) == 2)
    assert seen == ["Call", "Ack"]


async def test_ack_of_the_first_attempt_ends_redelivery(sim, client):
    sim.set(redelivery_s=0.04)
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    first = await link.frame()
    await link.frame()
    await link.ack(first)
    assert await link.silent(0.1)


async def test_a_message_knows_whether_it_was_acked(sim, client):
    link = await client.connect()
    message = sim.message(await sim.say("ding1", "u-lilei", "hello"))
    frame = await link.frame()
    assert (message.delivered, message.acked) == (True, False)
    await link.ack(frame)
    await sim.until(lambda: message.acked)


async def test_redelivery_may_choose_another_connection(sim, client):
    sim.set(redelivery_s=0.02, redelivery_max=20)
    links = [await client.connect([BOT]), await client.connect([BOT])]
    await sim.say("ding1", "u-lilei", "hello")
    frames = await asyncio.gather(*(link.frame() for link in links))
    assert frames[0]["headers"]["connectionId"] != frames[1]["headers"]["connectionId"]


async def test_event_without_status_is_taken_as_handled(sim, client):
    sim.set(event_retry_s=0.03)
    link = await client.connect()
    sim.push_event("ding1", "user_add_org", {"userId": ["1"]})
    await link.ack(await link.frame(), {"userId": ["1"]})
    assert await link.silent(0.08)


async def test_raw_text_reaches_the_client(sim, client):
    link = await client.connect()
    sim.send_text("ding1", "not json")
    assert (await link.ws.receive(1)).data == "not json"


async def test_extra_fields_override_the_payload(sim, client):
    data = await client.said(await client.connect(), senderNick="Bot", isAdmin=True)
    assert (data["senderNick"], data["isAdmin"]) == ("Bot", True)


async def test_stop_closes_connections(sim, client):
    link = await client.connect()
    sim.set(redelivery_s=0.02)
    await sim.say("ding1", "u-lilei", "hello")
    await link.frame()
    await sim.stop()
    assert (await link.ws.receive(1)).type is aiohttp.WSMsgType.CLOSE


async def test_idle_waits_for_calls_and_acks(sim, client, monkeypatch):
    link = await client.connect()
    await sim.say("ding1", "u-lilei", "hello")
    frame, nap = await link.frame(), asyncio.sleep

    async def acked():
        before = sim.gateway.received
        await link.ack(frame)
        while sim.gateway.received == before:
            await nap(0.001)

    async def nothing():
        await nap(0.001)

    periods = [acked, client.card, *[nothing] * 100]

    async def period(delay_s):
        await (periods.pop(0)() if delay_s == 0.123 else nap(delay_s))

    monkeypatch.setattr(asyncio, "sleep", period)
    await sim.idle(quiet_s=0.123)
    assert len(periods) < 100
    assert set(periods) == {nothing}
    assert sim.cards


async def test_a_frame_that_is_too_large_closes_its_connection(sim, client):
    link = await client.connect()
    await link.ws.send_str("x" * (gateway.LARGEST_FRAME + 1))
    assert (await link.ws.receive(10)).type is aiohttp.WSMsgType.CLOSE
    assert link.ws.close_code == 1009
    await sim.until(lambda: not sim.connections("ding1"))


async def test_there_are_not_more_connections_than_there_may_be(sim, client, monkeypatch):
    monkeypatch.setattr(gateway, "MOST_OF_AN_APP", 2)
    await client.connect()
    await client.connect()
    with pytest.raises(aiohttp.WSServerHandshakeError) as full:
        await client.connect()
    assert full.value.status == 503
    await client.links.pop().ws.close()
    await sim.until(lambda: len(sim.connections("ding1")) == 1)
    await client.connect()
    monkeypatch.setattr(gateway, "MOST_CONNECTIONS", 2)
    sim.add_app("ding2", "s1")
    client.id = "ding2"
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        await client.connect()


async def test_a_peer_that_reads_nothing_is_cut_off(sim, client, monkeypatch):
    monkeypatch.setattr(connection, "_MOST_WAITING", 50)
    await client.connect()
    for _ in range(51):
        sim.push("ding1", {})  # without a pause, so none of them is written
    await sim.until(lambda: not sim.connections("ding1"))


async def test_no_more_apps_come_by_themselves_than_there_may_be(monkeypatch):
    monkeypatch.setattr(world, "MOST_APPS", 1)
    async with Simulator() as sim:
        assert sim.world.app_of("a", "s") is not None
        assert sim.world.app_of("b", "s") is None
        assert sim.world.app_of("a", "s") is not None
        sim.add_app("b", "s")
        assert sim.world.app_of("b", "s") is not None
