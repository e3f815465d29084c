import json
import re
import time
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imbot.platforms.dingtalk.simulator import server
from imbot.platforms.dingtalk.simulator.values import CORP_ID

INSTANCES = "/v1.0/card/instances"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "robotCode", "userIds", "msgKey", "msgParam", "openConversationId", "outTrackId", "cardBizId", "cardData",
    "privateData", "cardTemplateId", "openSpaceId", "imRobotOpenDeliverModel", "cardAtUserIds", "guid", "key",
    "content", "isFull", "cardUpdateOptions", "sendOptions", "singleChatReceiver", "processQueryKeys", "downloadCode",
]  # fmt: skip
GOOD = {
    "robotCode": "ding1",
    "cardTemplateId": "StandardCard",
    "outTrackId": "card-1",
    "cardBizId": "biz",
    "cardData": {"cardParamMap": {}},
    "openSpaceId": "dtv1.card//IM_ROBOT.u-lilei",
    "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1.0/card/spaces/deliver"),
        ("POST", "/v1.0/card/callbacks/register"),
        ("GET", "/v1.0/robot/oToMessages/readStatus"),
        ("POST", "/v1.0/im/sceneGroups/query"),
        ("POST", "/v1.0/card/ai/instances/createAndDeliver"),
        ("PUT", "/v1.0/card/ai/instances/update"),
        ("POST", "/v1.0/innerApi/robot/stream/away/template/update"),
        ("PATCH", "/v2.0/nothing"),
        ("DELETE", "/v1.0/card/instances"),
    ],
)
async def test_an_api_that_is_not_there_is_a_404_that_names_it(sim, client, method, path):
    status, body = await client.api(method, f"{path}?processQueryKey=k", {})
    assert (status, set(body)) == (404, {"code", "message", "requestid"})
    assert f"{method} {path}" in body["code"]
    assert (sim.calls[-1].status, sim.calls[-1].code) == (404, body["code"])
    assert "=k" not in str(body)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/topapi/im/chat/get"), ("POST", "/robot/send"), ("GET", "/chat/get"), ("PUT", "/gettoken")],
)
async def test_an_older_api_that_is_not_there_is_one_for_old_clients_too(client, method, path):
    status, body = await client.call(method, f"{path}?access_token=secret")
    assert (status, body["errcode"], bool(body["requestid"])) == (404, 404, True)
    assert f"{method} {path}" in body["code"]
    assert f"{method} {path}" in body["errmsg"] == body["message"]
    assert "secret" not in str(body)


async def test_an_api_that_is_not_there_can_be_given_an_answer(sim, client):
    sim.fail("/callbacks/register", 200, {"success": True})
    assert await client.api("POST", "/v1.0/card/callbacks/register", {}) == (200, {"success": True})


async def test_the_docs_list_every_api(sim):
    served = {f"{route.method} {route.path}" for route in sim._api.routes}
    page = (Path(server.__file__).parents[4] / "docs" / "simulator.md").read_text()
    listed = re.findall(
        r"`((?:GET|POST|PUT) /[^`]*)`", page.partition("## The APIs")[2].partition("\n## ")[0]
    )
    assert sorted(listed) == sorted(served)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_body_must_be_a_json_object(sim, client, body):
    await client.card()
    headers = {"x-acs-dingtalk-access-token": client.token}
    async with client.session.post(sim.url + INSTANCES, data=body, headers=headers) as response:
        assert response.status == 400
        assert (await response.json())["code"] == "Missingbody"


async def test_answers_carry_the_platforms_headers(sim, client):
    async with client.session.get(f"{sim.url}/gettoken") as response:
        assert response.headers["Server"] == "DingTalk/1.0.0"
        assert response.headers["x-acs-request-id"]


async def test_journal_tells_who_called_what(sim, client):
    await client.card()
    await client.stream("你好")
    await client.stream("x", key="")
    call = sim.calls[-2]
    assert (call.app, call.method, call.path) == ("ding1", "PUT", "/v1.0/card/streaming")
    assert (call.status, call.code, call.card, call.summary) == (200, "", "card-1", "content, 2 characters")
    assert call.bytes > 20
    assert sim.calls[-1].code == "param.stream.keyEmpty"
    assert sim.cards["card-1"].calls == 3
    await client.stream("你")
    assert sim.calls[-1].summary == "content, 1 character"


async def test_journal_keeps_no_secret(sim, client):
    data = await client.said(await client.connect())
    await client.call("POST", data["sessionWebhook"], {"msgtype": "text", "text": {"content": "x"}})
    await client.call("GET", "/gettoken?appkey=ding1&appsecret=s1")
    journal = json.dumps([call.to_json() for call in sim.calls])
    assert "s1" not in journal
    assert "session=" not in journal


async def test_ordered_faults_happen_once_each(sim, client):
    sim.fail("streaming", 503, "<html>busy</html>")
    sim.fail("streaming", 500, {"code": "system.busy"}, times=2)
    await client.card()
    with pytest.raises(aiohttp.ContentTypeError):
        await client.stream("x")
    assert [(await client.stream("x"))[0] for _ in range(3)] == [500, 500, 200]
    assert sim.cards["card-1"].data["content"] == "x"


async def test_fault_may_lose_only_the_answer(sim, client):
    await client.card()
    sim.fail("streaming", 504, {}, executed=True)
    assert (await client.stream("done"))[0] == 504
    assert sim.cards["card-1"].data["content"] == "done"


async def test_fault_may_cut_the_connection(sim, client):
    sim.fail("createAndDeliver", 0)
    with pytest.raises(aiohttp.ClientError):
        await client.card()
    assert sim.calls[-1].status == 0
    assert (await client.card())[0] == 200


async def test_fault_may_hang(sim, client):
    sim.fail("accessToken", 200, {}, delay_s=5)
    with pytest.raises(TimeoutError):
        await client.call("POST", "/v1.0/oauth2/accessToken", {}, timeout=aiohttp.ClientTimeout(total=0.05))


async def test_a_call_may_only_be_late(sim, client):
    sim.fail("createAndDeliver", None, delay_s=0.05)
    began = time.monotonic()
    assert (await client.card())[0] == 200
    assert time.monotonic() - began >= 0.05


async def test_faults_that_were_ordered_can_be_called_off(sim, client):
    sim.fail("createAndDeliver", 503, times=9)
    sim.mend()
    assert (await client.card())[0] == 200


async def test_refused_calls_are_not_executed(sim, client):
    await client.card()
    sim.set(qps=1)
    assert [(await client.stream(text))[0] for text in "ab"] == [200, 403]
    assert sim.cards["card-1"].data["content"] == "a"


async def test_limits_are_per_app(sim, client):
    sim.set(qps=1)
    sim.add_app("ding2", "s2")
    assert (await client.card("card-1"))[0] == 200
    client.id, client.secret, client.token = "ding2", "s2", ""
    assert (await client.card("card-2"))[0] == 200
    assert (await client.card("card-3"))[0] == 403


async def test_legacy_api_has_legacy_limit_codes(sim, client):
    await client.card()
    sim.set(monthly=0)
    url = f"/media/upload?access_token={client.token}&type=image"
    assert (await client.call("POST", url))[1]["errcode"] == 90020
    sim.set(monthly=None, qps=0)
    assert (await client.call("POST", url))[1]["errcode"] == 90018
    assert (await client.call("POST", "/media/upload?access_token=no"))[1]["errcode"] == 40014


async def test_no_body_breaks_an_api(sim, client):
    """Whatever a program sends, every API gives a JSON answer of its dialect."""
    sim.set(qps=None)
    await client.card()
    data = await client.said(await client.connect())
    routes = [route for module in server._MODULES for route in module.ROUTES if route.body == "json"]
    bodies: list[tuple[str, dict]] = []

    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from([*NAMES, "msgtype", "at", "text"]), JSON)
    def collect(name, value):
        bodies.append((name, {**GOOD, name: value}))

    collect()
    session = data["sessionWebhook"].rpartition("?")[2]
    for _, body in bodies:
        for route in routes:
            status, answer = await client.api(
                route.method, f"{route.path.format(corp=CORP_ID)}?{session}", body
            )
            assert status in (200, 400, 403, 500), (route, body)
            assert isinstance(answer, dict)
