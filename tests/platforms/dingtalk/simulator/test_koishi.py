"""A bot of another program on the simulator: Koishi, whose adapter calls what it likes.

`.ci/peers.sh` installs it, and sets `IMBOT_KOISHI` to its folder. With `IMBOT_REQUIRE_PEERS=1` it must be there.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imbot.platforms.dingtalk.simulator import Simulator

BOT = Path(__file__).with_name("koishi_bot.cjs")
SENDS = ("/v1.0/robot/oToMessages/batchSend", "/v1.0/robot/groupMessages/send")


@pytest.fixture
async def koishi(sim: Simulator) -> AsyncIterator[None]:
    folder, node = os.environ.get("IMBOT_KOISHI"), shutil.which("node")
    if not (folder and node) and os.environ.get("IMBOT_REQUIRE_PEERS") != "1":
        pytest.skip("needs Koishi: source .ci/peers.sh")
    assert folder, "IMBOT_REQUIRE_PEERS is set, IMBOT_KOISHI is not"
    assert node, "IMBOT_REQUIRE_PEERS is set, node is missing"
    modules = {"NODE_PATH": str(Path(folder) / "node_modules")}
    process = await asyncio.create_subprocess_exec(
        node, BOT, sim.url, "ding1", "s1", env=os.environ | modules
    )
    try:
        await sim.until(lambda: bool(sim.connections("ding1")), 60)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_it_answers_downloads_and_recalls(sim, koishi):
    await sim.say("ding1", "u-alex", "one")
    await sim.say("ding1", "u-alex", "two", group=True, mentions=["u-lilei"])
    await sim.say("ding1", "u-alex", kind="picture")

    def answered(*paths):
        return sum(call.path in paths and call.status == 200 for call in sim.calls)

    await sim.until(lambda: answered(*SENDS) == 3, 60)
    group = sim.world.group(sim.world.apps["ding1"]).id
    answers = [message for message in sim.messages if message.sender is None]
    assert [message.text.replace(" ", "") for message in answers if message.conversation == group] == [
        "read:**two**"
    ]
    assert sum("**one**" in message.text for message in answers) == 1

    await sim.say("ding1", "u-alex", "recall")
    await sim.until(lambda: answered("/v1.0/robot/otoMessages/batchRecall") == 1, 60)
    assert not any("**recall**" in message.text for message in sim.messages)
    assert [call.path for call in sim.calls if call.status != 200] == []
