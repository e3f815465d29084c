import asyncio
import os

import pytest
from virtual import run_virtual

from imbot.ops import monitor
from imbot.ops.monitor import Monitor, Resources
from imbot.stores import StoreHealth

WELL = {
    "descriptors": 100,
    "descriptor_limit": 1024,
    "store_write_s": 0.01,
    "store_free_bytes": 10 * 2**30,
    "loop_delay_s": 0.01,
}


@pytest.mark.parametrize(
    ("change", "found", "cure"),
    [
        ({"descriptors": 921}, [], ""),
        ({"descriptors": 922}, ["922 of 1024 file descriptors are open"], "ulimit -n 4096"),
        (
            {"descriptors": 8000, "descriptor_limit": 8192},
            ["8000 of 8192 file descriptors are open"],
            "ulimit -n 32768",
        ),
        ({"descriptors": 10**6, "descriptor_limit": None}, [], ""),
        (
            {"store_error": "store x: the disk is full; free some space"},
            ["the store cannot be written"],
            "free some",
        ),
        ({"store_write_s": 2.34}, ["the store takes 2.3 s for a write"], "--store"),
        (
            {"store_free_bytes": 50 * 2**20},
            ["only 50 MB are free on the disk of the store"],
            "free some space",
        ),
        (
            {"loop_delay_s": 1.26},
            ["the event loop was held up for 1.3 s within the last minute"],
            "the log names the code",
        ),
        ({"descriptors": None, "store_write_s": None, "store_free_bytes": None}, [], ""),
    ],
)
def test_what_is_near_its_bound_is_told_with_the_cure(change, found, cure):
    shortages = Resources(**(WELL | change)).shortages

    assert [each.found for each in shortages] == found
    assert all(cure in each.cure for each in shortages)


def test_the_event_loop_s_longest_delay_is_remembered_for_a_minute(monkeypatch):
    late = iter([0.0, 0.8, 0.1])
    real = asyncio.sleep

    async def sleep(seconds):
        await real(seconds + next(late, 0.0))

    async def main():
        watch = Monitor()
        monkeypatch.setattr(monitor.asyncio, "sleep", sleep)
        task = asyncio.create_task(watch.run())
        seen = []
        for seconds in (5, 70):
            await real(seconds)
            seen.append(round(watch.read().loop_delay_s, 3))
        task.cancel()
        return seen

    assert run_virtual(main()) == [0.8, 0.0]


def test_descriptors_are_counted_and_the_store_is_asked():
    class Store:
        def health(self):
            return StoreHealth(0.5, "broken", 7)

    before = Monitor(Store()).read()
    pipes = [os.pipe() for _ in range(5)]
    after = Monitor(Store()).read()
    for each in pipes:
        os.close(each[0])
        os.close(each[1])

    assert after.descriptors - before.descriptors == 10
    assert (after.store_write_s, after.store_error, after.store_free_bytes) == (0.5, "broken", 7)
    assert Monitor().read().store_free_bytes is None


def test_a_limit_that_is_none_is_not_told(monkeypatch):
    import resource

    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert Monitor().read().descriptor_limit is None
