from collections.abc import AsyncIterator

import aiohttp
import pytest
from platforms.dingtalk.simulator.raw_client import Client

from imbot.platforms.dingtalk.simulator import Simulator


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(open_apps=False) as running:
        running.add_app("ding1", "s1", "小助手")
        yield running


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        client = Client(sim, session)
        yield client
        await client.close()
