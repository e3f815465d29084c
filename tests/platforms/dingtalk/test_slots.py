import asyncio

import pytest
from virtual import run_virtual

from imbot.errors import TakenOverError
from imbot.platforms.dingtalk.calls import Call
from imbot.platforms.dingtalk.slots import in_turn
from imbot.platforms.gateway import Priority
from imbot.usage.rate_limit import RateLimiter

CALL = Call("text", {})


def called(going, *, calls=1):
    """What happened, and when, to calls of an API that takes one a second."""
    told = []

    async def send(_):
        told.append(("sent", round(asyncio.get_running_loop().time())))

    async def about_to():
        told.append(("going", round(asyncio.get_running_loop().time())))
        await going()

    async def main():
        limiter = RateLimiter(1)
        waiting = (
            in_turn(limiter, ("text",), lambda _: CALL, send, Priority.END, 0.0, about_to)
            for _ in range(calls)
        )
        return await asyncio.gather(*waiting, return_exceptions=True)

    return run_virtual(main()), told


async def nothing():
    pass


async def taken_over():
    raise TakenOverError("by another process")


def test_a_call_is_said_to_go_when_it_may_and_not_while_it_waits():
    _, told = called(nothing, calls=2)

    (first, began), (sent, _), (second, later), _ = told
    assert (first, sent, second) == ("going", "sent", "going")
    assert later > began


@pytest.mark.parametrize("calls", [1, 3])
def test_a_call_that_is_called_off_is_not_made_and_costs_nothing(calls):
    came_of_it, told = called(taken_over, calls=calls)

    assert [type(each) for each in came_of_it] == [TakenOverError] * calls
    assert told == [("going", told[0][1])] * calls


def test_calls_that_wait_go_by_their_priority_and_then_by_how_long_their_card_has_waited():
    made = []

    async def call(limiter, name, priority, since):
        async def send(_):
            made.append(name)

        await in_turn(limiter, ("text",), lambda _: CALL, send, priority, since, None)

    async def main():
        limiter = RateLimiter(1)
        await call(limiter, "before", Priority.UPDATE, 0.0)
        await asyncio.gather(
            call(limiter, "fresh", Priority.UPDATE, 9.0),
            call(limiter, "stale", Priority.UPDATE, 1.0),
            call(limiter, "end", Priority.END, 9.0),
        )

    run_virtual(main())
    assert made == ["before", "end", "stale", "fresh"]
