import asyncio
import gc
from dataclasses import replace

import pytest
from fakes import FakeStore, behaviour, spec
from supervised import World, moved
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.reload.gateway_pool import REMAKE_S, Links, key_of

A = spec("a")
KEY = key_of(A)


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def held(links, spec_):
    """A bot that holds its app."""
    bot = Bot(behaviour("hello"), links.open(spec_), FakeStore())
    links.hand(key_of(spec_), bot)
    return bot


def test_an_app_is_connected_when_somebody_holds_it_or_waits_for_it(world):
    async def main():
        links = Links(None, 1.0)
        gateway = links.open(A)
        await asyncio.sleep(1)
        opened = gateway.runs
        links.connect(KEY)
        links.connect(KEY)
        await asyncio.sleep(1)
        await links.disconnect()
        await links.close()
        return opened, gateway.runs, gateway.closed

    assert run_virtual(main()) == (0, 1, True)


def test_apps_that_nobody_holds_or_wants_are_let_go(world):
    async def main():
        links, other = Links(None, 1.0), moved(A, "id-x")
        held(links, A)
        for each in (other, moved(A, "id-y")):
            links.open(each)
        links.keep({key_of(other)})
        known = [links.known(key_of(each)) for each in (A, other, moved(A, "id-y"))]
        await links.disconnect()
        await links.close()
        return known, asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(main()) == ([True, True, False], set())


def test_who_holds_no_app_yet_gets_the_newest_credentials(world):
    async def main():
        links, newer = Links(None, 1.0), moved(A, "id-a", "newer")
        gateway = links.open(A)
        unheld = links.open(newer).credentials
        held(links, newer)
        kept = links.open(A).credentials
        await links.disconnect()
        await links.close()
        return gateway.credentials is kept, unheld["client_secret"]

    assert run_virtual(main()) == (True, "newer")


def test_an_app_is_connected_again_only_after_its_last_connection_has_ended_and_some_time(world):
    async def main():
        links = Links(None, 1.0)
        held(links, A)
        await asyncio.sleep(0.1)
        links.hand(KEY, None)
        held(links, A)
        again = world.gateways["id-a"]
        await asyncio.sleep(0.1)
        early = again.runs
        await asyncio.sleep(REMAKE_S)
        late = again.runs
        await links.disconnect()
        await links.close()
        return early, late

    assert run_virtual(main()) == (0, 1)


def test_connections_in_the_place_of_others_are_counted_also_when_their_app_is_gone(world):
    async def main():
        links = Links(None, 1.0)
        held(links, A)
        gateway = world.gateways["id-a"]
        gateway.status = replace(gateway.status, opened=4)
        before = links.reconnects
        links.hand(KEY, None)
        after = links.reconnects
        await links.disconnect()
        await links.close()
        return before, after

    assert run_virtual(main()) == (3, 3)


def test_an_app_that_leaves_and_comes_back_keeps_its_quota_while_its_calls_count(world):
    async def main():
        links = Links(None, 1.0)
        held(links, A)
        world.gateways["id-a"].quota.mark = "known"
        marks = []
        for away_s in (0.9, 5.0):
            await asyncio.sleep(REMAKE_S)
            links.hand(KEY, None)
            world.gateways.clear()
            await asyncio.sleep(away_s)
            gc.collect()
            held(links, A)
            marks.append(getattr(world.gateways["id-a"].quota, "mark", ""))
        await links.disconnect()
        await links.close()
        return marks

    assert run_virtual(main()) == ["known", ""]
