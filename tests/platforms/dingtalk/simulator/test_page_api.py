import asyncio
import json

import pytest

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.simulator import feed as feed_of_pages


class Feed:
    """The page's end of the event stream."""

    def __init__(self, response):
        self.response = response

    async def event(self):
        async with asyncio.timeout(10):
            while not (line := await self.response.content.readline()).startswith(b"data: "):
                assert line, "the stream has ended"
        return json.loads(line[6:])

    async def events_until(self, kind):
        events = [await self.event()]
        while events[-1]["type"] != kind:
            events.append(await self.event())
        return events


@pytest.fixture
async def feed(sim, client):
    # aiohttp refuses a line of more than twice its buffer, and the state of a long chat is one line.
    async with client.session.get(f"{sim.url}/sim/events", read_bufsize=1_048_576) as response:
        assert response.headers["Cache-Control"] == "no-store"
        yield Feed(response)


async def test_feed_begins_with_the_state(feed, client):
    first = await feed.event()
    assert first["type"] == "state"
    assert (await client.call("GET", "/sim/state"))[1] == first["state"]
    assert [user["nick"] for user in first["state"]["users"]] == ["李雷", "韩梅梅", "Alex"]
    assert first["state"]["apps"] == [{"id": "ding1", "name": "小助手", "connections": 0}]


async def test_feed_tells_what_happens(sim, client, feed):
    await feed.event()
    await client.connect()
    assert (await feed.events_until("app"))[-1]["app"]["connections"] == 1
    said = {"app": "ding1", "user": "u-lilei", "text": "你好", "group": False}
    status, body = await client.call("POST", "/sim/messages", said)
    assert status == 200
    events = {event["type"]: event for event in await feed.events_until("message")}
    assert events["message"]["message"] == body["message"]
    assert events["conversation"]["conversation"]["users"] == ["u-lilei"]
    await client.card()
    seen = {event["type"]: event for event in await feed.events_until("card")}
    card = seen["card"]["card"]
    assert (card["id"], card["calls"], card["state"]) == ("card-1", 1, "processing")
    sim.remove_app("ding1")
    assert (await feed.events_until("app_removed"))[-1] == {"type": "app_removed", "id": "ding1"}


async def test_what_is_told_of_bots_is_handed_on(sim, client, feed):
    assert (await feed.event())["state"]["bots"] is None, "nobody has told anything"
    sim.show_bots([{"name": "hr", "state": "rejected"}])
    (bot,) = (await feed.events_until("bots"))[-1]["bots"]
    assert (bot["name"], bot["state"], bot["app"], bot["problems"]) == ("hr", "rejected", None, [])
    assert (await client.call("GET", "/sim/state"))[1]["bots"] == [bot]


async def test_quick_changes_of_a_card_become_one_event(sim, client, feed):
    sim.set(qps=None)
    await client.card()
    for n in range(50):
        await client.stream(f"text {n}")
    cards = []
    while not cards or cards[-1]["data"].get("content") != "text 49":
        event = await feed.event()
        if event["type"] == "card":
            cards.append(event["card"])
    assert len(cards) < 50


async def test_slow_page_gets_the_whole_state_again(sim, feed):
    await feed.event()
    for n in range(1500):
        await sim.say("ding1", "u-lilei", f"{n}")
    [*_, state] = await feed.events_until("state")
    assert state["state"]["messages"][-1]["text"] == "1499"
    assert len(state["state"]["messages"]) == 500


async def test_message_to_nobody_is_a_conflict(client):
    said = {"app": "ding1", "user": "u-alex", "text": "hi", "group": True}
    status, body = await client.call("POST", "/sim/messages", said)
    assert (status, body["message"]["delivered"]) == (409, False)
    assert body["message"]["from"] == {"kind": "user", "id": "u-alex", "nick": "Alex"}


async def test_a_message_may_mention_people(client):
    link = await client.connect()
    said = {"app": "ding1", "user": "u-alex", "text": "hi", "group": True, "mentions": ["u-lilei"]}
    _, body = await client.call("POST", "/sim/messages", said)
    assert body["message"]["mentions"] == ["u-lilei"]
    assert [who.get("staffId") for who in (await link.data())["atUsers"]] == [None, "u-lilei"]
    assert (await client.call("POST", "/sim/messages", said | {"mentions": 5}))[0] == 400


async def test_a_message_may_be_of_any_kind_and_quote_another(client):
    link = await client.connect()
    said = {"app": "ding1", "user": "u-alex", "text": "hi"}
    _, first = await client.call("POST", "/sim/messages", said | {"kind": "richText", "segments": ["a", "b"]})
    assert (await link.data())["content"] == {"richText": [{"text": "a"}, {"text": "b"}]}
    await client.call("POST", "/sim/messages", said | {"quote": first["message"]["id"]})
    assert (await link.data())["text"]["repliedMsg"]["msgId"] == first["message"]["id"]


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"kind": "noise"}, 400, "unknown kind of message: noise"),
        ({"kind": 5}, 400, "kind must be a string"),
        ({"segments": "ab"}, 400, "segments must be a list of strings"),
        ({"segments": [5]}, 400, "segments must be a list of strings"),
        ({"kind": "audio", "group": True}, 400, "cannot send audio"),
        ({"mentions": "u-alex"}, 400, "mentions must be a list of strings"),
        ({"quote": "no"}, 404, "unknown message"),
        ({"quote": []}, 404, "unknown message"),
    ],
)
async def test_a_message_that_nobody_can_send_is_a_sentence(sim, client, change, status, words):
    said = {"app": "ding1", "user": "u-alex", "text": "hi"}
    answer = await client.call("POST", "/sim/messages", said | change)
    assert answer[0] == status
    assert words in answer[1]["error"]
    assert sim.messages == []


@pytest.mark.parametrize("change", [{"app": "no"}, {"user": "no"}, {"mentions": ["no"]}])
async def test_unknown_app_or_user(client, change):
    said = {"app": "ding1", "user": "u-alex", "text": "hi"}
    assert (await client.call("POST", "/sim/messages", said | change))[0] == 404


async def test_click_tells_why_it_failed(client):
    await client.card()
    click = {"card": "card-1", "user": "u-lilei", "action": "like", "params": {}}
    status, body = await client.call("POST", "/sim/clicks", click)
    assert (status, body) == (200, {"ok": False, "error": "no connection subscribes to card clicks"})
    assert (await client.call("POST", "/sim/clicks", click | {"card": "no"}))[0] == 404


async def test_click_succeeds(client):
    link = await client.connect()
    await client.card()
    click = {"card": "card-1", "user": "u-lilei", "action": "like", "params": {"a": 1}}
    clicked = asyncio.create_task(client.call("POST", "/sim/clicks", click))
    await link.ack(await link.frame())
    assert await clicked == (200, {"ok": True})


async def test_settings_change_live(sim, client, feed):
    status, body = await client.call("PUT", "/sim/settings", {"qps": 5, "monthly": None})
    assert (status, body["qps"]) == (200, 5)
    assert sim.settings.qps == 5
    assert (await feed.events_until("settings"))[-1]["settings"] == body
    status, body = await client.call("PUT", "/sim/settings", {"qps": "many"})
    assert (status, body) == (400, {"error": "invalid value for setting qps"})


async def test_app_can_be_added_from_the_page(sim, client):
    status, body = await client.call("POST", "/sim/apps", {"id": "ding9", "secret": "s9", "name": "九"})
    assert (status, body) == (200, {"id": "ding9", "name": "九", "connections": 0})
    assert (await client.call("POST", "/sim/apps", {"id": "ding9"}))[0] == 400


async def test_other_sites_cannot_post(sim, client):
    async with client.session.post(f"{sim.url}/sim/messages", data='{"app":"ding1"}') as response:
        assert response.status == 415


async def test_page_is_served_without_caching(sim, client):
    for path in ("/", "/page/index.html"):
        async with client.session.get(sim.url + path) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"
            assert response.content_type == "text/html"


@pytest.mark.parametrize("path", ["/page/none.js", "/page/%2e%2e/server.py", "/page/..%2fserver.py"])
async def test_nothing_but_the_page_is_served(sim, client, path):
    async with client.session.get(sim.url + path) as response:
        assert response.status == 404


async def test_new_member_joins_the_group(sim, feed):
    await sim.say("ding1", "u-lilei", "hi", group=True)
    await feed.events_until("message")
    sim.add_user("u-new", "新人")
    conversation = (await feed.events_until("conversation"))[-1]["conversation"]
    assert conversation["users"][-1] == "u-new"


async def test_renamed_app_renames_its_group(sim, feed):
    await sim.say("ding1", "u-lilei", "hi", group=True)
    sim.add_app("ding1", "s1", "新名字")
    events = await feed.events_until("app")
    assert events[-1]["app"]["name"] == "新名字"
    assert sim.world.group(sim.world.apps["ding1"]).title.startswith("新名字")


async def test_taken_port_is_an_os_error(sim):
    other = Simulator()
    with pytest.raises(OSError):
        await other.start(port=int(sim.url.rpartition(":")[2]))


async def test_there_are_not_more_pages_than_there_may_be(sim, client, monkeypatch):
    monkeypatch.setattr(feed_of_pages, "MOST_PAGES", 1)
    async with client.session.get(f"{sim.url}/sim/events") as first:
        await first.content.readline()
        status, body = await client.call("GET", "/sim/events")
        assert (status, body["error"]) == (503, "GET /sim/events: too many pages are open: close some")


async def test_a_message_that_no_chat_takes_is_refused(client):
    said = {"app": "ding1", "user": "u-alex", "text": "x" * 100_001}
    status, body = await client.call("POST", "/sim/messages", said)
    assert (status, body["error"]) == (413, "a message has at most 100,000 characters")
