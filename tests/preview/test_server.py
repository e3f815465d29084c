import asyncio
import json
import socket

import aiohttp
import pytest

from imbot.preview import server as serving
from imbot.preview.server import Server


@pytest.fixture
async def server():
    server = Server()
    server.url = await server.start(0)
    yield server
    await server.stop()


@pytest.fixture
async def client():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as client:
        yield client


async def states(response):
    async for line in response.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def test_the_page_and_its_files_are_there_and_never_kept(server, client):
    for path in (
        "",
        "preview/page/main.js",
        "renderer/card.js",
        "renderer/base.css",
    ):
        async with client.get(server.url + path) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["preview/server.py", "preview/page/../server.py", "renderer/%2e%2e%2fserver.py"],
)
async def test_nothing_else_of_the_package_is_there(server, client, path):
    async with client.get(server.url + path) as response:
        assert response.status in (403, 404)


async def test_a_page_hears_of_the_state_and_of_every_other_one(server, client):
    await server.show('{"n": 1}')
    async with client.get(server.url + "events") as response:
        heard = states(response)
        assert await anext(heard) == {"n": 1}
        await server.show('{"n": 2}')
        assert await anext(heard) == {"n": 2}


async def test_the_same_state_is_not_told_again_but_the_feed_shows_life(server, client, monkeypatch):
    monkeypatch.setattr(serving, "_LIFE_SIGN_S", 0.02)
    await server.show('{"n": 1}')
    async with client.get(server.url + "events") as response:
        await response.content.readuntil(b"\n\n")
        await server.show('{"n": 1}')
        assert await response.content.readuntil(b"\n\n") == b":\n\n"


async def test_stopping_does_not_wait_for_open_pages(server, client):
    await server.show("{}")
    async with client.get(server.url + "events") as response:
        await anext(states(response))
        async with asyncio.timeout(10):
            await server.stop()


async def test_it_listens_on_loopback_and_says_when_it_cannot(server):
    port = int(server.url.rsplit(":", 1)[1].strip("/"))
    assert server.url.startswith("http://127.0.0.1:")
    with pytest.raises(OSError):
        await Server().start(port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError):
            await Server().start(other.getsockname()[1])


async def test_there_are_not_more_pages_than_there_may_be(server, client, monkeypatch):
    monkeypatch.setattr(serving, "_MOST_PAGES", 1)
    await server.show("{}")
    async with client.get(server.url + "events") as first:
        await anext(states(first))
        async with client.get(server.url + "events") as refused:
            assert refused.status == 503
            assert (await refused.json())["error"] == "GET /events: too many pages are open: close some"
