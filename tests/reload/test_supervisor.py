import asyncio
import logging
from dataclasses import replace

import pytest
from fakes import FakeAgent, FakeStore, message, spec
from supervised import World, changed, files, moved, state
from virtual import run_virtual

from imbot.errors import ConfigError, FatalError, Problem, StoreError
from imbot.model import CardPhase
from imbot.reload import agent_probe
from imbot.reload import rollout as rollout
from imbot.reload.supervisor import Supervisor
from imbot.spec import QuotaSpec


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_a_bot_starts_is_updated_in_place_and_stops(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        gateway = world.gateways["id-a"]
        await boss.apply(files(changed(a, title="New")))
        await gateway.handler.on_message(message())
        await asyncio.sleep(5)
        await boss.apply(files())
        await asyncio.sleep(1)
        return boss, gateway

    boss, gateway = run_virtual(main())
    assert world.opened == ["id-a"]
    assert gateway.last().data["answer"] == "New"
    assert (gateway.closed, boss.status()) == (True, [])


def test_invariant_1_a_failed_reload_leaves_every_running_bot_as_it_was(world):
    async def main():
        boss, a, b = Supervisor(FakeStore()), spec("a"), spec("b")
        await boss.apply(files(a, b))
        world.broken = {"a"}
        await boss.apply(files(changed(a), changed(b)))
        rejected = state(boss)
        await boss.apply(files(a, changed(b)))
        healed = state(boss)
        await boss.stop()
        return rejected, healed

    rejected, healed = run_virtual(main())
    assert rejected == {"a": ("connected", 1, True), "b": ("connected", 2, False)}
    assert healed == {"a": ("connected", 1, False), "b": ("connected", 2, False)}


def test_invariant_2_an_unchanged_file_never_reconnects(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        for _ in range(5):
            await boss.apply(files(a))
        rows = boss.status()
        await boss.stop()
        return rows

    (row,) = run_virtual(main())
    assert world.opened == ["id-a"]
    assert (row.generation, row.fingerprint, row.state) == (1, "f-a", "connected")


def test_a_new_secret_is_proven_and_swapped_without_a_connection(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        gateway = world.gateways["id-a"]
        good = {**a.credentials, "client_secret": "good"}
        await boss.apply(files(changed(a, credentials=good)))
        gateway.failures["prove"] = [FatalError("wrong secret")]
        bad = {**a.credentials, "client_secret": "bad"}
        steps = await boss.apply(files(changed(a, credentials=bad, fingerprint="x")))
        await boss.stop()
        return gateway, steps

    gateway, steps = run_virtual(main())
    assert gateway.credentials["client_secret"] == "good"
    assert world.opened == ["id-a"]
    assert "wrong secret" in steps[0].problems[0].message
    assert "good" not in steps[0].problems[0].message


def test_another_rate_of_calls_holds_for_the_connection_that_stands(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        await boss.apply(files(changed(a, quota=QuotaSpec(60))))
        await boss.stop()
        return world.gateways["id-a"].qps, world.opened

    assert run_virtual(main()) == (60, ["id-a"])


def test_a_bot_moves_to_another_app_only_when_that_is_connected(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        old = world.gateways["id-a"]
        world.cut = {"id-x"}
        (waiting,) = await boss.apply(files(moved(a, "id-x")))
        (row,) = boss.status()
        still = old.handler is not None
        world.mend("id-x")
        await asyncio.sleep(1)
        new, closed = boss.status(), old.closed
        await boss.stop()
        return waiting, row, still, new[0], closed

    waiting, row, still, new, closed = run_virtual(main())
    assert (waiting.action, [problem.code for problem in waiting.problems]) == ("replace", ["change.pending"])
    assert (row.generation, row.pending.reason, still) == (1, "no route", True)
    assert (new.generation, new.pending, closed) == (2, None, True)


def test_a_bot_that_has_moved_answers_over_its_new_app(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        await boss.apply(files(moved(a, "id-x")))
        await world.gateways["id-x"].handler.on_message(message())
        await asyncio.sleep(5)
        await boss.stop()
        return [world.gateways[each].names()[-1:] for each in ("id-a", "id-x")]

    assert run_virtual(main()) == [[], ["finish"]]


def test_a_running_turn_keeps_the_old_gateway_until_it_ends(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        old = world.gateways["id-a"]
        await old.handler.on_message(message())
        await boss.apply(files(moved(a, "id-y")))
        await asyncio.sleep(0.05)
        early = old.closed
        await asyncio.sleep(5)
        late = old.closed
        await boss.stop()
        return old, early, late

    old, early, late = run_virtual(main())
    assert old.names()[-1] == "finish"
    assert (early, late) == (False, True)


def test_bots_that_swap_their_apps_keep_both_connections(world):
    async def main():
        boss, a, b = Supervisor(FakeStore()), spec("a"), spec("b")
        await boss.apply(files(a, b))
        before = world.gateways["id-a"].handler
        steps = await boss.apply(files(moved(a, "id-b"), moved(b, "id-a")))
        after = world.gateways["id-b"].handler
        await boss.stop()
        return steps, before, after

    steps, before, after = run_virtual(main())
    assert [step.action for step in steps] == ["replace", "replace"]
    assert before is after
    assert sorted(world.opened) == ["id-a", "id-b"]


def test_a_gateway_with_a_defect_is_run_again(world, caplog):
    async def main():
        world.failures = {"run": [ZeroDivisionError(), ZeroDivisionError()]}
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        await asyncio.sleep(10)
        runs = world.gateways["id-a"].runs
        await boss.stop()
        return runs, asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(main()) == (3, set())
    assert "ZeroDivisionError" in caplog.text


def test_a_renamed_bot_takes_over_the_connection(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        await boss.apply(files(replace(a, name="b", path="bots/b.yaml")))
        await asyncio.sleep(1)
        rows = state(boss)
        await boss.stop()
        return rows

    assert run_virtual(main()) == {"b": ("connected", 1, False)}
    assert world.opened == ["id-a"]


def test_a_rejection_is_said_once_and_remembered(world, caplog):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        world.broken = {"a"}
        for _ in range(3):
            await boss.apply(files(a))
            await asyncio.sleep(10)
        (row,) = boss.status()
        await boss.stop()
        return row

    row = run_virtual(main())
    assert (row.state, row.rejected.problems[0].message) == ("down", "broken card")
    assert caplog.text.count("broken card") == 1


def test_invariant_9_a_stop_closes_connections_lets_turns_end_and_releases_everything(world):
    async def main():
        boss, store = Supervisor(FakeStore(), grace_s=2), spec("a")
        await boss.apply(files(store))
        gateway = world.gateways["id-a"]
        await gateway.handler.on_message(message())
        await boss.stop()
        return gateway, asyncio.all_tasks() - {asyncio.current_task()}

    gateway, left = run_virtual(main())
    assert (gateway.names()[-1], gateway.last().phase) == ("finish", CardPhase.FINAL)
    assert (gateway.closed, gateway.handler, left) == (True, None, set())


def test_a_bot_whose_file_is_renamed_is_shown_with_its_new_name(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        await boss.apply(files(replace(a, path="bots/renamed.yaml")))
        (row,) = boss.status()
        await boss.stop()
        return row.path, row.generation, world.opened

    assert run_virtual(main()) == ("bots/renamed.yaml", 1, ["id-a"])


def test_a_stopped_bot_is_shown_until_it_has_drained(world):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        await world.gateways["id-a"].handler.on_message(message())
        await boss.apply(files())
        (draining,) = boss.status()
        await boss.apply(files(a))
        both = sorted(row.state for row in boss.status())
        await asyncio.sleep(5)
        after = boss.status()
        await boss.stop()
        return draining, both, after

    draining, both, after = run_virtual(main())
    assert (draining.name, draining.state, draining.turns_running) == ("a", "draining", 1)
    assert both == ["connected", "draining"]
    assert [row.state for row in after] == ["connected"]


def test_a_refusal_that_is_only_worded_anew_is_the_same_one(world, caplog):
    async def main():
        boss, a = Supervisor(FakeStore()), spec("a")
        await boss.apply(files(a))
        bad = changed(a, credentials={**a.credentials, "client_secret": "bad"})
        wrong = [FatalError(f"wrong secret, request {request}") for request in range(100)]
        world.gateways["id-a"].failures["prove"] = wrong
        rows = []
        for _ in range(3):
            await boss.apply(files(bad))
            rows += boss.status()
            await asyncio.sleep(100)
        await boss.stop()
        return [row.rejected for row in rows]

    first, *_, last = run_virtual(main())
    assert last.since == first.since
    assert first.problems != last.problems
    assert caplog.text.count("wrong secret") == 1


async def test_a_forecast_prepares_and_calls_no_platform(world):
    a, b, c, d = (spec(name) for name in "abcd")
    world.broken = {"b"}
    running = {s.name: s for s in (a, b, c)}
    secret = changed(a, credentials={**a.credentials, "client_secret": "bad"})
    steps = await rollout.forecast(running, files(secret, changed(b), moved(d, "id-c")).files)

    actions = {step.name: step.action for step in steps}
    assert actions == {"a": "update", "b": "rejected", "d": "start", "c": "stop"}
    assert [change.key for change in steps[0].changes] == ["credentials.client_secret"]
    assert world.opened == []


def test_what_is_wrong_for_many_bots_is_one_line_with_all_of_them(world, caplog):
    shared = Problem(
        "bots/_defaults.yaml", 2, 1, 2, 4, "/card", "template.unknown", "error", "no such variable"
    )

    def prepare(spec_):
        raise ConfigError([shared])

    async def main():
        boss = Supervisor(FakeStore())
        await boss.apply(files(*(spec(name) for name in "abc")))
        world.monkeypatch.setattr(rollout, "prepare", prepare)
        for title in ("New", "Newer"):
            await boss.apply(files(*(changed(spec(name), title=title) for name in "abc")))
        rejected = [row.rejected is not None for row in boss.status()]
        await boss.stop()
        return rejected

    with caplog.at_level(logging.ERROR):
        assert run_virtual(main()) == [True, True, True]
    assert [record.getMessage() for record in caplog.records] == [f"a, b, c: rejected: {shared}"]


def test_the_status_says_that_the_store_fails_until_it_is_back(world):
    async def main():
        store, told = FakeStore(), []
        boss = Supervisor(store)
        await boss.apply(files(spec("a")))
        for number, failure in enumerate([StoreError("disk full"), None]):
            store.failure = failure
            await world.gateways["id-a"].handler.on_message(message(id=f"m{number}"))
            told.append(boss.status()[0].error)
        await boss.stop()
        return told

    assert run_virtual(main()) == ["disk full", ""]


def test_an_agent_that_does_not_answer_holds_up_no_report(world, monkeypatch):
    async def hang(*_):
        await asyncio.sleep(1000)

    async def main():
        boss, now = Supervisor(FakeStore()), asyncio.get_running_loop().time
        steps = await boss.apply(files(spec("a")))
        took_s = now()
        await boss.stop()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return [step.action for step in steps], took_s

    monkeypatch.setattr(FakeAgent, "address", ("agent.test", 80))
    monkeypatch.setattr(agent_probe.asyncio, "open_connection", hang)
    actions, took_s = run_virtual(main())
    assert (actions, took_s < 1) == (["start"], True)
