import asyncio
import threading
from dataclasses import replace

import pytest
from fakes import FakeStore, message, spec
from supervised import World, changed, files, moved, secret, state
from virtual import run_virtual

from imbot.errors import FatalError, TransientError
from imbot.reload import gateway_pool
from imbot.reload import rollout as rollout
from imbot.reload.gateway_pool import REMAKE_S
from imbot.reload.supervisor import PLATFORM_WAIT_S, Supervisor

TIMES = 10_000


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def supervised(main):
    """Run with a supervisor that is stopped in the end; nothing may be left of it."""

    async def all_of_it():
        boss = Supervisor(FakeStore(), grace_s=2)
        try:
            return await main(boss)
        finally:
            await boss.stop()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert left == set()

    return run_virtual(all_of_it())


def now():
    return asyncio.get_running_loop().time()


def words(steps):
    return [(step.action, [problem.code for problem in step.problems]) for step in steps]


def apps(boss):
    return {name: spec.identity for name, spec in boss.specs().items()}


def test_a_bot_does_not_wait_for_another_ones_credentials(world):
    async def main(boss):
        a, b = spec("a"), spec("b")
        await boss.apply(files(a, b))
        world.gateways["id-a"].latency = 1000  # its platform hangs
        applying = asyncio.create_task(boss.apply(files(secret(a, "new"), changed(b, title="New"))))
        await asyncio.sleep(0.01)
        early, began = state(boss), now()
        return early, words(await applying), now() - began

    early, steps, took = supervised(main)
    assert early == {"a": ("connected", 1, False), "b": ("connected", 2, False)}
    assert steps == [("update", ["change.pending"]), ("update", [])]
    assert took <= PLATFORM_WAIT_S


def test_a_change_that_waits_holds_up_no_later_reload(world):
    async def main(boss):
        a, b = spec("a"), spec("b")
        await boss.apply(files(a, b))
        world.cut = {"id-x"}
        await boss.apply(files(moved(a, "id-x"), b))
        began = now()
        steps = await boss.apply(files(moved(a, "id-x"), changed(b)))
        return words(steps), now() - began, world.opened

    steps, took, opened = supervised(main)
    assert steps == [("replace", ["change.pending"]), ("update", [])]
    assert took == 0
    assert sorted(opened) == ["id-a", "id-b", "id-x"], "its attempt goes on, it is not begun anew"


def test_a_change_that_is_not_wanted_any_more_is_abandoned_with_its_connection(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        world.cut = {"id-x"}
        await boss.apply(files(moved(a, "id-x")))
        await boss.apply(files(a))
        await asyncio.sleep(0)
        world.mend("id-x")
        await asyncio.sleep(10)
        return apps(boss), world.gateways["id-x"].closed, boss.status()

    running, closed, (row,) = supervised(main)
    assert (running, closed) == ({"a": "id-a"}, True)
    assert (row.generation, row.pending) == (1, None)
    assert all(agent.closed for agent in world.agents)


def test_a_change_of_a_change_keeps_the_app_that_both_want(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        world.cut = {"id-x"}
        await boss.apply(files(moved(a, "id-x")))
        await boss.apply(files(moved(a, "id-x", "another")))
        world.mend("id-x")
        await asyncio.sleep(60)
        return apps(boss), world.gateways["id-x"].credentials["client_secret"]

    assert supervised(main) == ({"a": "id-x"}, "another")
    assert world.opened == ["id-a", "id-x"]


def test_a_file_that_breaks_abandons_the_change_that_waited(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        world.cut = {"id-x"}
        await boss.apply(files(moved(a, "id-x")))
        world.broken = {"a"}
        await boss.apply(files(moved(a, "id-y")))
        await asyncio.sleep(1)
        world.mend("id-x")
        await asyncio.sleep(60)
        return apps(boss), world.gateways["id-x"].closed, state(boss)

    assert supervised(main) == ({"a": "id-a"}, True, {"a": ("connected", 1, True)})


def test_a_deleted_file_abandons_the_change_that_waited(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        world.cut = {"id-x"}
        await boss.apply(files(moved(a, "id-x")))
        await boss.apply(files())
        await asyncio.sleep(1)
        return boss.status(), world.gateways["id-x"].closed, world.gateways["id-a"].closed

    assert supervised(main) == ([], True, True)


def test_what_the_platform_does_not_answer_is_tried_again_at_growing_intervals(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        gateway = world.gateways["id-a"]
        gateway.failures["prove"] = [TransientError("busy")] * TIMES
        await boss.apply(files(secret(a, "new")))
        reason = boss.status()[0].pending.reason
        await asyncio.sleep(3600)
        tries = len(gateway.proofs)
        gateway.failures.clear()
        await asyncio.sleep(60)
        return reason, tries, state(boss), gateway.credentials["client_secret"]

    reason, tries, rows, credentials = supervised(main)
    assert reason == "busy"
    assert 100 < tries < 600
    assert (rows, credentials) == ({"a": ("connected", 2, False)}, "new")


def test_what_the_platform_refused_is_live_when_it_agrees_after_all(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        gateway = world.gateways["id-a"]
        gateway.failures["prove"] = [FatalError("wrong secret")] * TIMES
        steps = await boss.apply(files(secret(a, "new")))
        before = state(boss)
        gateway.failures.clear()
        await asyncio.sleep(60)
        return words(steps), before, state(boss)

    steps, before, after = supervised(main)
    assert steps == [("rejected", ["platform.refused"])]
    assert before == {"a": ("connected", 1, True)}
    assert after == {"a": ("connected", 2, False)}


def test_a_network_that_fails_does_not_hide_a_refusal(world, caplog):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        errors = [FatalError("wrong secret"), TransientError("busy")] * TIMES
        world.gateways["id-a"].failures["prove"] = errors
        await boss.apply(files(secret(a, "new")))
        since = boss.status()[0].rejected.since
        await asyncio.sleep(1000)
        return since == boss.status()[0].rejected.since

    assert supervised(main)
    assert caplog.text.count("wrong secret") == 1


def test_a_bot_takes_over_no_app_whose_bot_cannot_leave_it(world):
    async def main(boss):
        a, b = spec("a"), spec("b")
        await boss.apply(files(a, b))
        world.broken = {"a"}  # which shows only when it is prepared
        steps = await boss.apply(files(moved(a, "id-x"), moved(b, "id-a")))
        await asyncio.sleep(60)
        return words(steps), apps(boss), state(boss)

    steps, running, rows = supervised(main)
    assert steps == [("rejected", ["x"]), ("rejected", ["identity.held"])]
    assert running == {"a": "id-a", "b": "id-b"}
    assert rows == {"a": ("connected", 1, True), "b": ("connected", 1, True)}


def test_a_swap_commits_both_or_none(world):
    async def main(boss):
        a, b = spec("a"), spec("b")
        await boss.apply(files(a, b))
        world.gateways["id-b"].failures = {"prove": [FatalError("wrong secret")] * TIMES}
        swap = files(moved(a, "id-b", "typo"), moved(b, "id-a"))
        steps = await boss.apply(swap)
        before = apps(boss)
        world.gateways["id-b"].failures.clear()
        await asyncio.sleep(60)
        return words(steps), before, apps(boss)

    steps, before, after = supervised(main)
    assert [action for action, _ in steps] == ["rejected", "replace"]
    assert before == {"a": "id-a", "b": "id-b"}
    assert after == {"a": "id-b", "b": "id-a"}
    assert sorted(world.opened) == ["id-a", "id-b"]


def test_a_new_bot_that_takes_over_an_app_waits_until_that_is_free(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        world.cut = {"id-x"}
        heir = replace(a, name="heir", path="bots/heir.yaml")
        steps = await boss.apply(files(moved(a, "id-x"), heir))
        early = apps(boss), {row.name: row.state for row in boss.status()}
        world.mend("id-x")
        await asyncio.sleep(1)
        return words(steps), early, apps(boss)

    steps, early, late = supervised(main)
    assert [codes for _, codes in steps] == [["change.pending"]] * 2
    assert early == ({"a": "id-a"}, {"a": "connected", "heir": "down"})
    assert late == {"a": "id-x", "heir": "id-a"}
    assert world.opened == ["id-a", "id-x"]


def test_a_bot_that_never_connected_follows_its_file_at_once(world):
    async def main(boss):
        a = spec("a")
        world.cut = {"id-a", "id-x"}
        await boss.apply(files(a))
        steps = await boss.apply(files(moved(a, "id-x")))
        await asyncio.sleep(0)
        return words(steps), apps(boss), world.gateways["id-x"].proofs

    assert supervised(main) == ([("replace", [])], {"a": "id-x"}, [])


def test_moves_of_one_bot_are_spaced(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        await boss.apply(files(moved(a, "id-0")))
        first = now()
        await asyncio.sleep(0.3)  # so that no reload ends at the very moment the next connection may be made
        for number in range(1, 4):
            await boss.apply(files(moved(a, f"id-{number}")))
            if apps(boss) == {"a": f"id-{number}"}:
                break
        return now() - first, world.opened

    took, opened = supervised(main)
    assert took >= REMAKE_S
    assert opened[:2] == ["id-a", "id-0"]
    assert len(opened) == 3


def test_a_file_that_comes_and_goes_connects_its_app_no_more_often_than_allowed(world):
    async def main(boss):
        a, began = spec("a"), now()
        runs = []
        for _ in range(20):
            await boss.apply(files(a))
            await asyncio.sleep(0.1)
            runs.append(world.gateways["id-a"].runs)
            await boss.apply(files())
            await asyncio.sleep(0.1)
        return sum(runs), now() - began

    runs, took = supervised(main)
    assert runs <= 1 + took / REMAKE_S


def test_a_turn_of_a_bot_that_moved_keeps_its_app_also_when_its_new_holder_goes(world):
    async def main(boss):
        a, b = spec("a", title="One"), spec("b")
        await boss.apply(files(a, b))
        old = world.gateways["id-a"]
        old.latency = 0.5
        await old.handler.on_message(message())
        await boss.apply(files(moved(a, "id-b"), moved(b, "id-a")))
        await boss.apply(files(moved(a, "id-b")))  # b, who holds the app now, is gone
        early = old.closed
        await asyncio.sleep(5)
        return early, old.names()[-1], old.closed

    assert supervised(main) == (False, "finish", True)


def test_a_defect_in_one_change_hurts_no_other(world, caplog):
    async def main(boss):
        a, b = spec("a"), spec("b")
        await boss.apply(files(a, b))
        world.gateways["id-a"].failures["prove"] = [ZeroDivisionError()] * TIMES
        steps = await boss.apply(files(secret(a, "new"), changed(b)))
        return words(steps), state(boss)

    steps, rows = supervised(main)
    assert [codes for _, codes in steps] == [["change.pending"], []]
    assert rows["b"] == ("connected", 2, False)
    assert "ZeroDivisionError" in caplog.text


async def test_a_bot_whose_file_is_gone_stops_though_others_take_long_to_prepare(world, monkeypatch):
    go_on = threading.Event()
    boss, names = Supervisor(FakeStore(), grace_s=2), [spec(name) for name in "abcdef"]
    await boss.apply(files(*names))
    prepare = world.prepare

    def slow(spec_):
        go_on.wait(5)
        return prepare(spec_)

    monkeypatch.setattr(rollout, "prepare", slow)
    applying = asyncio.create_task(boss.apply(files(*(changed(each) for each in names[1:]))))
    async with asyncio.timeout(10):
        while "a" in boss.specs():
            await asyncio.sleep(0.005)
    waiting = [row.pending.reason for row in boss.status() if row.pending]
    go_on.set()
    await applying
    rows = state(boss)
    await boss.stop()

    assert waiting == ["it is being prepared"] * 5
    assert [generation for _, generation, _ in rows.values()] == [2] * 5


def test_a_stop_abandons_what_waits(world):
    async def main(boss):
        a = spec("a")
        await boss.apply(files(a))
        world.cut = {"id-x"}
        await boss.apply(files(moved(a, "id-x")))
        began = now()
        await boss.stop()
        return now() - began

    assert supervised(main) < 3
    assert all(gateway.closed for gateway in world.gateways.values())
    assert all(agent.closed for agent in world.agents)


def test_an_app_that_cannot_even_be_opened_holds_up_its_own_bot_only_and_is_told(world, monkeypatch):
    def fails(type_name, credentials, endpoint, spent, limiter):
        if credentials["client_id"] == "id-a":
            raise ImportError("half of it is installed")
        return world.open(type_name, credentials, endpoint, spent, limiter)

    async def main(boss):
        monkeypatch.setattr(gateway_pool, "open_gateway", fails)
        steps = words(await boss.apply(files(spec("a"), spec("b"))))
        early = apps(boss)
        monkeypatch.setattr(gateway_pool, "open_gateway", world.open)
        await asyncio.sleep(60)
        return steps, early, apps(boss)

    steps, early, later = supervised(main)
    assert steps == [("start", ["change.pending"]), ("start", [])]
    assert (early, later) == ({"b": "id-b"}, {"a": "id-a", "b": "id-b"})
