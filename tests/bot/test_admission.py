"""Who is answered, and when."""

import asyncio
from dataclasses import replace

import pytest
from fakes import message, spec
from hypothesis import given
from hypothesis import strategies as st
from virtual import run_virtual

from imbot.bot.admission import ConcurrencyLimit, Permit, admitted, immediate_reply
from imbot.bot.commands import command_of
from imbot.spec import Access, Commands, Limits
from imbot.text.quotes import as_quote, with_quote


def limits(per_user=2, per_bot=3, queue=20):
    return Limits(per_user, per_bot, queue, 20_000, 50_000)


@pytest.mark.parametrize(
    ("access", "in_group", "alone"),
    [
        (Access(), True, True),
        (Access(users=("u1",)), True, True),
        (Access(users=("u2",)), False, False),
        (Access(groups=("c1",)), True, False),
        (Access(groups=("c2",)), False, False),
        (Access(users=("u2",), groups=("c1",)), True, False),
        (Access(users=("u2",), admins=("u1",)), True, True),
        (Access(admins=("u2",)), True, True),
    ],
)
def test_people_and_groups_that_may(access, in_group, alone):
    assert admitted(message(kind="group"), access) is in_group
    assert admitted(message(), access) is alone


def test_what_is_answered_without_the_agent():
    bot = spec(
        commands=Commands(("/new",), ("/stop",), ("/help",)),
        limits=Limits(1, 1, 1, 5, 1000),
        access=Access(users=("u1",), admins=("boss",)),
    )
    said = {"/new": "new", " /STOP ": "stop", "": "help", "123456": "too_long", "12345": ""}
    assert {text: immediate_reply(message(text), bot) for text in said} == said
    assert immediate_reply(message(None), bot) == "unsupported"
    assert immediate_reply(message("/help", sender="u2"), bot) == "refused"
    assert immediate_reply(message("123456", sender="boss"), bot) == ""


def quoting(text, words):
    quote = as_quote(words)
    return replace(message(with_quote(text, quote)), quote=quote)


def test_what_a_message_quotes_is_no_command_and_does_not_count_for_its_length():
    bot = spec(commands=Commands(("/new",), ("/stop", "停止"), ("/help",)), limits=Limits(1, 1, 1, 5, 1000))

    assert immediate_reply(quoting("停止", "一个回答"), bot) == "stop"
    assert immediate_reply(quoting("/NEW ", "long " * 10), bot) == "new"
    assert immediate_reply(quoting("why?", "long " * 10), bot) == ""
    assert immediate_reply(quoting("", "/new"), bot) == ""
    assert immediate_reply(quoting("too long", "x"), bot) == "too_long"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("@Helper /new", "new"),
        ("@Helper 停止", "stop"),
        ("@Helper\u2005@Han /new", "new"),
        ("@Helper", ""),
        ("@Helper/new", ""),
        ("mail me@x /new", ""),
    ],
)
def test_a_command_may_stand_behind_mentions(text, command):
    assert command_of(text, Commands(("/new",), ("/stop", "停止"), ("/help",))) == command


def test_so_many_of_one_person_and_in_all_begin_at_once():
    limit = ConcurrencyLimit(limits())
    assert [bool(limit.request("a", now=True)) for _ in range(3)] == [True] * 3
    assert limit.waiting == 1
    limit.request("b", now=True)
    limit.request("c", now=True)
    assert limit.waiting == 2


def test_who_does_not_fit_into_the_queue_gets_no_permit():
    limit = ConcurrencyLimit(limits(per_user=1, per_bot=1, queue=2))
    permits = [limit.request(person, now=True) for person in "abcd"]
    assert [bool(permit) for permit in permits] == [True, True, True, False]
    permits[1].release()
    assert limit.request("d", now=True)


def test_one_person_fills_a_quarter_of_the_queue_at_most():
    limit = ConcurrencyLimit(limits(queue=12))
    assert sum(bool(limit.request("a", now=True)) for _ in range(50)) == 2 + 3
    assert limit.request("b", now=False)


def test_without_a_queue_nobody_waits():
    limit = ConcurrencyLimit(limits(per_user=1, queue=0))
    assert limit.request("a", now=True)
    assert limit.request("a", now=True) is None
    assert limit.request("b", now=False) is None


def test_they_begin_in_their_order_but_nobody_waits_for_somebody_elses_limit():
    async def main():
        limit, began = ConcurrencyLimit(limits(per_user=1, per_bot=2)), []

        async def ask(name):
            permit = limit.request(name[0], now=True)
            await permit.acquired()
            began.append(name)
            await asyncio.sleep(10 if name == "a1" else 1)
            permit.release()

        await asyncio.gather(*map(ask, ["a1", "a2", "b1", "b2", "c1"]))
        return began, limit

    began, limit = run_virtual(main())
    assert began == ["a1", "b1", "b2", "c1", "a2"]
    assert (limit.waiting, limit._queue, limit._active_of, limit._waiting_of) == (0, [], {}, {})


def test_a_permit_that_waits_for_something_else_holds_nobody_up():
    async def main():
        limit = ConcurrencyLimit(limits(per_user=1, per_bot=1))
        first, second, third = (limit.request(person, now=True) for person in "abc")
        await first.acquired()
        first.release()  # the second has not been enqueued: its conversation is not free
        await third.acquired()
        third.release()
        await second.acquired()
        return limit.waiting

    assert run_virtual(main()) == 0


def test_raised_limits_let_people_in_and_lowered_ones_send_nobody_away():
    async def main():
        limit = ConcurrencyLimit(limits(per_user=1, per_bot=1))
        permits = [limit.request(person, now=True) for person in "abc"]
        waiting = [asyncio.create_task(permit.acquired()) for permit in permits]
        await asyncio.sleep(0)
        limit.set_limits(limits(per_bot=3))
        await asyncio.gather(*waiting)
        limit.set_limits(limits(per_bot=1))
        for permit in permits[:2]:
            permit.release()
        late = limit.request("d", now=True)
        return limit.waiting, late

    waiting, late = run_virtual(main())
    assert waiting == 1
    assert late


def test_a_permit_outside_the_limit_never_waits():
    async def main():
        permit = Permit()
        await permit.acquired()
        permit.release()

    run_virtual(main())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=60))
def test_whatever_happens_the_limits_hold_and_all_is_forgotten(steps):
    """Each step asks, leaves at random, and counts; at the end everybody leaves."""

    async def main():
        limit, permits = ConcurrencyLimit(limits(per_user=2, per_bot=3, queue=20)), []
        for person, now, leaver in steps:
            if permit := limit.request(person, now=now):
                permits.append(permit)
                limit.enqueue(permit)
            if leaver < len(permits):
                permits.pop(leaver).release()
            assert len(limit._active) <= 3
            assert max(limit._active_of.values(), default=0) <= 2
            assert limit.waiting <= 20
            assert limit.waiting + len(limit._active) == len(permits)
        for permit in permits:
            permit.release()
            permit.release()
        assert (limit._active, limit._waiting, limit._queue) == (set(), set(), [])
        assert (limit._active_of, limit._waiting_of) == ({}, {})

    run_virtual(main())
