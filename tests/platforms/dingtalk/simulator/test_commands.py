import asyncio
import inspect
import json
import re
import shutil
from pathlib import Path

import aiohttp
import pytest

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.simulator import commands as module


async def order(client, name, **arguments):
    return await client.call("POST", f"/sim/{name}", arguments)


async def test_a_fault_can_be_ordered_and_called_off(sim, client):
    fault = {"path_part": "createAndDeliver", "status": 503, "body": {"code": "system.busy"}, "times": 2}
    assert await order(client, "fail", **fault) == (200, {"ok": True})
    assert await client.card() == (503, {"code": "system.busy"})
    assert await order(client, "mend") == (200, {"ok": True})
    assert (await client.card())[0] == 200


async def test_a_fault_may_lose_only_the_answer_or_cut_the_connection(sim, client):
    await client.card()
    await order(client, "fail", path_part="streaming", status=504, executed=True)
    with pytest.raises(aiohttp.ContentTypeError):
        await client.stream("done")
    assert sim.cards["card-1"].data["content"] == "done"
    await order(client, "fail", path_part="createAndDeliver", status=0)
    with pytest.raises(aiohttp.ClientError):
        await client.card("card-2")
    await order(client, "fail", path_part="streaming", status=None, delay_s=0.01)
    assert (await client.stream("x"))[0] == 200


async def test_connections_break_in_every_way(sim, client):
    link = await client.connect()
    assert (await order(client, "disconnect", app="ding1", reason="enough"))[0] == 200
    frame = await link.frame()
    assert (frame["headers"]["topic"], json.loads(frame["data"])) == ("disconnect", {"reason": "enough"})

    link = await client.connect()
    assert (await order(client, "close", app="ding1", code=1011))[0] == 200
    assert (await link.ws.receive(10)).data == 1011

    link = await client.connect()
    assert (await order(client, "drop", app="ding1"))[0] == 200
    assert (await link.ws.receive(10)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)

    await sim.until(lambda: not sim.connections("ding1"))
    await client.connect()
    assert (await order(client, "freeze", app="ding1"))[0] == 200
    assert [connection.frozen for connection in sim.connections("ding1")] == [True]


async def test_events_and_frames_are_pushed_and_their_acks_read(client):
    link = await client.connect()
    status, pushed = await order(
        client, "push_event", app="ding1", event_type="user_add_org", data={"userId": ["1"]}
    )
    frame = await link.frame()
    assert (status, pushed["delivered"], pushed["messageId"]) == (200, True, frame["headers"]["messageId"])
    assert (frame["type"], frame["headers"]["eventType"], json.loads(frame["data"])) == (
        "EVENT",
        "user_add_org",
        {"userId": ["1"]},
    )
    await link.ack(frame, {"status": "SUCCESS"})

    topic = {"kind": "CALLBACK", "topic": "/v1.0/card/instances/callback", "headers": {"x": "y"}}
    await order(client, "push", app="ding1", data="no json", **topic)
    frame = await link.frame()
    assert (frame["data"], frame["headers"]["x"]) == ("no json", "y")
    await link.ack(frame, code=500)

    _, pings = await order(client, "ping", app="ding1")
    assert pings["pushes"][0]["messageId"] == (await link.frame())["headers"]["messageId"]
    await order(client, "send_text", app="ding1", text="{")
    assert (await link.ws.receive(10)).data == "{"

    assert (await order(client, "idle", quiet_s=0.05))[0] == 200
    _, answer = await client.call("GET", "/sim/acks")
    assert [(ack["code"], ack["verdict"]) for ack in answer["acks"]] == [(200, "matched"), (500, "matched")]
    assert json.loads(answer["acks"][0]["data"]) == {"status": "SUCCESS"}


async def test_a_push_that_nobody_takes_says_so(client):
    _, pushed = await order(client, "push_event", app="ding1", event_type="x", data={})
    assert pushed["delivered"] is False


async def test_people_templates_tokens_and_apps(sim, client):
    assert await order(client, "add_user", user_id="u-new", nick="新人") == (
        200,
        {"id": "u-new", "nick": "新人"},
    )
    await order(client, "add_template", template_id="own.schema", streaming_keys=["content"])
    await client.card()
    assert (await client.stream("x", key="other"))[0] == 500
    data = await client.said(await client.connect())
    await order(client, "expire_webhooks")
    assert (await client.call("POST", data["sessionWebhook"], {}))[1]["errcode"] == 300001
    await order(client, "revoke_token", app="ding1")
    assert (await client.card())[1]["code"] == "InvalidAuthentication"
    assert (await order(client, "remove_app", client_id="ding1"))[0] == 200
    assert "ding1" not in sim.world.apps


@pytest.mark.parametrize(
    ("name", "arguments", "status", "words"),
    [
        ("explode", {}, 404, "no command explode"),
        ("stop", {}, 404, "no command stop"),
        ("_activity", {}, 404, "no command _activity"),
        ("fail", {}, 400, "path_part is missing"),
        ("fail", {"path_part": "x"}, 400, "status is missing"),
        ("fail", {"path_part": "x", "status": "503"}, 400, "status must be a number or null"),
        ("fail", {"path_part": "x", "status": 99}, 400, "status must be 0 or from 200 to 599"),
        ("fail", {"path_part": "x", "status": True}, 400, "status must be a number or null"),
        ("fail", {"path_part": "x", "status": 500, "times": 0}, 400, "times must be"),
        ("fail", {"path_part": "x", "status": 500, "delay_s": -1}, 400, "delay_s must be"),
        ("fail", {"path_part": "x", "status": 500, "body": []}, 400, "body must be an object or a string"),
        ("fail", {"path_part": "x", "status": 500, "executed": 1}, 400, "executed must be true or false"),
        ("fail", {"path_part": "x", "status": 500, "colour": 1}, 400, "unknown argument colour"),
        ("drop", {"app": "ding9"}, 404, "unknown app ding9"),
        ("drop", {"app": 1}, 400, "app must be a string"),
        ("remove_app", {"client_id": "ding9"}, 404, "unknown app ding9"),
        ("close", {"app": "ding1", "code": 70000}, 400, "code must be from 1000 to 4999"),
        ("push", {"app": "ding1", "data": {}, "headers": {"a": 1}}, 400, "headers must be"),
        ("push_event", {"app": "ding1", "event_type": "x", "data": "x"}, 400, "data must be an object"),
        (
            "add_template",
            {"template_id": "x", "streaming_keys": "content"},
            400,
            "streaming_keys must be a list",
        ),
        ("send_text", {"app": "ding1", "text": "\ud800"}, 400, "text holds half of a character"),
        (
            "push",
            {"app": "ding1", "data": {}, "headers": {"a": "\ud800"}},
            400,
            "headers holds half of a character",
        ),
        ("push_event", {"app": "ding1", "event_type": "\ud800", "data": {}}, 400, "event_type holds half"),
        ("idle", {"timeout": 1e9}, 400, "timeout must be"),
        ("idle", {"quiet_s": 1, "timeout": 0.01}, 504, "still"),
    ],
)
async def test_a_wrong_command_is_a_sentence(client, name, arguments, status, words):
    answer = await order(client, name, **arguments)
    assert answer[0] == status
    assert words in answer[1]["error"]


async def test_other_pages_and_plain_text_order_nothing(sim, client):
    json_of_another = {"Content-Type": "application/json", "Origin": "http://evil.example"}
    for headers, status in ((json_of_another, 403), ({"Content-Type": "text/plain"}, 415)):
        async with client.session.post(f"{sim.url}/sim/mend", data="{}", headers=headers) as response:
            assert response.status == status
            assert (await response.json())["error"]


async def test_other_machines_need_the_token():
    sim = Simulator()
    await sim.start("0.0.0.0")
    try:
        async with aiohttp.ClientSession() as http:
            token = sim.page_url.partition("token=")[2]
            for headers, status in (({}, 403), ({"Authorization": f"Bearer {token}"}, 200)):
                async with http.post(f"{sim.url}/sim/mend", json={}, headers=headers) as response:
                    assert response.status == status
                async with http.get(f"{sim.url}/sim/acks", headers=headers) as response:
                    assert response.status == status
    finally:
        await sim.stop()


def test_the_docs_list_every_command_with_its_arguments():
    page = (Path(__file__).parents[4] / "docs" / "simulator.md").read_text()
    table = page.partition("## Over HTTP")[2].partition("\n## ")[0]
    listed = {
        name: set(re.findall(r"`(\w+)`", arguments))
        for name, arguments in re.findall(r"^\| `POST /sim/(\w+)` \| ([^|]*) \|", table, re.MULTILINE)
    }
    for name in module.COMMANDS:
        assert listed.get(name) == set(inspect.signature(getattr(Simulator, name)).parameters) - {"self"}, (
            name
        )


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
async def test_a_program_in_another_language_can_test_itself(sim):
    """The example of the docs, with nothing but curl."""
    page = (Path(__file__).parents[4] / "docs" / "simulator.md").read_text()
    script = page.partition("## Over HTTP")[2].partition("```sh\n")[2].partition("```")[0]
    script = script.replace("http://127.0.0.1:8700", sim.url).replace("my-id", "ding1")
    process = await asyncio.create_subprocess_exec("sh", "-ec", script, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, output
    assert sim._api.faults.take("/v1.0/card/streaming").status == 503
