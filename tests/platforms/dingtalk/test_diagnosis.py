import asyncio
import time
from email.utils import formatdate

import pytest
from aiohttp import web

from imbot.model import CardPhase, CardView
from imbot.ops.doctor import run_probes
from imbot.platforms import open_diagnosis
from imbot.platforms.dingtalk import diagnosis as doctor
from imbot.platforms.dingtalk.diagnosis import DingTalkDiagnosis
from imbot.platforms.dingtalk.kinds.standard import StandardKind
from imbot.spec import Secret

TOKEN = "/v1.0/oauth2/accessToken"
OPEN = "/v1.0/gateway/connections/open"
PUT = "/v1.0/card/instances"
STREAM = "/v1.0/card/streaming"
SEND = "/v1.0/robot/oToMessages/batchSend"
STANDARD = "/v1.0/im/robots/interactiveCards"

AI = CardView(
    "ai",
    CardPhase.THINKING,
    {"content": ""},
    "t",
    "x",
    {"template_id": "own.schema", "content_key": "content"},
)
MARKDOWN = CardView("markdown", CardPhase.THINKING, {"title": "t", "text": "x"}, "t", "x")
STANDARD_VIEW = CardView("standard", CardPhase.THINKING, {"contents": []}, "t", "x", StandardKind.native)

NO_CARD = (400, {"code": "param.cardNotExist", "message": "param.cardNotExist"})
NO_STREAM = (400, {"code": "param.stream.outTrackId", "message": "card is not exist"})
NOBODY = (400, {"code": "invalidParameter.userIds.empty", "message": "empty"})
TOO_FAST = (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "x"})
NO_ROBOT = (400, {"code": "invalidParameter.robotCode.notExsit", "message": "x"})


def denied(scope):
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    return 403, {"code": code, "message": "no", "accessdenieddetail": {"requiredScopes": [scope]}}


@pytest.fixture
def look(platform, quick):
    """Findings by name, about an app that shows such cards."""

    async def look(view=AI, clock=time.time, endpoint=None, **credentials):
        credentials = {"client_id": "dingapp", "client_secret": Secret("s3cret"), **credentials}
        diagnosis = DingTalkDiagnosis(credentials, endpoint or platform.url, quick, clock)
        try:
            found = [each async for each in run_probes(diagnosis.probes(view))]
        finally:
            await diagnosis.close()
        assert "s3cret" not in repr(found)
        return {each.check: each for each in found}

    return look


@pytest.fixture
def healthy(platform):
    platform.answer(PUT, NO_CARD)
    platform.answer(STREAM, NO_STREAM)
    platform.answer(SEND, NOBODY)


async def test_a_healthy_app_is_found_fine_with_few_calls_and_no_connection(platform, look, healthy):
    found = await look()

    assert {name: each.state for name, each in found.items()} == dict.fromkeys(
        ("network", "clock", "credentials", "stream mode", "stream gateway", "sending", "cards", "streaming",
         "template", "content key"), "ok",
    )  # fmt: skip
    assert platform.sockets == []
    billed = [line for line in platform.lines if not line.endswith("/connect")][1:]
    assert len(billed) == sum(each.calls for each in found.values()) == 7
    assert platform.lines.count(f"POST {TOKEN}") == 2  # one of them in nobody's name
    assert platform.bodies(TOKEN)[0] == {}


async def test_the_calls_reach_nobody(platform, look, healthy):
    await look()

    (message,) = platform.bodies(SEND)
    assert message["userIds"] == []
    made = platform.bodies(PUT)[-1]
    assert made["cardTemplateId"] == "own.schema"
    assert not [key for key in made if "pace" in key or "eliver" in key]
    assert {body["outTrackId"] for body in platform.bodies(PUT) + platform.bodies(STREAM)} == {
        made["outTrackId"]
    }


async def test_the_ticket_is_not_shown_at_the_gateway(platform, look, healthy):
    await look()

    assert [(line, query) for line, query, _ in platform.requests if line.endswith("connect")] == [
        ("GET /connect", {})
    ]


async def test_a_standard_card_needs_no_template(platform, look):
    platform.answer(STANDARD, (400, {"code": "cardInstance.notExist", "message": "x"}))

    found = await look(STANDARD_VIEW)

    assert found["cards"].state == "ok"
    assert not {"streaming", "template", "content key"} & found.keys()


async def test_markdown_needs_no_card_at_all(platform, look, healthy):
    assert not {"cards", "streaming", "template", "content key"} & (await look(MARKDOWN)).keys()


# -- the way there


async def test_no_network_is_told_with_its_host_and_the_rest_is_not_tried(look, unused_tcp_port_factory):
    found = await look(endpoint=f"http://127.0.0.1:{unused_tcp_port_factory()}")

    assert "127.0.0.1" in found["network"].found
    assert "firewall" in found["network"].cure
    assert {each.state for name, each in found.items() if name != "network"} == {"not tried"}


async def test_a_host_without_address_is_told(look, monkeypatch):
    async def nowhere(*_args, **_options):
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", nowhere)

    found = await look(endpoint="http://api.example.invalid")

    assert found["network"].found == "cannot find the address of api.example.invalid [network.name]"
    assert "name server" in found["network"].cure


@pytest.mark.parametrize("call_s", [0.5])
async def test_a_platform_that_keeps_silent_is_told(platform, look):
    async def silence(_request):
        await asyncio.sleep(1.0)
        return web.json_response({})

    platform.answer(TOKEN, silence)

    found = (await look())["network"]

    assert (found.state, found.found) == ("failed", "no answer in time [timeout]")


async def test_an_endpoint_that_is_no_address_is_told(look):
    found = (await look(endpoint="nonsense"))["network"]

    assert (found.state, "DINGTALK_OPENAPI_ENDPOINT" in found.cure) == ("failed", True)


@pytest.mark.parametrize("status", [200, 302, 502])
async def test_a_page_of_a_proxy_is_not_taken_for_dingtalk(platform, look, status):
    platform.answer(TOKEN, (status, "<html>please log in</html>"))

    found = (await look())["network"]

    assert (found.state, "proxy" in found.cure) == ("failed", True)


async def test_where_a_proxy_leads_elsewhere_nobody_follows(platform, look):
    async def elsewhere(_request):
        raise web.HTTPFound("/its/own/page")

    platform.answer(TOKEN, elsewhere)

    assert (await look())["network"].state == "failed"
    assert len(platform.requests) == 1


async def test_an_address_that_is_barred_is_told(platform, look):
    platform.answer(TOKEN, (200, {"status": 1111, "wait": 5, "punish": "deny", "uuid": "u"}))

    found = (await look())["network"]

    assert (found.state, "fewer calls" in found.cure) == ("failed", True)


@pytest.mark.parametrize(
    ("offset_s", "state", "words"),
    [(-30, "ok", "right"), (30, "ok", "right"), (-300, "failed", "behind"), (300, "failed", "ahead")],
)
async def test_a_clock_that_is_wrong_is_told(look, healthy, offset_s, state, words):
    found = await look(clock=lambda: time.time() + offset_s)

    assert found["clock"].state == state
    assert words in found["clock"].found
    assert found["credentials"].state == "ok"
    if state == "failed":
        assert int(found["clock"].found.split()[0]) == pytest.approx(300, abs=3)
        assert "NTP" in found["clock"].cure


@pytest.mark.parametrize("date", ["", "yesterday"])
async def test_an_answer_without_date_leaves_the_clock_open(platform, look, healthy, date):
    async def dated(_request):
        return web.json_response({"code": "MissingappKey"}, status=400, headers={"Date": date})

    platform.answer(TOKEN, dated)

    assert (await look())["clock"].state == "warning"


async def test_the_clock_is_compared_with_the_date_of_the_answer(platform, look, healthy):
    async def dated(_request):
        return web.json_response({"code": "x"}, status=400, headers={"Date": formatdate(1000, usegmt=True)})

    platform.answer(TOKEN, dated)

    assert (await look(clock=lambda: 1001.0))["clock"].state == "ok"


async def test_a_gateway_that_cannot_be_reached_is_told(platform, look, healthy, unused_tcp_port_factory):
    port = unused_tcp_port_factory()
    platform.answer(OPEN, (200, {"endpoint": f"ws://127.0.0.1:{port}/connect", "ticket": "secret-ticket"}))

    found = await look()

    assert found["stream mode"].state == "ok"
    assert (found["stream gateway"].state, "firewall" in found["stream gateway"].cure) == ("failed", True)
    assert "secret-ticket" not in repr(found)
    assert found["cards"].state == "ok"


@pytest.mark.parametrize(("lives", "state"), [(True, "ok"), (False, "failed")])
async def test_the_host_of_webhooks_is_tried_where_it_is_known(
    platform, look, healthy, monkeypatch, unused_tcp_port_factory, lives, state
):
    there = platform.url if lives else f"http://127.0.0.1:{unused_tcp_port_factory()}"
    monkeypatch.setattr(doctor, "WEBHOOKS", {platform.url: there})

    found = await look()

    assert list(found)[1] == "webhooks"
    assert found["webhooks"].state == state


async def test_a_password_in_the_endpoint_is_not_shown(platform, look, healthy):
    found = await look(endpoint=platform.url.replace("http://", "http://me:hush@"))

    assert "hush" not in repr(found)
    assert found["network"].state == "ok"


async def test_the_endpoint_may_come_from_the_environment(platform, monkeypatch, healthy):
    monkeypatch.setenv("DINGTALK_OPENAPI_ENDPOINT", platform.url + "/")
    credentials = {"client_id": "dingapp", "client_secret": Secret("s3cret")}
    diagnosis = open_diagnosis("dingtalk-stream", credentials)

    found = [each async for each in run_probes(diagnosis.probes(AI))]
    await diagnosis.close()

    assert "(DINGTALK_OPENAPI_ENDPOINT)" in found[0].found
    assert {each.state for each in found} == {"ok"}


# -- the app


async def test_wrong_credentials_are_one_failure(platform, look):
    platform.answer(
        TOKEN, (400, {"code": "x"}), (400, {"code": "invalidClientIdOrSecret", "message": "s3cret is wrong"})
    )

    # The platform's words are shown: that they hold no secret is for the command to see to.
    diagnosis = DingTalkDiagnosis({"client_id": "a", "client_secret": Secret("b")}, platform.url)
    found = {each.check: each async for each in run_probes(diagnosis.probes(AI))}
    await diagnosis.close()

    assert [name for name, each in found.items() if each.state == "failed"] == ["credentials"]
    assert "credentials page" in found["credentials"].cure
    assert found["template"].found == "needs cards"


async def test_an_app_that_is_not_in_stream_mode_is_told_whatever_the_code(platform, look, healthy):
    platform.answer(OPEN, (400, {"code": "some.new.code", "message": "应用未发布"}))

    found = await look()

    assert "应用未发布" in found["stream mode"].found
    assert "some.new.code" in found["stream mode"].found
    assert "Stream mode" in found["stream mode"].cure
    assert found["cards"].state == "ok"


@pytest.mark.parametrize(
    ("path", "name", "scope", "untried"),
    [
        (PUT, "cards", "Card.Instance.Write", {"template", "content key"}),
        (STREAM, "streaming", "Card.Streaming.Write", {"content key"}),
    ],
)
async def test_a_missing_permission_is_named(platform, look, path, name, scope, untried):
    answers = {PUT: NO_CARD, STREAM: NO_STREAM, SEND: NOBODY, path: denied(scope)}
    for each, answer in answers.items():
        platform.answer(each, answer)

    found = await look()

    assert [key for key, each in found.items() if each.state == "failed"] == [name]
    assert {key for key, each in found.items() if each.state == "not tried"} == untried
    assert scope in found[name].cure


async def test_the_permission_to_send_is_wanted_but_not_needed(platform, look):
    platform.answer(PUT, NO_CARD)
    platform.answer(STREAM, NO_STREAM)
    platform.answer(SEND, denied("qyapi_robot_sendmsg"))

    found = (await look())["sending"]

    assert found.state == "warning"
    assert "qyapi_robot_sendmsg" in found.cure


@pytest.mark.parametrize(("given", "state"), [({"robot_code": "other"}, "failed"), ({}, "warning")])
async def test_a_robot_that_is_not_known_is_told(platform, look, given, state):
    platform.answer(PUT, NO_CARD)
    platform.answer(STREAM, NO_STREAM)
    platform.answer(SEND, NO_ROBOT)

    found = (await look(**given))["sending"]

    assert (found.state, "robot_code" in found.cure) == (state, True)


async def test_the_robot_is_asked_for_by_the_code_in_the_file(platform, look, healthy):
    await look(robot_code="mine")

    assert platform.bodies(SEND)[0]["robotCode"] == "mine"


async def test_an_address_that_may_not_call_is_one_trouble(platform, look):
    barred = (403, {"code": "Forbidden.AccessDenied.IpNotInWhiteList", "message": "x"})
    for path in (PUT, STREAM, SEND):
        platform.answer(path, barred)

    found = await look()

    assert [name for name, each in found.items() if each.cure] == ["sending"]
    assert found["cards"].state == found["streaming"].state == "failed"


async def test_calls_that_the_running_bot_used_up_are_made_again(platform, look):
    platform.answer(PUT, TOO_FAST, NO_CARD)
    platform.answer(STREAM, NO_STREAM)
    platform.answer(SEND, NOBODY)

    began = time.monotonic()
    found = await look()

    assert {each.state for each in found.values()} == {"ok"}
    assert time.monotonic() - began > 0.9


async def test_an_app_that_is_always_too_fast_fails_with_that(platform, look):
    platform.answer(PUT, TOO_FAST, TOO_FAST)
    platform.answer(STREAM, NO_STREAM)
    platform.answer(SEND, NOBODY)

    found = (await look())["cards"]

    assert (found.state, "per second" in found.cause) == ("failed", True)


# -- its cards


async def test_a_template_that_is_not_there_is_told(platform, look, healthy):
    platform.answer(PUT, (400, {"code": "param.templateNotExist", "message": "x"}))

    found = await look()

    assert "card.template_id" in found["template"].cure
    assert found["content key"].state == "not tried"


async def test_a_content_key_that_does_not_stream_is_told(platform, look, healthy):
    platform.answer(STREAM, (500, {"code": "unknownError", "message": "未知错误"}))

    found = await look()

    assert found["streaming"].state == "ok"
    assert (found["content key"].state, "card.content_key" in found["content key"].cure) == ("failed", True)


async def test_a_platform_that_streams_only_into_shown_cards_leaves_the_key_open(platform, look, healthy):
    platform.answer(STREAM, NO_STREAM)

    found = (await look())["content key"]

    assert (found.state, bool(found.cause and found.cure)) == ("warning", True)


async def test_a_platform_in_trouble_fails_but_does_not_end_the_look(platform, look):
    platform.answer(PUT, (503, "<html>busy</html>"))
    platform.answer(STREAM, NO_STREAM)
    platform.answer(SEND, NOBODY)

    found = await look()

    assert found["cards"].state == "failed"
    assert found["streaming"].state == "ok"
