import asyncio

import pytest

from imbot.errors import ConfigError, Problem
from imbot.loader import LoadResult
from imbot.plan import Step
from imbot.reload import Reloader, StoppingError

BROKEN = Problem("bots", 1, 1, 1, 1, "", "folder.unreadable", "error", "bots cannot be read")


class FakeLoader:
    def __init__(self):
        self.failure = None

    def load(self):
        if self.failure:
            raise self.failure
        return LoadResult(())


class FakeSupervisor:
    """Applies when it is let; remembers how often it was asked to."""

    def __init__(self):
        self.go = asyncio.Event()
        self.go.set()
        self.begun = asyncio.Event()
        self.applied = 0
        self.failure = None
        self.action = "unchanged"

    async def apply(self, result):
        self.applied += 1
        name = f"reload {self.applied}"
        self.begun.set()
        await self.go.wait()
        if self.failure:
            raise self.failure
        return [Step(self.action, name, "a.yaml")]

    def specs(self):
        return {}


@pytest.fixture
async def house(tmp_path):
    supervisor, loader = FakeSupervisor(), FakeLoader()
    return Reloader(tmp_path, loader, supervisor), supervisor, loader


def name(outcome):
    return outcome.steps[0].name


async def test_requests_during_a_reload_share_one_that_begins_after_them(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    first = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    later = [asyncio.create_task(reloader.reload()) for _ in range(5)]
    await asyncio.sleep(0)
    supervisor.go.set()

    assert name(await first) == "reload 1"
    assert {name(await each) for each in later} == {"reload 2"}
    assert name(await reloader.reload()) == "reload 3"


async def test_a_request_that_is_given_up_does_not_hurt_the_others(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    first = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    second = asyncio.create_task(reloader.reload())
    await asyncio.sleep(0)
    first.cancel()
    supervisor.go.set()

    assert name(await second) == "reload 2"


async def test_a_reload_that_failed_is_not_shared_as_if_it_had_not(house):
    reloader, supervisor, _ = house
    supervisor.failure = RuntimeError("a bug")
    got = await asyncio.gather(*(reloader.reload() for _ in range(2)), return_exceptions=True)

    assert [type(each) for each in got] == [RuntimeError, RuntimeError]
    assert reloader.counts == {"failed": 2}


async def test_outcomes_are_counted_and_only_a_clean_one_is_a_success(house):
    reloader, supervisor, loader = house
    supervisor.action = "rejected"
    await reloader.reload()
    assert reloader.succeeded_at is None
    loader.failure = ConfigError([BROKEN])
    outcome = await reloader.reload()
    loader.failure, supervisor.action = None, "start"
    await reloader.reload()

    assert outcome.problems == (BROKEN,)
    assert reloader.counts == {"rejected": 1, "failed": 1, "ok": 1}
    assert reloader.succeeded_at is not None


async def test_a_plan_changes_nothing_and_is_no_reload(house):
    reloader, supervisor, _ = house
    outcome = await reloader.plan()

    assert (outcome.word, supervisor.applied, reloader.last, reloader.counts) == ("ok", 0, None, {})


async def test_stopping_breaks_off_what_is_under_way_and_refuses_the_rest(house):
    reloader, supervisor, _ = house
    supervisor.go.clear()
    under_way = asyncio.create_task(reloader.reload())
    await supervisor.begun.wait()
    waiting = asyncio.create_task(reloader.reload())
    await asyncio.sleep(0)
    await reloader.stop()

    for request in (under_way, waiting, asyncio.create_task(reloader.plan())):
        with pytest.raises(StoppingError):
            await request
    assert supervisor.applied == 1


async def test_a_timeout_inside_is_not_taken_for_the_end(house):
    reloader, supervisor, _ = house
    supervisor.failure = TimeoutError("a bug")
    with pytest.raises(TimeoutError):
        await reloader.reload()
