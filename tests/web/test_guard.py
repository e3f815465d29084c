import asyncio
import json
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from local_servers import SERVERS

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.web.guard import Guard

STRANGERS = [
    {"Host": "evil.example"},
    {"Host": "evil.example:8700"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost@evil.example"},
    {"Host": "localhost.evil.example:80"},
    {"Host": "192.0.2.1"},
    {"Host": ""},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:1"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]


@asynccontextmanager
async def asked(method, url, **more):
    """An answer as it comes, without following where it leads."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
        http.request(method, url, allow_redirects=False, **more) as answer,
    ):
        yield answer


@pytest.mark.parametrize("name", SERVERS)
async def test_a_stranger_gets_nothing_of_any_server(name, tmp_path):
    async with SERVERS[name](tmp_path) as server:
        for method, path in server.routes:
            for headers in STRANGERS:
                async with asked(method, server.url + path, headers=headers) as answer:
                    said = {"error"} if method == "HEAD" else set(await answer.json())
                assert (answer.status, said) == (403, {"error"}), (method, path, headers)


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1", "127.8.9.1:9000", "[::1]:{port}"])
async def test_loopback_has_many_names(name, host, tmp_path):
    async with SERVERS[name](tmp_path) as server:
        port = urlsplit(server.url).port
        path = "/status" if name == "admin" else "/"
        async with asked("GET", server.url + path, headers={"Host": host.format(port=port)}) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("name", ["simulator", "preview"])
async def test_the_servers_own_page_and_a_link_to_it_are_answered(name, tmp_path):
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with SERVERS[name](tmp_path) as server:
        for headers in ({"Origin": server.url, "Sec-Fetch-Site": "same-origin"}, link):
            async with asked("GET", server.url + "/", headers=headers) as answer:
                assert answer.status == 200
        events = next(path for _, path in server.routes if path.endswith("/events"))
        async with asked("GET", server.url + events, headers=link) as answer:
            assert answer.status == 403


async def test_who_opens_a_refused_address_in_a_browser_reads_a_sentence():
    async with Simulator() as sim:
        headers = {"Host": "evil.example", "Accept": "text/html,*/*"}
        async with asked("GET", sim.url, headers=headers) as answer:
            assert answer.content_type == "text/plain"
            assert await answer.text() == (
                "use the server's own address; requests by other host names are refused\n"
            )


OPEN = {"clientId": "app-1", "clientSecret": "s3cret", "subscriptions": [{"type": "EVENT", "topic": "*"}]}


@asynccontextmanager
async def beyond_loopback():
    """A simulator that other machines could reach, if the test's socket were not on loopback."""
    sim = Simulator()
    await sim.start("0.0.0.0")
    try:
        yield sim
    finally:
        await sim.stop()


async def test_beyond_loopback_the_page_needs_its_token():
    async with beyond_loopback() as sim:
        token = parse_qs(urlsplit(sim.page_url).query)["token"][0]
        assert len(token) > 20
        for path in (
            "/",
            "/sim/state",
            "/sim/events",
            "/page/main.js",
            "/?token=wrong",
            f"/sim/state?token={token}",
        ):
            async with asked("GET", sim.url + path) as answer:
                assert answer.status == 403
                assert "token" in (await answer.json())["error"]
        async with asked("PUT", f"{sim.url}/sim/settings", json={"qps": 1}) as answer:
            assert answer.status == 403
        bearer = {"Authorization": f"Bearer {token}"}
        async with asked("GET", f"{sim.url}/sim/state", headers=bearer) as answer:
            assert answer.status == 200


async def test_the_token_of_the_address_becomes_a_cookie():
    async with beyond_loopback() as sim:
        async with asked("GET", sim.page_url) as answer:
            cookie = answer.headers["Set-Cookie"]
            assert (answer.status, answer.headers["Location"]) == (303, "./")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        brought = {"Cookie": cookie.partition(";")[0]}
        # The machine may have any name, as its cookies go to nobody else.
        async with asked("GET", f"{sim.url}/sim/state", headers=brought | {"Host": "box.example"}) as answer:
            assert answer.status == 200
        for stranger in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            async with asked("GET", f"{sim.url}/sim/state", headers=brought | stranger) as answer:
                assert answer.status == 403


async def test_programs_need_no_token_but_their_credentials_and_browsers_get_nothing():
    async with beyond_loopback() as sim:
        opening = f"{sim.url}/v1.0/gateway/connections/open"
        async with asked("POST", opening, json=OPEN, headers={"Host": "simulator:8700"}) as answer:
            assert answer.status == 200, "as a container calls another one"
        for headers in (
            {"Origin": "http://evil.example"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Host": "evil.example", "Origin": "http://evil.example"},  # a name that points here
        ):
            async with asked("POST", opening, json=OPEN, headers=headers) as answer:
                assert answer.status == 403, headers
        async with asked("POST", opening, json=OPEN | {"clientId": ""}) as answer:
            assert answer.status == 401


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_no_page_of_another_site_opens_a_websocket(origin):
    async with Simulator() as sim, aiohttp.ClientSession() as http:
        async with http.post(f"{sim.url}/v1.0/gateway/connections/open", json=OPEN) as answer:
            leave = await answer.json()
        link = f"{leave['endpoint']}?ticket={leave['ticket']}"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(link, origin=origin)
        assert refused.value.status == 403
        # Some libraries send the address itself as their origin; the refused attempt has not used the ticket.
        async with http.ws_connect(link, origin=sim.url) as ws:
            sim.push("app-1", {}, kind="EVENT", topic="*")
            async with asyncio.timeout(10):
                assert json.loads((await ws.receive()).data)["type"] == "EVENT"


def test_a_server_that_others_can_reach_cannot_do_without_a_token():
    with pytest.raises(ValueError, match="a token is needed"):
        Guard("0.0.0.0")
