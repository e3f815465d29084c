"""Requests that no sane client sends, to every route of every server: each is refused, none fails."""

import asyncio
import logging
import random

import aiohttp
import pytest
from local_servers import SERVERS

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.preview.server import Server

TAILS = (
    "%00", "/%00", "/..", "/%2e%2e", "/%2f", "//", "/\\..\\x", "/%25", "/%ff%fe", "/%ed%a0%80", "%0d%0aX:1", ";a",
    "/" + "a" * 300, "/" + "a" * 9000, "?prune=2", "?token=%ff&session=%00&ticket=%ed%a0%80", "?" + "a=1&" * 2500,
)  # fmt: skip
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW", "get")
BODIES = (
    b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":' * 3000, b'{"qps": NaN}', b'{"qps": 1e999}',
    b'{"latency_ms": 99999999999999999999}', b'{"app": [], "user": {}}', b'{"card": {}, "user": [], "params": [1]}',
    b'{"app": "app-1", "user": "u-alex", "text": "\\ud800", "group": 1}', b'{"id": ["\\ud800"], "secret": {}, "name": 3}',
    b'{"clientId": 1, "clientSecret": [], "subscriptions": [1]}', b'{"cardData": 1, "outTrackId": [], "openSpaceId": {}}',
)  # fmt: skip
TYPES = (
    "text/plain", "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
    "application/json; charset=nonsense", "%%%", "",
)  # fmt: skip
# What the platform itself says to an organisation that it does not know.
BY_THE_PLATFORM = ("/v1.0/oauth2/main.js/token",)


def requests(routes):
    """Method, path, body and content type."""
    for method, path in routes:
        if path.endswith("/events"):
            continue
        yield from ((method, path + tail, b"", "application/json") for tail in TAILS)
        yield from ((other, path, b"{}", "application/json") for other in METHODS)
        if method not in ("GET", "HEAD"):
            yield from ((method, path, body, "application/json") for body in BODIES)
            yield from ((method, path, body, kind) for kind in TYPES for body in (b"", b"\xff{"))
    chance = random.Random(7)
    for _ in range(100):
        path = "".join(
            chance.choice(["/", "..", "%00", "%", "page", "sim", "a", "\\", "%2F", "?", "*"])
            for _ in range(6)
        )
        yield "GET", f"/{path}", b"", ""


async def answer(url, method, path, body, kind):
    """The status, and the rest of the answer."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    async with asyncio.timeout(10):
        got = await reader.read()
    writer.close()
    return int(got.split(b" ", 2)[1]), got


@pytest.mark.parametrize("name", SERVERS)
async def test_an_odd_request_never_fails_and_leaves_no_traceback(name, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    async with SERVERS[name](tmp_path) as server:
        for request in requests(server.routes):
            status, got = await answer(server.url, *request)
            assert 200 <= status < 500 or request[1].startswith(BY_THE_PLATFORM) or status == 503, (
                request,
                got,
            )
            assert status == 503 or not any(record.exc_info for record in caplog.records), request
        assert (await answer(server.url, "GET", "/" if name != "admin" else "/livez", b"", ""))[0] == 200


@pytest.mark.parametrize("name", SERVERS)
async def test_a_refusal_is_a_sentence(name, tmp_path):
    async with SERVERS[name](tmp_path) as server, aiohttp.ClientSession() as http:
        path = {"simulator": "/page/nul%00", "preview": "/renderer/nul%00", "admin": "/nul%00"}[name]
        async with http.get(server.url + path) as refused:
            assert (refused.status, (await refused.json())["error"]) == (404, f"GET {path[:-3]}\0: Not Found")
        headers = {"Content-Type": "application/json"}
        if name == "simulator":
            async with http.put(f"{server.url}/sim/settings", data=b"[1]", headers=headers) as refused:
                assert (await refused.json())["error"] == "PUT /sim/settings: the body must be a JSON object"
            status, _ = await answer(
                server.url, "PUT", "/sim/settings", b"x" * 1_100_000, headers["Content-Type"]
            )
            assert status == 413


async def test_half_a_character_stops_no_page(tmp_path):
    async with Simulator() as sim, aiohttp.ClientSession() as http:
        sim.add_app("app-1", "s3cret")
        await sim.say("app-1", "u-alex", "half \ud83d")
        async with http.get(f"{sim.url}/sim/state") as answer:
            assert (await answer.json())["messages"][0]["text"] == "half \ud83d"
        async with http.get(f"{sim.url}/sim/events") as answer:
            assert rb"half \ud83d" in await answer.content.readline()


async def test_a_file_that_a_program_uploads_runs_as_nobody():
    async with Simulator() as sim, aiohttp.ClientSession() as http:
        async with http.post(
            f"{sim.url}/v1.0/oauth2/accessToken", json={"appKey": "a", "appSecret": "b"}
        ) as given:
            token = (await given.json())["accessToken"]
        form = aiohttp.FormData({"type": "file"})
        form.add_field("media", b"<script>alert(1)</script>", filename="x.html", content_type="text/html")
        async with http.post(
            f"{sim.url}/media/upload", params={"access_token": token}, data=form
        ) as uploaded:
            media = (await uploaded.json())["media_id"]
        async with http.get(f"{sim.url}/sim/files/{media}") as shown:
            assert (await shown.read(), shown.headers["Content-Security-Policy"]) == (
                b"<script>alert(1)</script>",
                "sandbox",
            )


async def test_what_is_no_http_is_told_in_the_log_without_a_traceback(caplog):
    caplog.set_level(logging.DEBUG, "imbot")
    server = Server()
    url = await server.start(0)
    status, _ = await answer(url.rstrip("/"), "GET", "/" + "a" * 9000, b"", "")
    await server.stop()

    assert status == 400
    assert [record.exc_info for record in caplog.records if "refused" in record.getMessage()] == [None]
