"""The unmodified official SDK, in a process of its own, finds everything it needs in the simulator."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

BOT = Path(__file__).with_name("sdk_bot.py")


@pytest.fixture
async def sdk(sim) -> AsyncIterator[None]:
    environment = os.environ | {"DINGTALK_OPENAPI_ENDPOINT": sim.url, "NO_PROXY": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BOT),
        "ding1",
        "s1",
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await sim.until(lambda: sim.connections("ding1"), timeout=30)
        yield
    finally:
        process.kill()
        await process.wait()


async def test_sdk_answers_with_text_and_streaming_card_and_takes_clicks(sim, sdk):
    message = await sim.say("ding1", "u-lilei", "你好")
    assert sim.message(message).delivered
    await sim.until(lambda: any(card.state == "finished" for card in sim.cards.values()), timeout=20)
    [card] = sim.cards.values()
    assert [m.text for m in sim.messages if m.sender is None and not m.card] == ["echo: 你好"]
    assert card.data["msgContent"] == "**one** two"
    assert card.conversation == sim.message(message).conversation
    assert await sim.click(card.id, "u-lilei", "like")
    assert card.data["msgTitle"] == "u-lilei like"
    assert card.data["flowStatus"] == "3"
    assert [ack.verdict for ack in sim.acks] == ["matched", "matched"]


async def test_sdk_answers_in_a_group_and_takes_system_frames(sim, sdk):
    [ping] = sim.ping("ding1")
    await sim.until(lambda: sim.acks, timeout=10)
    message = await sim.say("ding1", "u-alex", "hi", group=True)
    await sim.until(lambda: any(card.state == "finished" for card in sim.cards.values()), timeout=20)
    [card] = sim.cards.values()
    assert card.conversation == sim.message(message).conversation
    assert not [call for call in sim.calls if call.code]
    assert ping.acked.done()
