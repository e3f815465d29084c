import asyncio
import logging
from collections import Counter

import pytest
from virtual import run_virtual

from imbot.errors import StoreError
from imbot.usage.accounting import Calendar, CallAccounting
from imbot.usage.monthly import SAVE_EVERY_S, MonthlyUsage

NOVEMBER, DECEMBER = 1795000000.0, 1797000000.0

SHANGHAI = Calendar(8)


class Books:
    """A store of calls in memory; ``broken`` names the calls that fail."""

    def __init__(self):
        self.kept = {}
        self.writes = 0
        self.broken = set()

    async def add_calls(self, month, calls):
        if "add" in self.broken:
            raise StoreError("the disk is full")
        self.writes += 1
        self.kept.setdefault(month, Counter()).update(calls)

    async def calls(self, month):
        if "read" in self.broken:
            raise StoreError("the disk is full")
        return dict(self.kept.get(month, {}))


class World:
    """Monthly usage over those books; ``limits`` and ``now`` may change."""

    def __init__(self, books=None):
        self.books = books or Books()
        self.accounting = CallAccounting()
        self.limits = {"faq": 100}
        self.now = NOVEMBER
        self.monthly_usage = MonthlyUsage(
            self.books, self.accounting, [SHANGHAI], lambda: self.limits, lambda: self.now
        )

    def spend(self, calls, bot="faq", organisation="ding1"):
        self.accounting.open_turn(bot, bot)
        for _ in range(calls):
            self.accounting.count_call(bot, organisation, SHANGHAI)


@pytest.fixture
def world():
    return World()


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_calls_survive_a_restart(world):
    world.spend(30)
    await world.monthly_usage.save()
    again = World(world.books)
    assert not again.accounting.used
    await again.monthly_usage.save()
    again.spend(1)

    assert again.accounting.used["ding1"] == 31
    assert again.accounting.month["faq"] == 31
    assert again.accounting.total["faq"] == 1


async def test_processes_on_one_store_learn_of_each_others_calls(world):
    other = World(world.books)
    await world.monthly_usage.save()
    other.spend(60, "hr")
    await other.monthly_usage.save()
    world.spend(36)
    await world.monthly_usage.save()

    assert world.accounting.used["ding1"] == 96
    assert world.accounting.scarce("ding1", 100)


def test_many_calls_are_one_write_and_no_call_is_none():
    async def main():
        world = World()
        running = asyncio.create_task(world.monthly_usage.run())
        world.spend(500)
        await asyncio.sleep(SAVE_EVERY_S * 10)
        running.cancel()
        return world

    world = run_virtual(main())
    assert world.books.writes == 1
    assert world.books.kept["2026-11"] == {("faq", "ding1"): 500}


async def test_a_new_month_begins_with_nothing_used(world):
    world.spend(96)
    await world.monthly_usage.save()
    world.spend(3)
    world.now = DECEMBER
    await world.monthly_usage.save()

    assert world.accounting.used["ding1"] == 0
    assert not world.accounting.scarce("ding1", 100)
    assert world.books.kept == {"2026-11": {("faq", "ding1"): 99}}
    world.spend(2)
    await world.monthly_usage.save()
    assert world.books.kept["2026-12"] == {("faq", "ding1"): 2}


async def test_the_log_says_once_that_the_month_runs_out(world, caplog):
    for calls in (79, 1, 5, 5, 5, 1, 4, 50):
        world.spend(calls)
        await world.monthly_usage.save()

    assert warnings(caplog) == [
        "ding1: 80 of the month's 100 calls used",
        "ding1: 90 of the month's 100 calls used",
        "ding1: 95 of the month's 100 calls used; until the month ends, cards show only their end",
        "ding1: 100 of the month's 100 calls used; until the month ends, cards show only their end",
    ]


async def test_bots_that_name_the_same_limit_are_one_warning(world, caplog):
    world.limits = {"faq": 100, "hr": 100, "free": None, "new": 100}
    world.spend(50)
    world.spend(45, "hr")
    world.spend(1, "free")
    await world.monthly_usage.save()

    assert len(warnings(caplog)) == 1


async def test_the_next_month_is_warned_of_anew(world, caplog):
    world.spend(80)
    await world.monthly_usage.save()
    world.now = DECEMBER
    await world.monthly_usage.save()
    world.spend(80)
    await world.monthly_usage.save()

    assert len(warnings(caplog)) == 2


@pytest.mark.parametrize("broken", ["add", "read"])
async def test_a_store_that_fails_loses_and_doubles_no_call(world, caplog, broken):
    await world.monthly_usage.save()
    world.books.broken = {broken}
    for _ in range(3):
        world.spend(10)
        await world.monthly_usage.save()
    assert world.accounting.used["ding1"] == 30, "counted in memory all the same"
    world.books.broken = set()
    world.spend(1)
    await world.monthly_usage.save()

    assert world.books.kept["2026-11"] == {("faq", "ding1"): 31}
    assert world.accounting.used["ding1"] == 31
    assert len(warnings(caplog)) == 1, "said once"
