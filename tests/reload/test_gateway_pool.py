import asyncio
import gc
from dataclasses import replace

import pytest
from fakes import FakeStore, behaviour, message, spec
from supervised import World, moved
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.reload import gateway_pool
from imbot.reload.gateway_pool import REMAKE_S, GatewayPool, app_key
from imbot.spec import QuotaSpec

A, B = spec("a"), spec("b")
KEY = app_key(A)


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def held(pool, spec_):
    """A bot that holds its app."""
    bot = Bot(behaviour("hello"), pool.open(spec_), FakeStore())
    pool.assign(app_key(spec_), bot)
    return bot


def test_an_app_is_connected_when_somebody_holds_it_or_waits_for_it(world):
    async def main():
        pool = GatewayPool(None, 1.0)
        gateway = pool.open(A)
        await asyncio.sleep(1)
        opened = gateway.runs
        pool.connect(KEY)
        pool.connect(KEY)
        await asyncio.sleep(1)
        await pool.disconnect()
        await pool.close()
        return opened, gateway.runs, gateway.closed

    assert run_virtual(main()) == (0, 1, True)


def test_apps_that_nobody_holds_or_wants_are_let_go(world):
    async def main():
        pool, other = GatewayPool(None, 1.0), moved(A, "id-x")
        held(pool, A)
        for each in (other, moved(A, "id-y")):
            pool.open(each)
        pool.release_unused({app_key(other)})
        known = [pool.is_open(app_key(each)) for each in (A, other, moved(A, "id-y"))]
        await pool.disconnect()
        await pool.close()
        return known, asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(main()) == ([True, True, False], set())


def test_who_holds_no_app_yet_gets_the_newest_credentials(world):
    async def main():
        pool, newer = GatewayPool(None, 1.0), moved(A, "id-a", "newer")
        gateway = pool.open(A)
        unheld = pool.open(newer).credentials
        held(pool, newer)
        kept = pool.open(A).credentials
        await pool.disconnect()
        await pool.close()
        return gateway.credentials is kept, unheld["client_secret"]

    assert run_virtual(main()) == (True, "newer")


def test_an_app_is_connected_again_only_after_its_last_connection_has_ended_and_some_time(world):
    async def main():
        pool = GatewayPool(None, 1.0)
        held(pool, A)
        await asyncio.sleep(0.1)
        pool.assign(KEY, None)
        held(pool, A)
        again = world.gateways["id-a"]
        await asyncio.sleep(0.1)
        early = again.runs
        await asyncio.sleep(REMAKE_S)
        late = again.runs
        await pool.disconnect()
        await pool.close()
        return early, late

    assert run_virtual(main()) == (0, 1)


def test_connections_in_the_place_of_others_are_counted_also_when_their_app_is_gone(world):
    async def main():
        pool = GatewayPool(None, 1.0)
        held(pool, A)
        gateway = world.gateways["id-a"]
        gateway.status = replace(gateway.status, opened=4)
        before = pool.reconnects
        pool.assign(KEY, None)
        after = pool.reconnects
        await pool.disconnect()
        await pool.close()
        return before, after

    assert run_virtual(main()) == (3, 3)


def test_an_app_that_leaves_and_comes_back_keeps_its_quota_while_its_calls_count(world):
    async def main():
        pool = GatewayPool(None, 1.0)
        held(pool, A)
        world.gateways["id-a"].limiter.mark = "known"
        marks = []
        for away_s in (0.9, 5.0):
            await asyncio.sleep(REMAKE_S)
            pool.assign(KEY, None)
            world.gateways.clear()
            await asyncio.sleep(away_s)
            gc.collect()
            held(pool, A)
            marks.append(getattr(world.gateways["id-a"].limiter, "mark", ""))
        await pool.disconnect()
        await pool.close()
        return marks

    assert run_virtual(main()) == ["known", ""]


def test_an_app_keeps_to_the_rate_of_its_file_and_waits_while_calls_of_a_killed_process_count(
    world, monkeypatch
):
    monkeypatch.setattr(gateway_pool, "unknown_s", lambda: 0.75)

    async def main():
        pool, now, made = GatewayPool(None, 1.0), asyncio.get_running_loop().time, []
        held(pool, replace(A, quota=QuotaSpec(2)))
        for _ in range(3):
            async with world.gateways["id-a"].limiter.slot("any") as slot:
                slot.used = True
                made.append(now())
        await pool.disconnect()
        await pool.close()
        return made

    assert run_virtual(main()) == pytest.approx([0.75, 0.75, 1.75], abs=0.01)


def test_a_message_that_is_delivered_again_after_its_app_changed_bots_is_not_answered_twice(world):
    """A platform delivers again what it did not see acknowledged: an edit may have come in between."""

    async def main():
        pool = GatewayPool(None, 1.0)
        bots = [held(pool, each) for each in (A, B)]
        await bots[0].on_message(message(id="asked once"))
        pool.assign(KEY, bots[1])
        pool.assign(app_key(B), bots[0])
        for bot, id_ in ((bots[1], "asked once"), (bots[0], "asked of the other app"), (bots[1], "new")):
            await bot.on_message(message(id=id_))
        await asyncio.gather(*(bot.drain(60) for bot in bots), pool.disconnect())
        await pool.close()
        return [bot.turns_total for bot in bots]

    assert run_virtual(main()) == [2, 1]
