import asyncio
import time
from dataclasses import asdict

import pytest
from fakes import going

from imbot.errors import FatalError, TransientError
from imbot.model import CardRef
from imbot.platforms.dingtalk import calls, texts
from imbot.platforms.dingtalk.wire import Address

WEBHOOK = "/robot/sendBySession"
SINGLE = calls.SEND_SINGLE.partition(" ")[2]
GROUP = calls.SEND_GROUP.partition(" ")[2]
EXPIRED = (200, {"errcode": 300001, "errmsg": "session 不存在"})
TOO_FAST = (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"})


def address(platform, *, kind="single", staff_id="u1", webhook=True, left_s=600):
    url = f"{platform.url}{WEBHOOK}?session=s" if webhook else ""
    return CardRef("c1", asdict(Address("bot", "cid", kind, staff_id, url, time.time() + left_s)))


async def test_a_text_goes_by_the_webhook(platform, api):
    await texts.send(api, address(platform), "Title", "Hello", going)

    assert platform.requests[0][:2] == (
        f"POST {WEBHOOK}",
        {"msgtype": "markdown", "markdown": {"title": "Title", "text": "Hello"}},
    )
    assert len(platform.requests) == 1


async def test_a_text_without_title_begins_with_itself(platform, api):
    await texts.send(api, address(platform), "", "Hello", going)

    assert platform.bodies(WEBHOOK)[0]["markdown"]["title"] == "Hello"


@pytest.mark.parametrize(("kind", "path"), [("single", SINGLE), ("group", GROUP)])
@pytest.mark.parametrize("why", ["expired", "none"])
async def test_without_a_live_webhook_the_robot_says_it(platform, api, kind, path, why):
    to = address(platform, kind=kind, left_s=5 if why == "expired" else 600, webhook=why != "none")

    await texts.send(api, to, "Title", "Hello", going)

    assert not platform.bodies(WEBHOOK)
    [body] = platform.bodies(path)
    assert body["msgKey"] == "sampleMarkdown"


async def test_66_a_webhook_that_has_gone_is_replaced_by_the_robot(platform, api):
    platform.answer(WEBHOOK, EXPIRED)

    await texts.send(api, address(platform), "Title", "Hello", going)

    assert len(platform.bodies(WEBHOOK)) == 1
    assert len(platform.bodies(SINGLE)) == 1


async def test_74_without_a_staff_id_the_webhook_is_the_only_way(platform, api):
    await texts.send(api, address(platform, staff_id=""), "Title", "Hello", going)
    assert len(platform.bodies(WEBHOOK)) == 1

    with pytest.raises(FatalError, match="staff id"):
        await texts.send(api, address(platform, staff_id="", left_s=0), "Title", "Hello", going)


async def test_other_webhook_errors_are_told(platform, api):
    platform.answer(WEBHOOK, (200, {"errcode": 430101, "errmsg": "no"}))

    with pytest.raises(FatalError, match="policy"):
        await texts.send(api, address(platform), "Title", "Hello", going)
    assert not platform.bodies(SINGLE)


async def test_72_a_long_text_is_sent_in_parts_in_order(platform, api):
    paragraphs = [f"段落 {n} " + "字" * 300 for n in range(60)]

    await texts.send(api, address(platform), "Title", "\n\n".join(paragraphs), going)

    parts = [body["markdown"]["text"] for body in platform.bodies(WEBHOOK)]
    assert len(parts) > 1
    assert "\n\n".join(parts) == "\n\n".join(paragraphs)
    assert all(int(headers["Content-Length"]) < 20_000 for _, _, headers in platform.requests)


async def test_the_rest_of_a_long_text_goes_on_after_the_webhook_has_gone(platform, api):
    platform.answer(WEBHOOK, (200, {"errcode": 0}), EXPIRED)

    await texts.send(api, address(platform), "Title", "x" * 20_000, going)

    [body] = platform.bodies(SINGLE)
    assert len(body["msgParam"].encode()) < 15_000


async def test_a_refused_first_part_is_the_callers_to_repeat(platform, api):
    platform.answer(WEBHOOK, TOO_FAST)

    with pytest.raises(TransientError) as caught:
        await texts.send(api, address(platform), "Title", "Hello", going)
    assert caught.value.retry_after_s == 1.0


async def test_a_refused_later_part_is_repeated_here(platform, api, monkeypatch):
    waits = []

    async def no_wait(seconds):
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", no_wait)
    platform.answer(WEBHOOK, (200, {"errcode": 0}), (200, {"errcode": 90018}), (200, {"errcode": 90018}))

    await texts.send(api, address(platform), "Title", "x" * 20_000, going)

    assert waits == [1.0, 1.0]
    sent = platform.bodies(WEBHOOK)
    assert len(sent) == 4
    assert "".join([sent[0]["markdown"]["text"], sent[3]["markdown"]["text"]]) == "x" * 20_000


async def test_a_later_part_that_may_have_arrived_is_not_repeated(platform, api):
    platform.answer(WEBHOOK, (200, {"errcode": 0}), (502, None))

    with pytest.raises(TransientError) as caught:
        await texts.send(api, address(platform), "Title", "x" * 20_000, going)
    assert caught.value.retry_after_s is None
    assert len(platform.bodies(WEBHOOK)) == 2


async def test_a_later_part_that_never_gets_through_is_fatal(platform, api, monkeypatch):
    async def no_wait(_):
        pass

    monkeypatch.setattr(asyncio, "sleep", no_wait)
    platform.answer(WEBHOOK, (200, {"errcode": 0}), *[(200, {"errcode": 90018})] * texts.PART_TRIES)

    with pytest.raises(FatalError, match="rest"):
        await texts.send(api, address(platform), "Title", "x" * 20_000, going)
