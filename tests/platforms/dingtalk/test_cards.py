import asyncio
import json
from dataclasses import replace

import pytest
from fakes import going
from virtual import run_virtual

from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase, CardRef, CardView
from imbot.platforms.dingtalk import calls, texts
from imbot.platforms.dingtalk.cards import Cards
from imbot.platforms.dingtalk.kinds.standard import StandardKind
from imbot.usage.rate_limit import RateLimiter

CREATE = calls.AI_CREATE.partition(" ")[2]
PUT = calls.AI_PUT.partition(" ")[2]
STREAM = calls.AI_STREAM.partition(" ")[2]
STANDARD_PUT = calls.STANDARD_PUT.partition(" ")[2]
REF = CardRef("c1", {"robot_code": "bot", "conversation_id": "cid", "kind": "group", "staff_id": "u1"})
GONE = (400, {"code": "param.cardNotExist", "message": "param.cardNotExist"})
BUSY = (500, {"code": "system.busy"})
UNKNOWN = (500, {"code": "unknownError", "message": "未知错误"})


def built_in(phase, status, content, **more):
    data = {"flowStatus": status, "msgContent": content, **more}
    return CardView(
        "ai", phase, data, "T", content, {"template_id": calls.BUILT_IN_TEMPLATE, "content_key": "msgContent"}
    )


def own(phase, content, **more):
    return CardView(
        "ai",
        phase,
        {"body": content, **more},
        "T",
        content,
        {"template_id": "own.schema", "content_key": "body"},
    )


def standard(phase, text):
    return CardView("standard", phase, {"contents": [{"text": text}]}, "T", text, StandardKind.native)


def after_creation(platform):
    return [
        (line, body) for line, body, _ in platform.requests if line.split()[1] in (PUT, STREAM, STANDARD_PUT)
    ]


def params(body):
    """The variables of a call, without the line in the list of chats."""
    return {key: value for key, value in body["cardData"]["cardParamMap"].items() if key != LINE}


LINE = "sys_lastMessageI18n"


@pytest.fixture
def cards(api):
    return Cards(api)


async def test_each_update_is_one_call_the_cheapest_that_does_it(platform, cards):
    views = [
        built_in(CardPhase.STREAMING, "2", "He", msgTitle="q"),
        built_in(CardPhase.STREAMING, "2", "Hell", msgTitle="q"),
        built_in(CardPhase.STREAMING, "2", "Hello", msgTitle="q?"),
        built_in(CardPhase.STREAMING, "2", "Hello", msgTitle="q?"),
    ]
    await cards.create(REF, lambda: built_in(CardPhase.THINKING, "1", "", msgTitle="q"))
    shown = [await cards.update(REF, lambda view=view: view) for view in views]

    assert shown == views
    (first, status), (second, stream), (third, both) = after_creation(platform)
    assert (first, params(status)) == (calls.AI_PUT, {"flowStatus": "2", "msgContent": "He"})
    assert (second, stream["key"], stream["content"]) == (calls.AI_STREAM, "msgContent", "Hell")
    assert (third, params(both)) == (calls.AI_PUT, {"msgContent": "Hello", "msgTitle": "q?"})


@pytest.mark.parametrize(
    ("answer", "line"),
    [("## **Hello**\nworld", "Hello"), ("", "Title")],
)
async def test_the_end_of_a_card_sets_the_line_in_the_list_of_chats(platform, cards, answer, line):
    await cards.create(REF, lambda: built_in(CardPhase.THINKING, "1", ""))
    await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "2", "He"))
    await cards.finish(REF, replace(built_in(CardPhase.FINAL, "3", answer), text=answer, title="Title"))

    *before, (_, end) = after_creation(platform)
    assert json.loads(end["cardData"]["cardParamMap"][LINE]) == {"zh_CN": line, "en_US": line}
    assert not any(LINE in str(body) for _, body in before)


async def test_the_built_in_template_ends_by_one_update(platform, cards):
    await cards.create(REF, lambda: built_in(CardPhase.THINKING, "1", "", msgTitle="q"))
    await cards.finish(REF, built_in(CardPhase.FINAL, "3", "Hello", msgTitle="q"))

    [(line, body)] = after_creation(platform)
    assert (line, params(body)) == (calls.AI_PUT, {"flowStatus": "3", "msgContent": "Hello"})


async def test_a_built_in_card_created_final_needs_no_end(platform, cards):
    view = built_in(CardPhase.FINAL, "3", "Hello")
    await cards.create(REF, lambda: view)
    await cards.finish(REF, view)

    assert after_creation(platform) == []


async def test_an_own_template_ends_by_streaming_after_the_other_keys(platform, cards):
    await cards.create(REF, lambda: own(CardPhase.THINKING, "", state="…"))
    await cards.update(REF, lambda: own(CardPhase.STREAMING, "He", state="…"))
    await cards.finish(REF, own(CardPhase.FINAL, "Hello", state="done"))

    (_, streamed), (put, others), (stream, end) = after_creation(platform)
    assert (streamed["content"], streamed["isFinalize"]) == ("He", False)
    assert (put, params(others)) == (calls.AI_PUT, {"state": "done"})
    assert (stream, end["content"], end["isFinalize"], end["isError"]) == (
        calls.AI_STREAM,
        "Hello",
        True,
        False,
    )


async def test_an_own_template_without_other_changes_ends_by_one_call(platform, cards):
    await cards.create(REF, lambda: own(CardPhase.FINAL, "Hello"))
    await cards.finish(REF, own(CardPhase.FINAL, "Hello"))

    [(line, end)] = after_creation(platform)
    assert (line, end["isFinalize"]) == (calls.AI_STREAM, True)


async def test_an_error_ends_an_own_template_as_failed(platform, cards):
    await cards.create(REF, lambda: own(CardPhase.THINKING, ""))
    await cards.finish(REF, own(CardPhase.ERROR, "sorry"))

    [(_, end)] = after_creation(platform)
    assert (end["content"], end["isFinalize"], end["isError"]) == ("sorry", False, True)


async def test_a_template_without_failed_state_is_ended_as_finished(platform, cards):
    platform.answer(STREAM, UNKNOWN)
    await cards.create(REF, lambda: own(CardPhase.THINKING, ""))
    await cards.finish(REF, own(CardPhase.ERROR, "sorry"))

    (_, failed), (_, end) = after_creation(platform)
    assert failed["isError"]
    assert (end["content"], end["isFinalize"], end["isError"]) == ("sorry", True, False)


async def test_71_a_card_from_before_a_restart_is_finished_with_all_its_keys(platform, cards):
    await cards.finish(REF, built_in(CardPhase.STOPPED, "3", "Hel", msgTitle="q"))
    await cards.finish(REF, own(CardPhase.STOPPED, "Hel", state="stopped"))

    (_, first), (_, second), (_, end) = after_creation(platform)
    assert params(first) == {"flowStatus": "3", "msgContent": "Hel", "msgTitle": "q"}
    assert params(second) == {"state": "stopped"}
    assert (end["content"], end["isFinalize"]) == ("Hel", True)


async def test_a_card_that_is_gone_is_fatal_and_not_tried_twice(platform, cards):
    platform.answer(STREAM, GONE)

    with pytest.raises(FatalError, match="cardNotExist"):
        await cards.finish(REF, own(CardPhase.ERROR, "sorry"))
    assert len(after_creation(platform)) == 1


async def test_70_an_end_that_failed_can_be_repeated(platform, cards):
    await cards.create(REF, lambda: own(CardPhase.THINKING, "", state="…"))
    platform.answer(STREAM, BUSY)
    view = own(CardPhase.FINAL, "Hello", state="done")

    with pytest.raises(TransientError):
        await cards.finish(REF, view)
    await cards.finish(REF, view)

    assert after_creation(platform)[-1][1]["isFinalize"]
    assert not cards._shown


async def test_an_update_that_failed_is_in_the_next_one(platform, cards):
    await cards.create(REF, lambda: built_in(CardPhase.THINKING, "1", "", msgTitle="q"))
    platform.answer(PUT, BUSY)
    with pytest.raises(TransientError):
        await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "2", "He", msgTitle="q"))
    await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "1", "Hell", msgTitle="q"))

    # The failed call may have come through, so what it said is said again, even back to the old value.
    assert params(after_creation(platform)[-1][1]) == {"flowStatus": "1", "msgContent": "Hell"}


async def test_a_card_that_exists_already_counts_as_made(platform, cards):
    platform.answer(CREATE, (400, {"code": "param.cardAlreadyExist"}))
    view = built_in(CardPhase.FINAL, "3", "Hello")

    assert await cards.create(REF, lambda: view) == view
    await cards.finish(REF, view)

    [(_, body)] = after_creation(platform)
    assert params(body) == view.data


async def test_a_creation_repeated_in_doubt_sends_everything_afterwards(platform, cards):
    platform.answer(CREATE, BUSY)
    view = built_in(CardPhase.FINAL, "3", "Hello")
    with pytest.raises(TransientError):
        await cards.create(REF, lambda: view)
    await cards.create(REF, lambda: view)
    await cards.finish(REF, view)

    assert params(after_creation(platform)[0][1]) == view.data


async def test_a_creation_that_was_refused_for_now_leaves_no_doubt(platform, cards):
    platform.answer(CREATE, (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}))
    view = built_in(CardPhase.FINAL, "3", "Hello")
    with pytest.raises(TransientError):
        await cards.create(REF, lambda: view)
    assert not cards._shown
    await cards.create(REF, lambda: view)
    await cards.finish(REF, view)

    assert after_creation(platform) == []


async def test_a_card_that_cannot_be_delivered_is_fatal(platform, cards):
    platform.answer(
        CREATE,
        (200, {"success": True, "result": {"deliverResults": [{"success": False, "errorMsg": "no robot"}]}}),
    )

    with pytest.raises(FatalError, match="no robot"):
        await cards.create(REF, lambda: own(CardPhase.THINKING, ""))
    assert not cards._shown


async def test_the_newest_view_is_asked_for_when_the_call_may_go(platform, api, cards):
    api.limiter.set_rate(1)
    newest = []

    def latest():
        newest.append(len(platform.requests))
        return built_in(CardPhase.THINKING, "1", "")

    await cards.create(REF, latest)
    waiting = asyncio.create_task(cards.create(replace(REF, id="c2"), latest))
    await asyncio.sleep(0.05)
    assert newest == [0], "asked for while it waited"
    api.limiter.set_rate(20)
    await waiting

    assert newest == [0, 2]


class OneLine:
    """One call a second, of whatever API; remembers which card each was about."""

    def __init__(self):
        self.limiter = RateLimiter(1)
        self.made = []

    async def call(self, about, apis, make, priority, since=0.0, going=None):
        async with self.limiter.slot("any", priority=priority, since=since) as slot:
            slot.used = bool(make(apis[0]))
            self.made.append(about.id)


def test_ends_go_before_new_cards_before_updates_of_which_the_stalest_goes_first():
    async def main():
        line = OneLine()
        cards = Cards(line)

        def ref(name):
            return replace(REF, id=name)

        for name in ("fresh", "stale", "ending"):
            await cards.create(ref(name), lambda: own(CardPhase.THINKING, "", state="…"))
        await cards.update(ref("fresh"), lambda: own(CardPhase.STREAMING, "He", state="…"))
        del line.made[:]
        await asyncio.gather(
            cards.update(ref("fresh"), lambda: own(CardPhase.STREAMING, "Hell", state="…")),
            cards.update(ref("stale"), lambda: own(CardPhase.STREAMING, "He", state="…")),
            cards.create(ref("new"), lambda: own(CardPhase.THINKING, "", state="…")),
            cards.finish(ref("ending"), own(CardPhase.FINAL, "Hello", state="done")),
            texts.send(line, ref("said"), "T", "text", going),
        )
        return line.made

    assert run_virtual(main()) == ["said", "ending", "ending", "new", "stale", "fresh"]


async def test_a_standard_card_is_sent_and_replaced_whole(platform, cards):
    await cards.create(REF, lambda: standard(CardPhase.THINKING, "…"))
    await cards.update(REF, lambda: standard(CardPhase.STREAMING, "He"))
    await cards.update(REF, lambda: standard(CardPhase.STREAMING, "He"))
    await cards.finish(REF, standard(CardPhase.FINAL, "Hello"))

    assert calls.STANDARD_CREATE in platform.lines
    texts = [body["cardData"] for _, body in after_creation(platform)]
    assert texts == ['{"contents": [{"text": "He"}]}', '{"contents": [{"text": "Hello"}]}']


async def test_a_card_created_with_words_on_it_streams_without_waiting_for_ends(platform, api, cards):
    await cards.create(REF, lambda: built_in(CardPhase.STREAMING, "2", "He"))
    async with api.limiter.slot(calls.AI_PUT) as others:
        api.limiter.set_rate(1)  # the one call a second of that API is out
        others.used = True
        async with asyncio.timeout(10):
            await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "2", "Hell"))

    [(line, body)] = after_creation(platform)
    assert (line, body["content"]) == (calls.AI_STREAM, "Hell")


async def test_an_update_that_turns_out_to_be_of_another_kind_waits_for_that_one_and_is_the_newest(
    platform, api, cards
):
    newest = [built_in(CardPhase.STREAMING, "2", "Hello", msgTitle="q")]
    await cards.create(REF, lambda: built_in(CardPhase.STREAMING, "2", "He", msgTitle=""))
    api.limiter.set_rate(1)
    async with api.limiter.slot(calls.AI_PUT) as others:
        others.used = True
        waiting = asyncio.create_task(cards.update(REF, lambda: newest[-1]))
        await asyncio.sleep(0.01)
        newest.append(built_in(CardPhase.STREAMING, "2", "Hello!", msgTitle="q"))
    api.limiter.set_rate(20)
    await waiting
    async with asyncio.timeout(10):  # the slot that was not used is free for the next
        await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "2", "Hello! Hi", msgTitle="q"))

    (put, both), (stream, _) = after_creation(platform)
    assert (put, params(both)) == (calls.AI_PUT, {"msgContent": "Hello!", "msgTitle": "q"})
    assert stream == calls.AI_STREAM


async def test_an_update_that_broke_off_is_shown_by_the_next(platform, cards):
    await cards.create(REF, lambda: built_in(CardPhase.STREAMING, "2", "He"))
    platform.answer(STREAM, BUSY)
    with pytest.raises(TransientError):
        await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "2", "Hell"))
    await cards.update(REF, lambda: built_in(CardPhase.STREAMING, "2", "Hell"))

    assert [body["content"] for _, body in after_creation(platform)] == ["Hell", "Hell"]


@pytest.mark.parametrize(("view", "line"), [(built_in, calls.AI_PUT), (own, None)])
async def test_the_public_template_streams_by_either_api_and_an_own_one_by_streaming_alone(
    platform, api, cards, view, line
):
    states = ("2",) if view is built_in else ()
    await cards.create(REF, lambda: view(CardPhase.STREAMING, *states, "He"))
    async with api.limiter.slot(calls.AI_STREAM) as others:
        api.limiter.set_rate(1)
        others.used = True
        updating = asyncio.create_task(cards.update(REF, lambda: view(CardPhase.STREAMING, *states, "Hell")))
        await asyncio.wait([updating], timeout=0.3)
        made = [line for line, _ in after_creation(platform)]
        api.limiter.set_rate(20)
    await updating

    assert made == ([line] if line else [])
