import asyncio
import dataclasses
import logging
from collections import deque
from dataclasses import replace

import pytest
from aiohttp import web

from imbot.errors import StoreError
from imbot.platforms.dingtalk import connector as connector_module
from imbot.platforms.dingtalk import stream as stream_module
from imbot.platforms.dingtalk.http import CONNECTS_AT_ONCE
from imbot.platforms.dingtalk.openapi import Credentials, OpenApi
from imbot.platforms.dingtalk.stream import CLICKS, MESSAGES, Route, Stream, UnattendedError
from imbot.platforms.dingtalk.wire import MalformedError
from imbot.spec import Secret

OPEN = "/v1.0/gateway/connections/open"
REFUSED = (401, {"requestid": "ED20", "code": "authFailed", "message": "鉴权失败"})


class Taker:
    """Records pushes; does what the test says with each."""

    def __init__(self):
        self.data = []
        self.act = None
        self.running = 0
        self.most = 0

    async def __call__(self, data):
        self.data.append(data)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self.act(data) if self.act else None
        finally:
            self.running -= 1


@pytest.fixture
def taker():
    return Taker()


@pytest.fixture
def stream(api, taker, quick):
    return Stream(api, {MESSAGES: Route(taker, quick.ack_s), CLICKS: Route(taker, quick.answer_s)}, quick)


@pytest.fixture
async def running(stream, platform, eventually):
    task = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.up.wait(), 10)
    await eventually(lambda: platform.sockets)
    yield task
    task.cancel()
    await asyncio.wait([task])


def answering(value):
    async def act(_):
        return value

    return act


async def test_65_connected_is_the_upgrade_and_nothing_more(platform, stream, running):
    status = stream.status

    assert (status.state, status.opened, status.error) == ("connected", 1, "")
    assert status.connected_since
    [opening] = platform.bodies(OPEN)
    assert [each["topic"] for each in opening["subscriptions"]] == [MESSAGES, CLICKS]
    assert platform.bodies("/connect") == [{"ticket": "ticket/1 +"}]


async def test_a_push_is_taken_and_acknowledged(platform, taker, running):
    await platform.push(MESSAGES, {"a": 1}, message_id="m7")

    assert await platform.ack() == (0, 200, "m7", {"response": None})
    assert taker.data == [{"a": 1}]


async def test_a_response_goes_with_the_acknowledgement(platform, taker, running):
    taker.act = answering({"cardData": {"cardParamMap": {"text": "好"}}})
    await platform.push(CLICKS, {}, message_id="m7")

    assert await platform.ack() == (
        0,
        200,
        "m7",
        {"response": {"cardData": {"cardParamMap": {"text": "好"}}}},
    )


@pytest.mark.parametrize("topic", [MESSAGES, CLICKS])
async def test_54_75_the_acknowledgement_does_not_wait_for_slow_work(
    platform, taker, running, eventually, topic
):
    go_on = asyncio.Event()

    async def slow(_):
        await go_on.wait()
        return {"too": "late"}

    taker.act = slow
    await platform.push(topic, {})

    assert await platform.ack() == (0, 200, "m1", {"response": None})
    assert taker.running == 1
    go_on.set()
    await eventually(lambda: not taker.running)
    assert platform.received.empty()


async def test_56_a_failure_is_acknowledged_as_one_and_told(platform, taker, running, caplog):
    async def fail(_):
        raise RuntimeError("boom")

    taker.act = fail
    await platform.push(MESSAGES, {}, message_id="m7")

    assert await platform.ack() == (0, 500, "m7", {"response": None})
    assert "boom" in caplog.text


async def test_a_failure_that_was_foreseen_is_told_in_one_line(platform, taker, running, caplog):
    async def fail(_):
        raise StoreError("the disk is full")

    taker.act = fail
    await platform.push(CLICKS, {})

    assert (await platform.ack())[1] == 500
    assert "the disk is full" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_late_failure_is_told_too(platform, taker, running, caplog, eventually):
    async def fail(_):
        await asyncio.sleep(0.08)
        raise RuntimeError("boom")

    taker.act = fail
    await platform.push(MESSAGES, {})

    assert (await platform.ack())[1] == 200
    await eventually(lambda: "boom" in caplog.text)


async def test_what_nobody_takes_is_not_acknowledged_and_may_come_again(platform, taker, running, caplog):
    async def nobody(_):
        raise UnattendedError

    taker.act = nobody
    await platform.push(MESSAGES, {})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(platform.ack(), 0.08)
    taker.act = None
    await platform.push(MESSAGES, {})

    assert (await platform.ack())[1] == 200
    assert len(taker.data) == 2
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_55_a_repeated_frame_is_acknowledged_but_not_taken_again(platform, taker, running):
    await platform.push(MESSAGES, {}, message_id="m7")
    await platform.push(MESSAGES, {}, message_id="m7")

    assert [(await platform.ack())[1:3] for _ in range(2)] == [(200, "m7")] * 2
    assert len(taker.data) == 1


async def test_frames_without_an_id_are_all_taken(platform, taker, running):
    for _ in range(2):
        await platform.push(MESSAGES, {}, message_id=None)

    assert [(await platform.ack())[1] for _ in range(2)] == [200, 200]
    assert len(taker.data) == 2


async def test_a_frame_that_failed_may_come_again(platform, taker, running):
    async def fail(_):
        raise RuntimeError("boom")

    taker.act = fail
    await platform.push(MESSAGES, {})
    assert (await platform.ack())[1] == 500
    taker.act = None
    await platform.push(MESSAGES, {})

    assert (await platform.ack())[1] == 200
    assert len(taker.data) == 2


async def test_pings_are_answered_with_what_they_carry(platform, running):
    await platform.push("ping", {"opaque": "123-dsfs"}, kind="SYSTEM", message_id="p1")

    assert await platform.ack() == (0, 200, "p1", {"opaque": "123-dsfs"})


@pytest.mark.parametrize("topic", ["KEEPALIVE", "CONNECTED", "REGISTERED"])
async def test_other_system_frames_are_no_trouble(platform, stream, running, topic):
    await platform.push(topic, {}, kind="SYSTEM")

    assert (await platform.ack())[1] == 200
    assert stream.status.opened == 1


async def test_64_frames_that_cannot_be_read_are_skipped(platform, stream, taker, running):
    for frame in (
        "not json",
        "[]",
        "{}",
        '{"type":"CALLBACK","headers":{"topic":"' + MESSAGES + '"},"data":"{broken"}',
        '{"type":"CALLBACK","headers":{"topic":"' + MESSAGES + '"},"data":"[]"}',
        '{"type":"CALLBACK","headers":{"topic":"' + MESSAGES + '","time":"noon"},"data":"{}"}',
        '{"type":"CALLBACK","headers":null,"data":"{}"}',
        '{"type":"CALLBACK","headers":{"topic":["a"],"messageId":{}},"data":"{}"}',
        "[" * 100_000,
    ):
        await platform.sockets[0].send_str(frame)
    await platform.sockets[0].send_bytes(b"\0")
    await platform.push(MESSAGES, {"a": 1})

    assert (await platform.ack())[1] == 200
    assert taker.data == [{"a": 1}]
    assert stream.status.opened == 1


@pytest.mark.parametrize("kind", ["CALLBACK", "EVENT", "NEW"])
async def test_64_an_unknown_topic_is_acknowledged_as_unknown(platform, stream, running, kind):
    await platform.push("/v9/unknown", {}, kind=kind)

    assert (await platform.ack())[1:3] == (404, "m1")
    assert stream.status.opened == 1


async def test_57_asked_to_move_the_next_connection_opens_before_the_old_one_closes(
    platform, stream, taker, running, eventually
):
    go_on = asyncio.Event()

    async def slow(_):
        await go_on.wait()
        return {"still": "here"}

    async def opening(_):
        assert not platform.closed
        go_on.set()
        return web.json_response({"endpoint": platform.url + "/connect", "ticket": "t2"})

    taker.act = slow
    platform.answer(OPEN, opening)
    await platform.push(CLICKS, {}, message_id="click")
    await platform.push(
        "disconnect", {"reason": "persistent connection is timeout"}, kind="SYSTEM", message_id="d"
    )

    acks = [await platform.ack() for _ in range(2)]
    assert (0, 200, "d", {"reason": "persistent connection is timeout"}) in acks
    assert (0, 200, "click", {"response": {"still": "here"}}) in acks  # on the socket it came by
    await eventually(lambda: platform.closed)
    assert platform.closed == [1000]
    assert stream.status.opened == 2
    assert stream.status.state == "connected"

    taker.act = None
    await platform.push(MESSAGES, {}, message_id="m2")
    assert (await platform.ack())[0] == 1


async def test_57_a_connection_is_left_only_after_the_acknowledgements_it_owes(
    platform, stream, taker, running, eventually
):
    # Patient enough for a busy machine: what counts here is the order, not the time.
    stream._times = replace(stream._times, answer_s=5.0)
    stream._routes[CLICKS] = replace(stream._routes[CLICKS], patience_s=5.0)

    async def slow(_):
        await eventually(lambda: stream.status.opened == 2)
        await asyncio.sleep(0.02)
        assert not platform.closed
        return {"still": "here"}

    taker.act = slow
    await platform.push(CLICKS, {}, message_id="click")
    await platform.push("disconnect", {}, kind="SYSTEM", message_id="d")

    assert (await platform.ack())[2] == "d"
    assert await platform.ack() == (0, 200, "click", {"response": {"still": "here"}})
    await eventually(lambda: platform.closed == [1000])


async def test_a_connection_that_does_not_answer_the_close_is_let_go(platform, stream, eventually):
    platform.deaf = asyncio.Event()
    task = asyncio.create_task(stream.run())
    await eventually(lambda: platform.sockets)
    await platform.push("disconnect", {}, kind="SYSTEM")
    await eventually(lambda: stream.status.opened == 2)
    await eventually(lambda: len(stream._sockets) == 1)
    platform.deaf.set()
    task.cancel()
    await asyncio.wait([task])


async def test_a_platform_that_keeps_moving_connections_has_to_wait(
    platform, stream, running, eventually, monkeypatch
):
    waits = []
    pause = stream._connector._pause

    async def noted(delay_s):
        waits.append(delay_s)
        await pause(delay_s)

    monkeypatch.setattr(stream._connector, "_pause", noted)
    for count in range(1, 5):
        await eventually(lambda count=count: len(platform.sockets) == count)
        await platform.push("disconnect", {}, kind="SYSTEM", message_id=None)
    await eventually(lambda: stream.status.opened == 5)

    assert waits[0] == 0
    assert all(delay_s > 0 for delay_s in waits[1:])


@pytest.mark.parametrize("how", [1000, 1011, "cut"])
async def test_58_a_lost_connection_is_opened_again_after_growing_waits(
    platform, stream, running, eventually, monkeypatch, how
):
    class Steady(connector_module.Backoff):
        def __init__(self, **bounds):
            super().__init__(**bounds, chance=lambda: 1.0)

    waits = []
    pause = stream._connector._pause

    async def noted(delay_s):
        waits.append(delay_s)
        await pause(delay_s)

    running.cancel()
    await asyncio.wait([running])
    monkeypatch.setattr(stream._connector, "_pause", noted)
    stream._connector.backoff = Steady(first_s=0.02, cap_s=0.1)
    platform.sockets.clear()
    again = asyncio.create_task(stream.run())
    for count in range(1, 6):
        await eventually(lambda count=count: len(platform.sockets) == count)
        if how == "cut":
            platform.sockets[-1]._req.transport.abort()
        else:
            await platform.sockets[-1].close(code=how)
    await eventually(lambda: len(platform.sockets) == 6)
    again.cancel()
    await asyncio.wait([again])

    assert waits == [0.0, 0.02, 0.04, 0.08, 0.1, 0.1]


async def test_58_a_connection_that_was_stable_starts_the_waits_anew(
    platform, api, taker, quick, eventually, monkeypatch
):
    resets, passed_s = [], [0.0]
    now = stream_module._now

    def reset(self):
        resets.append(self)

    monkeypatch.setattr(connector_module.Backoff, "reset", reset)
    monkeypatch.setattr(stream_module, "_now", lambda: now() + passed_s[0])
    stream = Stream(api, {MESSAGES: Route(taker, 1)}, dataclasses.replace(quick, stable_s=60))
    task = asyncio.create_task(stream.run())
    await eventually(lambda: len(platform.sockets) == 1)
    await platform.sockets[0].close()
    await eventually(lambda: (stream.status.opened, stream.status.state) == (2, "connected"))
    assert not resets
    passed_s[0] = 61.0
    await platform.sockets[1].close()
    await eventually(lambda: len(platform.sockets) == 3)
    task.cancel()
    await asyncio.wait([task])

    assert len(resets) == 1


async def test_59_a_half_dead_connection_is_noticed_and_replaced(platform, stream, eventually):
    platform.pongs = False
    task = asyncio.create_task(stream.run())
    await eventually(lambda: stream.status.opened == 1)
    await eventually(lambda: stream.status.opened == 2)
    task.cancel()
    await asyncio.wait([task])


async def test_a_connection_without_messages_for_very_long_is_replaced_and_read_until_then(
    platform, api, taker, quick, eventually
):
    times = dataclasses.replace(quick, silent_s=0.05, stable_s=0.01, answer_s=0.5)
    stream = Stream(api, {MESSAGES: Route(taker, 1)}, times)
    go_on = asyncio.Event()

    async def opening(_):
        await go_on.wait()
        return web.json_response({"endpoint": platform.url + "/connect", "ticket": "t2"})

    task = asyncio.create_task(stream.run())
    await eventually(lambda: platform.sockets)
    platform.answer(OPEN, opening)
    await eventually(lambda: len(platform.bodies(OPEN)) == 2)
    stream._times = dataclasses.replace(times, silent_s=60)
    await platform.push(MESSAGES, {"by": "the old one"}, message_id="m1", socket=0)
    old = await platform.ack()
    go_on.set()
    await eventually(lambda: stream.status.opened == 2 and platform.closed)
    await platform.push(MESSAGES, {"by": "the new one"}, message_id="m2")
    new = await platform.ack()
    task.cancel()
    await asyncio.wait([task])

    assert (old[:3], new[:3]) == ((0, 200, "m1"), (1, 200, "m2"))
    assert len(taker.data) == 2
    assert platform.closed[0] == 1000
    assert [*stream._readers, *stream._tasks, *stream._sockets] == []


async def test_messages_keep_a_connection_alone_and_pings_do_not(platform, api, taker, quick, eventually):
    times = dataclasses.replace(quick, silent_s=0.8, stable_s=0.01)
    stream = Stream(api, {MESSAGES: Route(taker, 1)}, times)
    task = asyncio.create_task(stream.run())
    await eventually(lambda: platform.sockets)
    for number in range(30):
        await platform.push(MESSAGES, {}, message_id=f"m{number}")
        await asyncio.sleep(0.04)
    kept = stream.status.opened
    while stream.status.opened == 1:
        await platform.push("ping", {"opaque": "x"}, kind="SYSTEM", message_id="p")
        await asyncio.sleep(0.04)
    task.cancel()
    await asyncio.wait([task])

    assert kept == 1


async def test_no_more_than_so_many_apps_connect_at_once_and_each_gets_its_turn(platform, quick, eventually):
    flight = most = 0

    async def opening(_):
        nonlocal flight, most
        flight += 1
        most = max(most, flight)
        await asyncio.sleep(0.01)
        flight -= 1
        return web.json_response({"endpoint": platform.url + "/connect", "ticket": "t"})

    platform.answer(OPEN, *[opening] * 100)
    apis = [OpenApi(Credentials(f"app{n}", Secret("s3cret")), platform.url, quick) for n in range(100)]
    streams = [Stream(each, {}, quick) for each in apis]
    tasks = [asyncio.create_task(stream.run()) for stream in streams]
    await eventually(lambda: all(stream.up.is_set() for stream in streams), 20)
    order = [body["clientId"] for body in platform.bodies(OPEN)]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for each in apis:
        await each.close()

    assert most == CONNECTS_AT_ONCE
    assert all(stream.status.opened for stream in streams)
    assert set(order[:32]) == {f"app{n}" for n in range(32)}, "who waits longest is next"


async def test_60_a_silent_connection_with_pongs_is_left_alone(platform, api, quick):
    stream = Stream(api, {}, dataclasses.replace(quick, heartbeat_s=0.02))
    task = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.up.wait(), 10)
    await asyncio.sleep(0.1)  # five heartbeats
    task.cancel()
    await asyncio.wait([task])

    assert stream.status.opened == 1


@pytest.mark.parametrize("call_s", [0.5])
async def test_61_an_opening_that_hangs_ends_and_blocks_nothing(platform, stream, quick, eventually):
    ticks = 0

    async def hang(_):
        await asyncio.sleep(quick.call_s * 2)
        return web.json_response({})

    platform.answer(OPEN, hang)
    task = asyncio.create_task(stream.run())
    while not stream.up.is_set():
        await asyncio.sleep(0.01)
        ticks += 1
    task.cancel()
    await asyncio.wait([task])

    assert ticks > 20
    assert len(platform.bodies(OPEN)) == 2


@pytest.mark.parametrize(
    "answer", [(502, "<html>"), (200, {}), (200, {"endpoint": "nonsense", "ticket": "t"})]
)
async def test_an_opening_that_fails_is_tried_again(platform, stream, eventually, answer):
    platform.answer(OPEN, answer, answer)
    task = asyncio.create_task(stream.run())
    await eventually(lambda: stream.status.state == "connected")
    task.cancel()
    await asyncio.wait([task])


async def test_a_refused_upgrade_is_tried_again_and_shows_no_ticket(platform, stream, eventually, caplog):
    caplog.set_level(logging.DEBUG)
    platform.answer(OPEN, (200, {"endpoint": platform.url + "/elsewhere", "ticket": "t1cket"}))
    task = asyncio.create_task(stream.run())
    await eventually(lambda: stream.status.state == "connected")
    task.cancel()
    await asyncio.wait([task])

    assert "the WebSocket was refused" in caplog.text
    assert "t1cket" not in caplog.text


async def test_a_wrong_secret_is_told_once_and_tried_seldom(platform, stream, api, eventually, caplog):
    platform.answer(OPEN, *[REFUSED] * 3)
    task = asyncio.create_task(stream.run())
    await eventually(lambda: stream.status.error)
    for count in (2, 3):
        stream.hurry()
        await eventually(lambda count=count: len(platform.bodies(OPEN)) == count)
    await asyncio.sleep(0.05)

    assert len(platform.bodies(OPEN)) == 3
    assert stream.status.state == "connecting"
    assert "copy both again" in stream.status.error
    assert caplog.text.count("copy both again") == 1

    api.use_credentials(Credentials("dingapp", Secret("right")))
    stream.hurry()
    await eventually(lambda: stream.status.state == "connected")
    assert platform.bodies(OPEN)[-1]["clientSecret"] == "right"
    assert stream.status.error == ""
    task.cancel()
    await asyncio.wait([task])


async def test_credentials_that_change_during_a_refused_attempt_are_tried_at_once(
    platform, stream, eventually
):
    async def refuse(_):
        stream.hurry()
        return web.json_response(REFUSED[1], status=REFUSED[0])

    platform.answer(OPEN, refuse)
    task = asyncio.create_task(stream.run())
    await eventually(lambda: stream.status.state == "connected")
    task.cancel()
    await asyncio.wait([task])


async def test_63_cancelling_ends_at_once_with_a_close_frame(platform, stream, running, eventually):
    running.cancel()
    async with asyncio.timeout(0.3):
        await asyncio.wait([running])

    assert running.cancelled()
    assert stream.status.state == "down"
    assert not stream.up.is_set()
    await eventually(lambda: platform.closed == [1000])


@pytest.mark.parametrize("stage", ["opening", "waiting"])
async def test_63_cancelling_ends_at_once_at_any_stage(platform, stream, stage, eventually):
    async def hang(_):
        await asyncio.sleep(0.3)
        return web.json_response({})

    platform.answer(OPEN, hang if stage == "opening" else REFUSED)
    task = asyncio.create_task(stream.run())
    await eventually(lambda: platform.bodies(OPEN))
    await asyncio.sleep(0.02)
    task.cancel()
    async with asyncio.timeout(0.1):
        await asyncio.wait([task])

    assert task.cancelled()


async def test_what_is_being_taken_when_cancelled_is_still_acknowledged(platform, taker, running, eventually):
    async def short(_):
        await asyncio.sleep(0.02)
        return {"done": True}

    taker.act = short
    await platform.push(CLICKS, {})
    await eventually(lambda: taker.running)
    running.cancel()

    assert await platform.ack() == (0, 200, "m1", {"response": {"done": True}})


async def test_work_that_does_not_end_is_cancelled_in_the_end(platform, taker, running, eventually):
    taker.act = lambda _: asyncio.sleep(60)
    await platform.push(MESSAGES, {})
    await eventually(lambda: taker.running)
    running.cancel()
    async with asyncio.timeout(0.5):
        await asyncio.wait([running])

    assert taker.running == 0


async def test_76_pushes_are_taken_at_once_but_not_without_bound(
    platform, stream, taker, running, eventually
):
    stream._slots = asyncio.Semaphore(10)
    taker.act = lambda _: asyncio.sleep(0.01)
    for number in range(50):
        await platform.push(MESSAGES, {}, message_id=f"m{number}")
    acks = [await platform.ack() for _ in range(50)]

    assert {code for _, code, _, _ in acks} == {200}
    assert 1 < taker.most <= 10


async def test_a_push_for_a_connection_that_has_gone_is_still_taken(
    platform, stream, taker, running, eventually
):
    async def short(_):
        await asyncio.sleep(0.03)

    taker.act = short
    await platform.push(MESSAGES, {})
    await eventually(lambda: taker.running)
    platform.sockets[0]._req.transport.abort()
    await eventually(lambda: not taker.running)
    await eventually(lambda: stream.status.opened == 2)

    assert len(taker.data) == 1


async def test_an_idle_connection_is_one_task(platform, stream, eventually):
    before = asyncio.all_tasks()
    task = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.up.wait(), 10)
    await eventually(lambda: platform.sockets)
    servers = {each for each in asyncio.all_tasks() - before if "RequestHandler" in repr(each)}

    assert asyncio.all_tasks() - before - servers == {task}
    task.cancel()
    await asyncio.wait([task])


BAD_ADDRESSES = [
    "not an address",
    "ftp://127.0.0.1/connect",
    "ws://",
    "ws://[::1/connect",
    "ws://127.0.0.1:99999/connect",
    "ws://127.0.0.1:0/connect",
    "ws://" + "a" * 70 + ".example/connect",
    "ws://a..b/connect",
    "ws://127.0.0.1\x00/connect",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_an_address_that_cannot_be_used_is_not_waited_for(
    platform, api, taker, quick, eventually, address
):
    platform.script[OPEN] = deque([(200, {"endpoint": address, "ticket": "t"})])
    times = replace(quick, refused_first_s=3600)
    stream = Stream(api, {MESSAGES: Route(taker, 1)}, times)
    seen = []
    connector = stream._connector
    failed = connector._failed
    connector._failed = lambda error, delay_s: (seen.append(error), failed(error, delay_s))
    task = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.up.wait(), 10)
    task.cancel()
    await asyncio.wait([task])
    [error] = seen
    assert error.code == "stream.address"
    assert "DINGTALK_OPENAPI_ENDPOINT" not in str(error)
    assert address not in str(error)


async def test_a_host_that_is_not_there_is_named_and_another_one_asked_for(
    platform, api, taker, quick, caplog
):
    platform.script[OPEN] = deque(
        [
            (200, {"endpoint": "ws://nowhere.invalid/connect", "ticket": "t"}),
            (200, {"endpoint": "ws://127.0.0.1:1/connect", "ticket": "t"}),
        ]
    )
    stream = Stream(api, {MESSAGES: Route(taker, 1)}, replace(quick, refused_first_s=3600))
    task = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.up.wait(), 10)
    task.cancel()
    await asyncio.wait([task])
    assert "cannot find the address of nowhere.invalid" in caplog.text
    assert "cannot reach 127.0.0.1" in caplog.text


async def test_an_address_may_have_a_query_of_its_own(platform, api, taker, quick, eventually):
    address = platform.url.replace("http", "ws") + "/connect?region=hz"
    platform.script[OPEN] = deque([(200, {"endpoint": address, "ticket": "t/1"})])
    stream = Stream(api, {MESSAGES: Route(taker, 1)}, quick)
    task = asyncio.create_task(stream.run())
    await asyncio.wait_for(stream.up.wait(), 10)
    await eventually(lambda: platform.bodies("/connect"))
    task.cancel()
    await asyncio.wait([task])
    assert platform.bodies("/connect") == [{"region": "hz", "ticket": "t/1"}]


@pytest.mark.parametrize("wrong", ["frame", "topic", "data", "defect"])
async def test_what_is_wrong_with_pushes_is_told_once_in_a_while(
    platform, stream, taker, running, caplog, wrong
):
    async def fail(data):
        if wrong == "data":
            raise MalformedError("it has no msgId")
        raise ZeroDivisionError

    taker.act = fail
    for number in range(20):
        if wrong == "frame":
            await platform.sockets[-1].send_str("{")
        else:
            topic = f"/v1.0/other/{number}" if wrong == "topic" else MESSAGES
            await platform.push(topic, {}, message_id=f"m{number}")
            await platform.ack()
    await platform.push("CALLBACK", {}, message_id="last")
    await platform.ack()

    assert caplog.text.count("Traceback") == (wrong == "defect")
    if wrong != "defect":
        assert caplog.text.count("skipped so far") == (1 if wrong == "topic" else 2)
    assert stream._bad_pushes.skipped == (1 if wrong == "defect" else 21)
