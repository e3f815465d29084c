import asyncio
import traceback

import pytest
from aiohttp import web

from imbot.errors import FatalError, TransientError
from imbot.model import CardRef
from imbot.platforms.dingtalk import http
from imbot.platforms.dingtalk.calls import AI_PUT, AI_STREAM, SEND_GROUP, Call, webhook_markdown
from imbot.platforms.dingtalk.openapi import Credentials, OpenApi
from imbot.platforms.gateway import Priority
from imbot.spec import Secret

TOKEN = "/v1.0/oauth2/accessToken"
PUT = "/v1.0/card/instances"
OPEN = "/v1.0/gateway/connections/open"
REF = CardRef("c")
CALL = Call(AI_PUT, {"outTrackId": "c", "text": "你好 😀"})
BAD_TOKEN = (400, {"code": "InvalidAuthentication", "message": "不合法的access_token"})


def token(text, life_s=7200):
    return 200, {"accessToken": text, "expireIn": life_s}


async def test_a_call_carries_the_token_and_the_body(platform, api):
    await api.send(CALL)

    assert platform.lines == [f"POST {TOKEN}", f"PUT {PUT}"]
    assert platform.bodies(TOKEN) == [{"appKey": "dingapp", "appSecret": "s3cret"}]
    assert platform.bodies(PUT) == [CALL.body]
    assert platform.requests[1][2]["x-acs-dingtalk-access-token"] == "token-1"


async def test_half_a_character_does_not_break_a_call(platform, api):
    await api.send(Call(AI_PUT, {"text": "a\ud83d"}))

    assert platform.bodies(PUT) == [{"text": "a?"}]


async def test_the_token_is_kept(platform, api):
    await api.send(CALL)
    await api.send(CALL)

    assert platform.lines.count(f"POST {TOKEN}") == 1


async def test_calls_that_need_a_token_at_once_share_one(platform, api):
    await asyncio.gather(*(api.send(CALL) for _ in range(5)))

    assert platform.lines.count(f"POST {TOKEN}") == 1
    assert platform.lines.count(f"PUT {PUT}") == 5


async def test_the_token_is_refreshed_before_it_expires(platform, api):
    platform.answer(TOKEN, token("short", life_s=0.1), token("next"))
    await api.send(CALL)
    await asyncio.sleep(0.06)
    await api.send(CALL)

    assert [
        headers["x-acs-dingtalk-access-token"] for line, _, headers in platform.requests if PUT in line
    ] == [
        "short",
        "next",
    ]


async def test_67_a_refused_token_is_refreshed_once_and_the_call_repeated(platform, api):
    await api.send(CALL)
    platform.answer(TOKEN, token("token-2"))
    platform.answer(PUT, BAD_TOKEN)

    await api.send(CALL)

    assert platform.lines == [f"POST {TOKEN}", f"PUT {PUT}", f"PUT {PUT}", f"POST {TOKEN}", f"PUT {PUT}"]
    assert platform.requests[-1][2]["x-acs-dingtalk-access-token"] == "token-2"


async def test_refused_calls_at_once_refresh_the_token_once(platform, api):
    await api.send(CALL)
    platform.answer(TOKEN, token("token-2"))
    platform.answer(PUT, *[BAD_TOKEN] * 3)

    await asyncio.gather(*(api.send(CALL) for _ in range(3)))

    assert platform.lines.count(f"POST {TOKEN}") == 2


async def test_a_token_refused_twice_is_fatal(platform, api):
    platform.answer(PUT, BAD_TOKEN, BAD_TOKEN)

    with pytest.raises(FatalError, match="InvalidAuthentication"):
        await api.send(CALL)


async def test_new_credentials_drop_the_token(platform, api):
    await api.send(CALL)
    api.use_credentials(Credentials("dingapp", Secret("new")))
    await api.send(CALL)

    assert [body["appSecret"] for body in platform.bodies(TOKEN)] == ["s3cret", "new"]


async def test_credentials_that_change_during_a_refresh_leave_no_old_token(platform, api):
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request):
        entered.set()
        await go_on.wait()
        return web.json_response({"accessToken": "old", "expireIn": 7200})

    platform.answer(TOKEN, slow, token("new"))
    first = asyncio.create_task(api.send(CALL))
    await entered.wait()
    api.use_credentials(Credentials("dingapp", Secret("new")))
    go_on.set()
    await first
    await api.send(CALL)

    assert platform.requests[-1][2]["x-acs-dingtalk-access-token"] == "new"


async def test_proving_credentials_changes_nothing(platform, api):
    await api.send(CALL)
    await api.prove(Credentials("dingapp", Secret("other")))
    await api.send(CALL)

    assert platform.bodies(TOKEN)[1] == {"appKey": "dingapp", "appSecret": "other"}
    assert platform.requests[-1][2]["x-acs-dingtalk-access-token"] == "token-1"


async def test_wrong_credentials_are_told_with_the_cure_and_without_the_secret(platform, api):
    platform.answer(
        TOKEN, (400, {"code": "invalidClientIdOrSecret", "message": "无效的clientId或者clientSecret"})
    )

    with pytest.raises(FatalError, match="copy both again") as caught:
        await api.prove(Credentials("dingapp", Secret("wr0ng")))
    assert "wr0ng" not in str(caught.value)


async def test_68_too_many_calls_is_transient_and_slows_this_api_only(platform, api):
    platform.answer(PUT, (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "m"}))
    with pytest.raises(TransientError) as caught:
        await api.send(CALL)
    assert caught.value.retry_after_s == 1.0

    streamed = Call(AI_STREAM, {})
    for call in [CALL, streamed] * 10:  # half of the rate is left
        await api.call(REF, (call.api,), lambda _, call=call: call, Priority.UPDATE)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await api.call(REF, (AI_PUT,), lambda _: CALL, Priority.UPDATE)
    async with asyncio.timeout(0.5):
        await api.call(REF, (AI_STREAM,), lambda _: streamed, Priority.UPDATE)


@pytest.mark.parametrize("call_s", [0.5])
async def test_an_answer_that_does_not_come_is_transient_and_may_have_worked(platform, api):
    async def silence(request):
        await asyncio.sleep(1)
        return web.json_response({})

    platform.answer(PUT, silence)

    with pytest.raises(TransientError) as caught:
        await api.send(CALL)
    assert caught.value.code == "timeout"
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize("call", [Call(SEND_GROUP, {}), CALL])
async def test_a_connection_that_breaks_is_transient_and_may_have_worked(platform, api, call):
    async def cut(request):
        request.transport.close()
        return web.Response()

    platform.answer(call.api.split()[1], cut)

    with pytest.raises(TransientError) as caught:
        await api.send(call)
    assert caught.value.code == "network"
    assert platform.lines.count(call.api) == 1, "nobody repeats it unseen"
    assert caught.value.retry_after_s is None


async def test_no_connection_at_all_is_transient_and_safe_to_repeat(unused_tcp_port_factory, quick):
    api = OpenApi(Credentials("a", Secret("b")), f"http://127.0.0.1:{unused_tcp_port_factory()}", quick)

    with pytest.raises(TransientError, match=r"cannot reach 127\.0\.0\.1") as caught:
        await api.send(CALL)
    assert caught.value.retry_after_s == 1.0
    await api.close()


async def test_an_endpoint_that_is_no_url_is_fatal(quick):
    api = OpenApi(Credentials("a", Secret("b")), "nonsense", quick)

    with pytest.raises(FatalError, match="not a URL"):
        await api.send(CALL)
    await api.close()


async def test_html_instead_of_json_is_transient(platform, api):
    platform.answer(PUT, (502, "<html>bad gateway</html>"))

    with pytest.raises(TransientError, match="502"):
        await api.send(CALL)


async def test_a_redirect_is_not_followed(platform, api):
    async def elsewhere(request):
        raise web.HTTPFound("/elsewhere")

    platform.answer(PUT, elsewhere)

    with pytest.raises(TransientError, match="302"):
        await api.send(CALL)
    assert not platform.bodies("/elsewhere")


async def test_a_webhook_error_never_shows_the_webhook(platform, api):
    platform.answer("/robot/sendBySession", (200, {"errcode": "300001", "errmsg": "session 不存在"}))
    for url in (
        f"{platform.url}/robot/sendBySession?session=s3ss",
        "http://127.0.0.1:1/?session=s3ss",
        "x:/s3ss",
    ):
        with pytest.raises((FatalError, TransientError)) as caught:
            await api.send(webhook_markdown(url, "title", "text"))
        assert "s3ss" not in "".join(traceback.format_exception(caught.value))


async def test_opening_a_connection_subscribes_to_the_topics(platform, api):
    endpoint, ticket = await api.open_connection(["/a", "/b"], "sdk/v1")

    assert endpoint.endswith("/connect")
    assert ticket == "ticket/1 +"
    assert platform.bodies(OPEN) == [
        {
            "clientId": "dingapp",
            "clientSecret": "s3cret",
            "subscriptions": [{"type": "CALLBACK", "topic": "/a"}, {"type": "CALLBACK", "topic": "/b"}],
            "ua": "sdk/v1",
        }
    ]


@pytest.mark.parametrize("answer", [{}, {"endpoint": "ws://x"}, {"endpoint": "", "ticket": "t"}])
async def test_an_incomplete_opening_is_transient(platform, api, answer):
    platform.answer(OPEN, (200, answer))

    with pytest.raises(TransientError, match="without"):
        await api.open_connection(["/a"], "sdk/v1")


@pytest.mark.parametrize(
    ("given", "variable", "expected"),
    [
        ("http://given/", "http://env", "http://given"),
        (None, "http://env", "http://env"),
        (None, None, "https://api.dingtalk.com"),
    ],
)
def test_the_endpoint_is_given_else_in_the_environment_else_the_platform(
    monkeypatch, quick, given, variable, expected
):
    if variable:
        monkeypatch.setenv("DINGTALK_OPENAPI_ENDPOINT", variable)

    assert OpenApi(Credentials("a", Secret("b")), given, quick)._endpoint == expected


async def test_after_closing_no_call_works(platform, api):
    await api.send(CALL)
    await api.close()
    await api.close()

    with pytest.raises(FatalError, match="closed"):
        await api.send(CALL)


async def test_gateways_of_one_loop_share_a_session_until_the_last_is_closed(platform, quick):
    first = OpenApi(Credentials("a", Secret("b")), platform.url, quick)
    second = OpenApi(Credentials("c", Secret("d")), platform.url, quick)
    session = first.session()

    assert second.session() is session
    await first.close()
    assert not session.closed
    await second.close()
    assert session.closed
    assert not http._shared


async def test_a_proxy_that_cannot_be_used_is_named(platform, api, monkeypatch):
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    with pytest.raises(FatalError, match="SOCKS"):
        await api.send(CALL)


@pytest.mark.parametrize("excluded", ["127.0.0.1", "127.0.0.0/8", ""])
async def test_77_a_proxy_in_the_environment_is_used_but_where_excluded(
    platform, api, monkeypatch, unused_tcp_port_factory, excluded
):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_tcp_port_factory()}")
    monkeypatch.setenv("no_proxy", excluded)

    if excluded:
        await api.send(CALL)
    else:
        with pytest.raises(TransientError, match="cannot reach"):
            await api.send(CALL)


def test_credentials_are_read_from_a_file_and_hide_the_secret():
    credentials = Credentials.read({"client_id": "a", "client_secret": Secret("s3cret")})

    assert credentials == Credentials.read({"client_id": "a", "client_secret": "s3cret"})
    assert Credentials.read({"client_id": "a", "client_secret": "x", "robot_code": "r"}).robot_code == "r"
    assert "s3cret" not in repr(credentials)
