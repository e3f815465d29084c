import aiohttp
import pytest

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.simulator.values import CORP_ID

ACCESS_TOKEN = "/v1.0/oauth2/accessToken"
CORP_TOKEN = f"/v1.0/oauth2/{CORP_ID}/token"
CREDENTIALS = {"client_id": "ding1", "client_secret": "s1", "grant_type": "client_credentials"}
CARD = {"outTrackId": "no", "cardData": {"cardParamMap": {}}}


async def test_token_stays_the_same_while_it_lives(client):
    keys = {"appKey": "ding1", "appSecret": "s1"}
    first = await client.call("POST", ACCESS_TOKEN, keys)
    assert await client.call("POST", ACCESS_TOKEN, keys) == first


async def test_all_three_apis_give_the_same_token(client):
    _, first = await client.call("POST", ACCESS_TOKEN, {"appKey": "ding1", "appSecret": "s1"})
    _, second = await client.call("POST", CORP_TOKEN, CREDENTIALS)
    _, third = await client.call("GET", "/gettoken?appkey=ding1&appsecret=s1")
    assert second == {"access_token": first["accessToken"], "expires_in": 7200}
    assert third == {"errcode": 0, "errmsg": "ok"} | second


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"client_secret": "no"}, (400, "invalid.client")),
        ({"grant_type": "password"}, (400, "unsupported.grant.type")),
    ],
)
async def test_corp_token_errors(client, change, answer):
    status, body = await client.call("POST", CORP_TOKEN, CREDENTIALS | change)
    assert (status, body["code"]) == answer


async def test_unknown_corp(client):
    status, body = await client.call("POST", "/v1.0/oauth2/dingother/token", CREDENTIALS)
    assert (status, body["code"]) == (500, "unknownError")


async def test_legacy_errors_are_answered_with_200(client):
    status, body = await client.call("GET", "/gettoken?appkey=ding1&appsecret=no")
    assert (status, body) == (200, {"errcode": 40096, "errmsg": "不合法的appKey或appSecret"})
    status, body = await client.call("GET", "/gettoken", {"appkey": "ding1", "appsecret": "s1"})
    assert (status, body["errcode"]) == (200, 40035)


async def test_missing_key(client):
    status, body = await client.call("POST", ACCESS_TOKEN, {"appKey": "ding1"})
    assert (status, body["code"]) == (400, "MissingappSecret")


async def test_revoked_token_is_refused_and_a_new_one_works(sim, client):
    assert (await client.api("PUT", "/v1.0/card/instances", CARD))[1]["code"] == "param.cardNotExist"
    sim.revoke_token("ding1")
    assert (await client.api("PUT", "/v1.0/card/instances", CARD))[1]["code"] == "InvalidAuthentication"
    client.token = ""
    assert (await client.api("PUT", "/v1.0/card/instances", CARD))[1]["code"] == "param.cardNotExist"


async def test_bearer_header_counts_as_missing(client):
    await client.api("PUT", "/v1.0/card/instances", CARD)
    bearer = {"Authorization": f"Bearer {client.token}"}
    _, body = await client.call("PUT", "/v1.0/card/instances", CARD, headers=bearer)
    assert body["code"] == "AuthenticationFailed.MissingParameter"


async def test_open_apps_register_themselves_once(client):
    async with Simulator() as sim:
        client.sim, client.id, client.secret = sim, "dingnew", "first"
        assert (await client.open())[0] == 200
        client.secret = "second"
        assert (await client.open())[0] == 401
        assert list(sim.world.apps) == ["dingnew"]


async def test_ticket_of_a_removed_app_is_worthless(sim, client):
    _, leave = await client.open()
    sim.remove_app("ding1")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.upgrade(leave)


async def test_removed_app_loses_token_and_connections(sim, client):
    link = await client.connect()
    await client.card()
    sim.remove_app("ding1")
    assert (await client.card())[1]["code"] == "InvalidAuthentication"
    assert (await link.ws.receive(1)).data == 1001
    sim.add_app("ding1", "s1")
    client.token = ""
    assert (await client.card("card-2"))[0] == 200
