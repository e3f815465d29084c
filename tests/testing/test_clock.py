import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from imbot.testing.clock import run_virtual


def now():
    return asyncio.get_running_loop().time()


def test_waiting_costs_nothing():
    async def main():
        await asyncio.sleep(3600)
        return now()

    began = time.process_time()
    assert run_virtual(main()) == pytest.approx(3600)
    assert time.process_time() - began < 1


def test_timers_fire_in_their_order():
    async def main():
        heard = []

        async def speak(after_s):
            await asyncio.sleep(after_s)
            heard.append((after_s, now()))

        await asyncio.gather(*map(speak, (5, 1, 3)))
        return heard

    assert run_virtual(main()) == [(1, 1), (3, 3), (5, 5)]


def test_the_clock_stands_still_while_a_call_is_out_in_a_thread():
    async def main():
        async with asyncio.timeout(0.001):  # would be over before the thread is, by a real clock
            await asyncio.to_thread(time.sleep, 0.03)
        return now()

    assert run_virtual(main()) == 0


def test_the_clock_goes_on_when_the_thread_is_back():
    async def main():
        await asyncio.to_thread(int)
        await asyncio.sleep(10)
        return now()

    assert run_virtual(main()) == 10


def test_what_fails_in_a_thread_does_not_stop_the_clock():
    async def main():
        with pytest.raises(ValueError, match="invalid literal"):
            await asyncio.to_thread(int, "x")
        await asyncio.sleep(10)
        return now()

    assert run_virtual(main()) == 10


def test_a_call_that_nobody_waits_for_any_more_still_holds_the_clock():
    async def main():
        began = threading.Event()
        call = asyncio.ensure_future(asyncio.to_thread(lambda: (began.set(), time.sleep(0.03))))
        while not began.is_set():
            await asyncio.sleep(0)
        call.cancel()
        real = time.monotonic()
        await asyncio.sleep(1)
        return time.monotonic() - real

    assert run_virtual(main()) >= 0.02


def test_a_call_that_never_began_does_not_hold_it():
    async def main():
        loop, one = asyncio.get_running_loop(), ThreadPoolExecutor(1)
        first = loop.run_in_executor(one, time.sleep, 0.01)
        second = loop.run_in_executor(one, time.sleep, 60)
        second.cancel()
        await first
        await asyncio.sleep(10)
        one.shutdown()
        return now()

    assert run_virtual(main()) == 10
