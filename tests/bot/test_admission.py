"""Who is answered, and when."""

import asyncio

import pytest
from fakes import message, spec
from hypothesis import given
from hypothesis import strategies as st
from virtual import run_virtual

from imbot.bot.admission import Crowd, Seat, admitted, at_once
from imbot.spec import Access, Commands, Limits


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
    assert {text: at_once(message(text), bot) for text in said} == said
    assert at_once(message(None), bot) == "unsupported"
    assert at_once(message("/help", sender="u2"), bot) == "refused"
    assert at_once(message("123456", sender="boss"), bot) == ""


def test_so_many_of_one_person_and_in_all_begin_at_once():
    crowd = Crowd(limits())
    assert [bool(crowd.seat("a", now=True)) for _ in range(3)] == [True] * 3
    assert crowd.waiting == 1
    crowd.seat("b", now=True)
    crowd.seat("c", now=True)
    assert crowd.waiting == 2


def test_who_does_not_fit_into_the_queue_gets_no_seat():
    crowd = Crowd(limits(per_user=1, per_bot=1, queue=2))
    seats = [crowd.seat(person, now=True) for person in "abcd"]
    assert [bool(seat) for seat in seats] == [True, True, True, False]
    seats[1].leave()
    assert crowd.seat("d", now=True)


def test_one_person_fills_a_quarter_of_the_queue_at_most():
    crowd = Crowd(limits(queue=12))
    assert sum(bool(crowd.seat("a", now=True)) for _ in range(50)) == 2 + 3
    assert crowd.seat("b", now=False)


def test_without_a_queue_nobody_waits():
    crowd = Crowd(limits(per_user=1, queue=0))
    assert crowd.seat("a", now=True)
    assert crowd.seat("a", now=True) is None
    assert crowd.seat("b", now=False) is None


def test_they_begin_in_their_order_but_nobody_waits_for_somebody_elses_limit():
    async def main():
        crowd, began = Crowd(limits(per_user=1, per_bot=2)), []

        async def ask(name):
            seat = crowd.seat(name[0], now=True)
            await seat.taken()
            began.append(name)
            await asyncio.sleep(10 if name == "a1" else 1)
            seat.leave()

        await asyncio.gather(*map(ask, ["a1", "a2", "b1", "b2", "c1"]))
        return began, crowd

    began, crowd = run_virtual(main())
    assert began == ["a1", "b1", "b2", "c1", "a2"]
    assert (crowd.waiting, crowd._line, crowd._answered, crowd._kept) == (0, [], {}, {})


def test_a_seat_that_waits_for_something_else_holds_nobody_up():
    async def main():
        crowd = Crowd(limits(per_user=1, per_bot=1))
        first, second, third = (crowd.seat(person, now=True) for person in "abc")
        await first.taken()
        first.leave()  # the second has not lined up: its conversation is not free
        await third.taken()
        third.leave()
        await second.taken()
        return crowd.waiting

    assert run_virtual(main()) == 0


def test_raised_limits_let_people_in_and_lowered_ones_send_nobody_away():
    async def main():
        crowd = Crowd(limits(per_user=1, per_bot=1))
        seats = [crowd.seat(person, now=True) for person in "abc"]
        waiting = [asyncio.create_task(seat.taken()) for seat in seats]
        await asyncio.sleep(0)
        crowd.use(limits(per_bot=3))
        await asyncio.gather(*waiting)
        crowd.use(limits(per_bot=1))
        for seat in seats[:2]:
            seat.leave()
        late = crowd.seat("d", now=True)
        return crowd.waiting, late

    waiting, late = run_virtual(main())
    assert waiting == 1
    assert late


def test_a_seat_outside_the_crowd_never_waits():
    async def main():
        seat = Seat()
        await seat.taken()
        seat.leave()

    run_virtual(main())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 9)), max_size=60))
def test_whatever_happens_the_limits_hold_and_all_is_forgotten(steps):
    """Each step asks, leaves at random, and counts; at the end everybody leaves."""

    async def main():
        crowd, seats = Crowd(limits(per_user=2, per_bot=3, queue=20)), []
        for person, now, leaver in steps:
            if seat := crowd.seat(person, now=now):
                seats.append(seat)
                crowd.line_up(seat)
            if leaver < len(seats):
                seats.pop(leaver).leave()
            assert len(crowd._seated) <= 3
            assert max(crowd._answered.values(), default=0) <= 2
            assert crowd.waiting <= 20
            assert crowd.waiting + len(crowd._seated) == len(seats)
        for seat in seats:
            seat.leave()
            seat.leave()
        assert (crowd._seated, crowd._waiting, crowd._line) == (set(), set(), [])
        assert (crowd._answered, crowd._kept) == ({}, {})

    run_virtual(main())
