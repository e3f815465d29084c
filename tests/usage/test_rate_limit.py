import asyncio
import random
import time

import pytest
from virtual import run_virtual

from imbot.usage import rate_limit as quota_module
from imbot.usage.rate_limit import RateLimiter, unknown_s


async def call(limiter, api="a", priority=2, since=0.0, took_s=0.0):
    """Make a call as soon as it may go out; when that was."""
    async with limiter.slot(api, priority=priority, since=since) as slot:
        slot.used = True
        went = asyncio.get_running_loop().time()
        if took_s:
            await asyncio.sleep(took_s)
    return went


def test_invariant_11_a_quota_lives_on_the_clock_it_is_given(monkeypatch):
    for clock in ("time", "monotonic", "perf_counter", "sleep"):
        monkeypatch.setattr(time, clock, lambda *_: pytest.fail("the quota read the real clock"))
    clock = [1e9]

    async def main():
        limiter = RateLimiter(per_second=1, clock=lambda: clock[0])
        await call(limiter, "api")
        second = asyncio.ensure_future(call(limiter, "api"))
        await asyncio.sleep(0)
        early = second.done()
        clock[0] += 3600
        third = asyncio.ensure_future(call(limiter, "api"))  # who comes looks at the clock
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        states = early, second.done(), third.done()
        third.cancel()
        return states

    assert run_virtual(main()) == (False, True, False)


def taken(calls, per_second=20, *, refuse_at=(), took_s=0.0):
    """When each of ``calls`` (api, priority, since, start) may go, in the order they go."""

    async def main():
        loop = asyncio.get_running_loop()
        limiter = RateLimiter(per_second)
        went = []

        async def one(wish):
            api, priority, since, start = wish
            await asyncio.sleep(start)
            went.append((await call(limiter, api, priority, since, took_s), wish))

        async with asyncio.TaskGroup() as group:
            for wish in calls:
                group.create_task(one(wish))
            for at in refuse_at:
                loop.call_at(at, limiter.note_refusal, "a")
        return sorted(went, key=lambda each: each[0])

    return run_virtual(main())


def busiest_second(times, window_s=1.0):
    return max(sum(1 for t in times if start <= t < start + window_s) for start in times)


def test_a_quiet_app_calls_at_once():
    assert [at for at, _ in taken([("a", 2, 0.0, 0.0)] * 20)] == [0.0] * 20


@pytest.mark.parametrize("start", [0.0, 0.013, 0.05])
def test_no_second_holds_more_calls_than_allowed(start):
    times = [at for at, _ in taken([("a", 2, 0.0, n * start) for n in range(200)])]
    assert len(times) == 200
    assert busiest_second(times) <= 20


@pytest.mark.parametrize(("there_s", "back_s"), [(0.0, 0.4), (0.3, 0.0), (0.02, 0.1), (0.0, 3.0)])
@pytest.mark.parametrize("seed", range(3))
def test_no_second_at_the_platform_holds_more_calls_however_the_road_varies(there_s, back_s, seed):
    """A call arrives at some moment between its departure and its answer; the limit is on arrivals."""
    chance = random.Random(seed)

    async def main():
        loop, limiter, arrivals = asyncio.get_running_loop(), RateLimiter(20), []

        async def one():
            async with limiter.slot("a") as slot:
                slot.used = True
                await asyncio.sleep(0.005 + chance.uniform(0, there_s))
                arrivals.append(loop.time())
                await asyncio.sleep(0.005 + chance.uniform(0, back_s))

        await asyncio.gather(*(one() for _ in range(150)))
        return arrivals

    assert busiest_second(run_virtual(main())) <= 20


def test_the_allowed_rate_is_nearly_used():
    times = [at for at, _ in taken([("a", 2, 0.0, 0.0)] * 200)]
    assert times[-1] < 9.1


@pytest.mark.parametrize("took_s", [0.05, 0.3, 1.5])
def test_a_platform_that_is_slow_but_steady_costs_little_of_the_rate(took_s):
    times = [at for at, _ in taken([("a", 2, 0.0, 0.0)] * 400, took_s=took_s)]
    assert times[-1] - times[200] < 10 * max(1.03, took_s + 0.03)


def test_calls_without_an_answer_hold_their_slots():
    async def main():
        limiter = RateLimiter(3)
        hanging = [asyncio.create_task(call(limiter, took_s=10)) for _ in range(2)]
        await asyncio.sleep(0)
        others = [await call(limiter) for _ in range(3)]
        await asyncio.gather(*hanging)
        return others

    assert run_virtual(main()) == [0.0, pytest.approx(1.0), pytest.approx(2.0)]


def test_every_api_has_its_own_quota():
    went = taken([("a", 2, 0.0, 0.0)] * 20 + [("b", 2, 0.0, 0.0)] * 20)
    assert {at for at, _ in went} == {0.0}


def test_the_end_of_a_card_goes_before_a_new_card_before_updates_and_stale_cards_before_fresh_ones():
    full = [("a", 2, 0.0, 0.0)] * 20
    waiting = [("a", 2, 9.0, 0.1), ("a", 2, 3.0, 0.2), ("a", 1, 9.0, 0.3), ("a", 0, 9.0, 0.4)]
    order = [wish[1:3] for _, wish in taken(full + waiting)[20:]]
    assert order == [(0, 9.0), (1, 9.0), (2, 3.0), (2, 9.0)]


def test_equal_calls_go_in_the_order_they_came():
    calls = [("a", 2, 0.0, n / 1000) for n in range(60)]
    assert [wish for _, wish in taken(calls)] == calls


@pytest.mark.parametrize(
    ("per_second", "calls", "at_least_s"), [(0.1, 2, 10.0), (0.5, 3, 4.0), (1, 3, 2.0), (2.5, 6, 2.0)]
)
def test_small_and_broken_rates_are_kept(per_second, calls, at_least_s):
    times = [at for at, _ in taken([("a", 2, 0.0, 0.0)] * calls, per_second)]
    assert at_least_s <= times[-1] <= at_least_s * 1.5
    assert busiest_second(times) <= max(1, per_second)


def test_a_rate_that_lifts_the_limit_holds_nobody_up():
    assert taken([("a", 2, 0.0, 0.0)] * 500, 1_000_000)[-1][0] == 0.0


def test_another_rate_holds_at_once_for_who_waits():
    async def main():
        limiter = RateLimiter(1)
        await call(limiter)
        waiting = [asyncio.create_task(call(limiter)) for _ in range(50)]
        await asyncio.sleep(0.5)
        limiter.set_rate(20)
        raised = sorted(await asyncio.gather(*waiting))
        limiter.set_rate(2)
        lowered = [await call(limiter) for _ in range(4)]
        return raised, lowered

    raised, lowered = run_virtual(main())
    assert raised[:19] == [0.5] * 19
    assert raised[-1] < 3.1
    assert busiest_second(lowered) <= 2


def test_another_rate_is_for_apis_that_are_new_as_well():
    async def main():
        limiter = RateLimiter(20)
        limiter.set_rate(1)
        return [await call(limiter) for _ in range(2)]

    assert run_virtual(main()) == [0.0, 1.0]


def test_a_refusal_halves_the_rate_and_time_restores_it():
    calls = [("a", 2, 0.0, n / 20) for n in range(20 * 200)]
    times = [at for at, _ in taken(calls, refuse_at=[1.0])]
    assert sum(1 for at in times if 1.0 < at <= 3.2) <= 23
    assert sum(1 for at in times if 100.0 < at <= 111.0) >= 200


def test_calls_refused_together_halve_the_rate_once():
    async def main():
        loop = asyncio.get_running_loop()
        limiter = RateLimiter(20)
        for _ in range(20):
            limiter.note_refusal("a")
        for _ in range(11):
            await call(limiter)
        return loop.time()

    assert 0 < run_virtual(main()) < 1.2


def test_many_refusals_leave_one_call_a_second():
    async def main():
        loop = asyncio.get_running_loop()
        limiter = RateLimiter(20)
        for _ in range(30):
            limiter.note_refusal("a")
            await asyncio.sleep(1.2)
        limiter.note_refusal("a")
        start = loop.time()
        await call(limiter)
        await call(limiter)
        return loop.time() - start

    assert 1.0 <= run_virtual(main()) <= 1.2


def test_who_gives_up_waiting_costs_nothing():
    async def main():
        limiter = RateLimiter(1)
        await call(limiter)
        impatient = [asyncio.create_task(call(limiter, priority=0)) for _ in range(5)]
        await asyncio.sleep(0.5)
        for task in impatient:
            task.cancel()
        await asyncio.gather(*impatient, return_exceptions=True)
        return await call(limiter)

    assert run_virtual(main()) == pytest.approx(1.0)


def test_a_slot_that_is_not_used_costs_nothing():
    async def main():
        limiter = RateLimiter(1)
        for _ in range(5):
            async with limiter.slot("a"):
                pass
        return await call(limiter)

    assert run_virtual(main()) == 0.0


def test_a_call_that_breaks_off_counts():
    async def main():
        limiter = RateLimiter(1)
        broken = asyncio.create_task(call(limiter, took_s=60))
        await asyncio.sleep(0.5)
        broken.cancel()
        return await call(limiter)

    assert run_virtual(main()) == pytest.approx(1.5, abs=0.5)


def test_a_call_granted_to_who_is_gone_passes_to_the_next():
    async def main():
        loop = asyncio.get_running_loop()
        limiter = RateLimiter(1)
        await call(limiter)
        gone = asyncio.create_task(call(limiter, priority=0))
        waiting = asyncio.create_task(call(limiter))
        await asyncio.sleep(0)
        # Due in the same round of the loop as the timer that grants the call, and right after it.
        loop.call_at(1.0 + 1e-10, gone.cancel)
        went = await waiting
        assert gone.cancelled()
        return went

    assert run_virtual(main()) == pytest.approx(1.0)


async def test_the_clock_may_be_given():
    now = 0.0
    limiter = RateLimiter(1, clock=lambda: now)
    await call(limiter)
    now = 1.2
    async with asyncio.timeout(0.1):
        await call(limiter)


async def test_a_quota_that_waits_owns_no_task():
    limiter = RateLimiter(1)
    await call(limiter)
    waiting = asyncio.create_task(call(limiter))
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task(), waiting}
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


def test_where_several_apis_would_do_the_first_with_room_is_used():
    async def main():
        limiter, used = RateLimiter(2), []

        async def one():
            async with limiter.slot("a", "b") as slot:
                slot.used = True
                used.append((asyncio.get_running_loop().time(), slot.api))

        await asyncio.gather(*(one() for _ in range(6)))
        return used

    used = run_virtual(main())
    assert used[:4] == [(0.0, "a")] * 2 + [(0.0, "b")] * 2
    assert [at for at, _ in used[4:]] == [1.0] * 2


def test_the_place_in_another_line_is_void_once_a_call_may_go():
    async def main():
        limiter = RateLimiter(1)
        await call(limiter, "a")
        await call(limiter, "b")
        both = asyncio.create_task(either(limiter))
        await asyncio.sleep(0)
        later = asyncio.create_task(call(limiter, "b"))
        return await both, await later

    async def either(limiter):
        async with limiter.slot("a", "b") as slot:
            slot.used = True
            return slot.api

    assert run_virtual(main()) == ("a", pytest.approx(1.0))


def test_giving_up_in_several_lines_costs_nothing():
    async def main():
        limiter = RateLimiter(1)
        await call(limiter, "a")
        await call(limiter, "b")

        async def either():
            async with limiter.slot("a", "b") as slot:
                slot.used = True

        impatient = asyncio.create_task(either())
        await asyncio.sleep(0.5)
        impatient.cancel()
        await asyncio.wait([impatient])
        return await asyncio.gather(call(limiter, "a"), call(limiter, "b"))

    assert run_virtual(main()) == [pytest.approx(1.0)] * 2


def test_the_first_call_waits_while_calls_count_that_nobody_knows_of():
    async def main():
        limiter = RateLimiter(2, rest_s=0.6)
        await asyncio.sleep(0.2)
        early = [asyncio.ensure_future(call(limiter, api)) for api in ("a", "a", "b", "a")]
        await asyncio.sleep(2)
        return [*(each.result() for each in early), await call(limiter, "a")]

    assert run_virtual(main()) == pytest.approx([0.6, 0.6, 0.6, 1.6, 2.2])


def test_a_process_knows_of_every_call_that_counts_once_it_is_a_second_old(monkeypatch):
    monkeypatch.setattr(quota_module, "_BORN", 100.0)
    found = []
    for now in (100.0, 100.25, 101.0, 5000.0):
        monkeypatch.setattr(time, "monotonic", lambda now=now: now)
        found.append(unknown_s())
    assert found == [1.0, 0.75, 0.0, 0.0]
