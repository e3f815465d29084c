import asyncio
from dataclasses import replace

import pytest
from fakes import FakeCard, FakeGateway, behaviour, message
from store_contract import KEY, new_turn
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.bot.recovery import BEAT_S, LEASE_S, OrphanFinder, beat, keep_beating
from imbot.errors import CardMissingError, StoreError, TransientError
from imbot.model import CardPhase
from imbot.stores import leases
from imbot.stores.connection import IN_MEMORY
from imbot.stores.sqlite import SqliteStore
from imbot.tasks import keep_alive

LEFT = new_turn(key=replace(KEY, bot="bot"), phase=CardPhase.STREAMING, answer="half", shown="card")


def recovered(*turns, script=("answer",), failures=(), lasting=60.0, age=100.0, latency=0.0):
    """Let a bot find turns that another process left, and go on for so many seconds; bot, turns by id."""

    async def main():
        store, gateway = await SqliteStore.open(IN_MEMORY), FakeGateway()
        gateway.failures = {"finish": list(failures)}
        gateway.latency = latency
        bot = Bot(behaviour(*script), gateway, store, lambda: age + asyncio.get_running_loop().time())
        for turn in turns:
            await store.accept(turn)
            await store.hand_back(turn.id)
        recovery = OrphanFinder(store, lambda: [bot], bot._clock)
        task = asyncio.create_task(recovery.run())
        await asyncio.sleep(lasting)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.drain(1)
        found = [await store.turn(turn.id) for turn in turns]
        await store.close()
        return bot, found

    return run_virtual(main())


def test_a_lease_outlives_a_killed_process_by_ten_seconds_and_is_renewed_in_time():
    assert LEASE_S == 10
    assert LEASE_S >= 3 * BEAT_S


def test_beats_go_on_through_failures_of_the_store(caplog):
    class Store:
        beats = 0

        async def beat(self, now, lease_s):
            self.beats += 1
            if self.beats == 2:
                raise StoreError("disk full")

    async def main():
        store = Store()
        task = asyncio.create_task(keep_beating(store))
        await asyncio.sleep(BEAT_S * 4.5)
        task.cancel()
        return store.beats

    assert run_virtual(main()) == 5
    assert "disk full" in caplog.text


def test_what_a_process_leaves_is_taken_up_within_seconds_of_the_end_of_its_lease():
    async def main():
        store, now = await SqliteStore.open(IN_MEMORY), asyncio.get_running_loop().time
        bot = Bot(behaviour("answer"), FakeGateway(), store, now)
        await store.accept(LEFT)
        await store._write(lambda connection: connection.execute("UPDATE turns SET process = 'another'"))
        await store._write(leases.renew_lease("another", now(), LEASE_S))
        recovering = asyncio.create_task(OrphanFinder(store, lambda: [bot], now).run())
        shown = []
        for wait_s in (LEASE_S - 0.5, 3.5):
            await asyncio.sleep(wait_s)
            shown.append(bot.gateway.names())
        recovering.cancel()
        await asyncio.gather(recovering, return_exceptions=True)
        await bot.drain(1)
        await store.close()
        return shown

    assert run_virtual(main()) == [[], ["finish"]]


def test_an_open_card_is_ended_once():
    bot, (turn,) = recovered(LEFT)
    assert bot.gateway.names() == ["finish"]
    assert (bot.gateway.last().phase, turn.phase) == (CardPhase.STOPPED, CardPhase.STOPPED)
    assert bot.behaviour.agent.asked == []
    assert bot._counters.turns == {("bot", CardPhase.STOPPED): 1}


def test_a_young_question_without_a_card_is_answered_by_its_own_turn():
    turn = replace(LEFT, phase=CardPhase.THINKING, answer="", shown="", accepted_at=95.0)
    bot, (kept,) = recovered(turn, failures=[CardMissingError("none")])
    assert bot.gateway.names() == ["create", "finish"]
    assert (kept.phase, kept.answer, kept.card.id) == (CardPhase.FINAL, "answer", "card1")
    assert bot.turns_total == 1


def test_questions_of_one_conversation_are_answered_afresh_in_their_order():
    turns = [
        replace(
            LEFT, id=f"turn{n}", message_id=f"msg{n}", question=f"q{n}", card=replace(LEFT.card, id=f"card{n}"),
            phase=CardPhase.THINKING, answer="", shown="", accepted_at=95.0 + n,
        )
        for n in (2, 1, 3)
    ]  # fmt: skip
    bot, _ = recovered(*turns, script=(3, "answer"), failures=[CardMissingError("none")] * 3)
    assert [text for text, _ in bot.behaviour.agent.asked] == ["q1", "q2", "q3"]


def test_an_order_that_was_not_obeyed_is_obeyed_now():
    turn = replace(LEFT, phase=CardPhase.THINKING, question="/help", answer="", shown="", accepted_at=99.0)
    bot, (kept,) = recovered(turn, failures=[CardMissingError("none")])
    assert (bot.gateway.texts, kept.phase) == (["<help>"], CardPhase.FINAL)


def test_what_cannot_be_ended_now_is_tried_ever_more_rarely_until_it_can():
    bot, (turn,) = recovered(LEFT, failures=[TransientError("busy")] * 4, lasting=600)
    assert turn.phase == CardPhase.STOPPED
    assert bot.gateway.names() == ["finish"]


@pytest.mark.parametrize("latency", [0.0, 15.0])
def test_a_platform_that_stays_broken_is_not_stormed(latency):
    bot, (turn,) = recovered(LEFT, failures=[TransientError("busy")] * 1000, lasting=3600, latency=latency)
    assert not turn.phase.terminal
    assert 12 <= 1000 - len(bot.gateway.failures["finish"]) <= 60


def test_turns_of_bots_that_do_not_run_are_left_alone():
    bot, (turn,) = recovered(replace(LEFT, bot="gone", conversation=replace(KEY, bot="gone")))
    assert (bot.gateway.shown, turn.phase) == ([], CardPhase.STREAMING)


async def test_a_turn_of_a_bot_that_is_removed_meanwhile_is_left_to_who_comes_next():
    store, running = await SqliteStore.open(IN_MEMORY), []
    bot = Bot(behaviour(), FakeGateway(), store)
    await store.accept(LEFT)
    await store.hand_back(LEFT.id)
    adopt = store.adopt

    async def removed(*of):
        running.clear()
        return await adopt(*of)

    running.append(bot)
    store.adopt = removed
    await OrphanFinder(store, lambda: list(running)).look()
    assert (bot.turns_running, bot.gateway.shown) == (0, [])
    assert [turn.id for turn in await store.orphans("bot", 0.0)] == [LEFT.id]
    await store.close()


def test_a_failing_store_or_bot_does_not_end_the_search(caplog):
    class Store:
        asked = 0

        async def bots_with_orphans(self, now):
            self.asked += 1
            raise StoreError("disk full") if self.asked == 1 else ZeroDivisionError

    async def main():
        store = Store()
        bot = Bot(behaviour(), FakeGateway(), store)
        finder = OrphanFinder(store, lambda: [bot])
        task = asyncio.create_task(keep_alive("orphan_finder", finder.run))
        await asyncio.sleep(10)
        task.cancel()
        return store.asked

    assert run_virtual(main()) >= 3
    assert "disk full" in caplog.text
    assert "ZeroDivisionError" in caplog.text


async def test_two_processes_on_one_store_leave_each_others_turns_alone(tmp_path):
    stores = [await SqliteStore.open(tmp_path / "a.db") for _ in range(2)]
    bots = [Bot(behaviour("half", 30), FakeGateway(), store) for store in stores]
    for store, bot, number in zip(stores, bots, (1, 2), strict=True):
        await beat(store)
        await bot.on_message(message(id=f"m{number}", sender=f"u{number}"))
    for store, bot in zip(stores, bots, strict=True):
        await OrphanFinder(store, lambda bot=bot: [bot]).look()
        assert bot.turns_running == 1
    for store, bot in zip(stores, bots, strict=True):
        await bot.drain(0)
        assert bot.gateway.names().count("finish") == 1
        await store.close()


@pytest.mark.parametrize("process", ["drained", "closed"])
async def test_a_clean_end_leaves_nothing_to_recover_or_hands_it_over_at_once(tmp_path, process):
    store, next_store = [await SqliteStore.open(tmp_path / "a.db") for _ in range(2)]
    await beat(store)
    bot = Bot(behaviour("half", 30), FakeGateway(), store)
    await bot.on_message(message())
    if process == "drained":
        await bot.drain(0)
    await store.close()
    heir = Bot(behaviour(), FakeGateway(), next_store)
    await OrphanFinder(next_store, lambda: [heir]).look()
    assert heir.turns_running == (process == "closed")
    await heir.drain(1)
    await bot.drain(0)
    await next_store.close()


def test_what_a_failing_store_missed_of_an_ended_turn_is_recorded_when_it_is_back():
    async def main():
        store, gateway = await SqliteStore.open(IN_MEMORY), FakeGateway()
        bot = Bot(behaviour("answer"), gateway, store)
        recovery = asyncio.create_task(OrphanFinder(store, lambda: [bot]).run())
        await bot.on_message(message())
        update = store.update_turn

        async def failing(turn_id, **changes):
            raise StoreError("disk full")

        store.update_turn = failing
        await asyncio.sleep(60)
        missed = await store.turn_of_card("card-m1")
        assert not missed.phase.terminal
        store.update_turn = update
        await asyncio.sleep(5)
        kept = await store.turn(missed.id)
        recovery.cancel()
        await asyncio.gather(recovery, return_exceptions=True)
        await bot.drain(1)
        await store.close()
        return kept, gateway.names()

    kept, names = run_virtual(main())
    assert (kept.phase, kept.answer) == (CardPhase.FINAL, "answer")
    assert names.count("finish") == 1


async def test_a_process_that_was_taken_for_dead_says_nothing_of_what_another_took_over(tmp_path):
    asleep, heir = [await SqliteStore.open(tmp_path / "a.db") for _ in range(2)]
    bots = [
        Bot(behaviour(0.5, "answer", card=FakeCard(live=False)), FakeGateway(), store)
        for store in (asleep, heir)
    ]
    await bots[0].on_message(message())  # no beat: its lease is over
    await OrphanFinder(heir, lambda: bots[1:]).look()
    for bot in bots:
        await bot.drain(5)
    (turn,) = [await heir.turn_of_card("card-m1")]
    assert [bot.gateway.texts for bot in bots] == [[], ["answer"]]
    assert turn.phase == CardPhase.FINAL
    for store in (asleep, heir):
        await store.close()
