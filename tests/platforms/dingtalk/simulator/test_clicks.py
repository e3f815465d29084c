import asyncio
import json

import pytest

from imbot.platforms.dingtalk.simulator.clicks import ClickError


async def press(sim, link, answer, code=200):
    card, user = sim.cards["card-1"], sim.world.users["u-lilei"]
    pressed = asyncio.create_task(sim.press(card, user, "like", {}))
    frame = await link.frame()
    await link.ack(frame, answer, code)
    await pressed
    return json.loads(frame["data"])


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        ({"response": {}}, 500, "answered 500"),
        ({"response": {"cardData": {"cardParamMap": {"n": 1}}}}, 200, "not strings"),
    ],
)
async def test_failed_click_says_why(sim, client, answer, code, reason):
    link = await client.connect()
    await client.card()
    with pytest.raises(ClickError, match=reason):
        await press(sim, link, answer, code)
    assert sim.cards["card-1"].data == {"title": "t", "count": "3"}


async def test_answer_without_changes_is_fine(sim, client):
    link = await client.connect()
    await client.card()
    for answer in ({"response": None}, {"response": {}}, {}):
        await press(sim, link, answer)
    assert sim.cards["card-1"].data == {"title": "t", "count": "3"}


async def test_answer_replaces_the_card_by_default(sim, client):
    link = await client.connect()
    await client.card()
    await press(sim, link, {"response": {"cardData": {"cardParamMap": {"title": "new"}}}})
    assert sim.cards["card-1"].data == {"title": "new"}


async def test_user_id_is_of_the_kind_the_card_was_created_with(sim, client):
    link = await client.connect()
    await client.card(userIdType=2)
    data = await press(sim, link, {})
    assert (data["userId"], data["userIdType"]) == ("un-u-lilei", 2)
    assert json.loads(data["extension"]) == {}


async def test_card_without_stream_callback_is_deaf(sim, client):
    await client.connect()
    await client.card(callbackType="stream")
    assert not sim.cards["card-1"].callback
    assert not await sim.click("card-1", "u-lilei", "like")


async def test_card_of_a_removed_app_is_deaf(sim, client):
    await client.connect()
    await client.card()
    sim.remove_app("ding1")
    assert not await sim.click("card-1", "u-lilei", "like")
