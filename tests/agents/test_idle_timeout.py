import asyncio
from contextlib import suppress

import pytest
from virtual import run_virtual

from imbot.agents.idle_timeout import INSIST_S, IdleTimeout


def now():
    return asyncio.get_running_loop().time()


def test_each_wait_has_a_time_of_its_own():
    async def main():
        idle = IdleTimeout()
        for _ in range(5):
            assert await idle.wait(asyncio.sleep(2, "there"), now() + 3) == "there"
        assert now() == 10
        with pytest.raises(TimeoutError):
            await idle.wait(asyncio.sleep(60), now() + 3)
        assert idle.expired
        assert now() == 13
        assert await idle.wait(asyncio.sleep(2, "there"), now() + 3) == "there"
        assert not idle.expired
        idle.close()

    run_virtual(main())


def test_a_limit_may_come_nearer():
    async def main():
        idle = IdleTimeout()
        await idle.wait(asyncio.sleep(1), now() + 60)
        with pytest.raises(TimeoutError):
            await idle.wait(asyncio.sleep(60), now() + 2)
        assert now() == 3

    run_virtual(main())


def test_nothing_ends_while_nothing_is_waited_for():
    async def main():
        idle = IdleTimeout()
        await idle.wait(asyncio.sleep(1), now() + 3)
        await asyncio.sleep(10)
        assert await idle.wait(asyncio.sleep(2, "there"), now() + 3) == "there"
        assert asyncio.current_task().cancelling() == 0

    run_virtual(main())


def test_who_is_cancelled_from_outside_is_cancelled():
    async def main():
        idle = IdleTimeout()
        waiting = asyncio.create_task(idle.wait(asyncio.sleep(60), now() + 30))
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not idle.expired

    run_virtual(main())


def test_who_is_cancelled_at_the_moment_the_limit_is_reached_is_cancelled():
    async def main():
        idle = IdleTimeout()
        waiting = asyncio.create_task(idle.wait(asyncio.sleep(60), now() + 30))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_at(30, waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()

    run_virtual(main())


def test_what_fails_by_itself_is_not_ended_here():
    async def main():
        async def failing():
            raise TimeoutError("its own")

        idle = IdleTimeout()
        with pytest.raises(TimeoutError, match="its own"):
            await idle.wait(failing(), now() + 3)
        assert not idle.expired

    run_virtual(main())


def test_what_does_not_let_itself_be_ended_has_a_say():
    async def main():
        async def stubborn():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                return "stayed"

        idle = IdleTimeout()
        assert await idle.wait(stubborn(), now() + 3) == "stayed"
        assert asyncio.current_task().cancelling() == 0

    run_virtual(main())


def test_many_waits_take_one_timer(monkeypatch):
    async def main():
        loop, timers = asyncio.get_running_loop(), []
        call_at = loop.call_at

        def counted(*args, **options):
            timers.append(args[0])
            return call_at(*args, **options)

        async def nothing():
            return None

        idle = IdleTimeout()
        monkeypatch.setattr(loop, "call_at", counted)
        for _ in range(100):
            await idle.wait(nothing(), now() + 3)
        idle.close()
        assert timers == [3]

    run_virtual(main())


def test_who_goes_on_after_the_limit_is_interrupted_again_and_again():
    async def stubborn():
        for _ in range(3):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1000)
        await asyncio.sleep(1000)

    async def main():
        idle, task = IdleTimeout(), asyncio.current_task()
        with pytest.raises(TimeoutError):
            await idle.wait(stubborn(), now() + 1)
        assert (now(), task.cancelling()) == (1 + 3 * INSIST_S, 0)
        idle.close()

    run_virtual(main())
