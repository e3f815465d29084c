import asyncio
from dataclasses import replace

import pytest
from fakes import FakeCard, FakeGateway, FakeStore, behaviour, message, spec
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.bot.ordering import trimmed
from imbot.errors import StoreError, TakenOverError
from imbot.model import CardAction, CardPhase, ConversationKey, Exchange
from imbot.spec import Access, CardSpec, ConversationSpec, HistorySpec, Limits


def a_bot(*script, **changes):
    return Bot(behaviour(*script, **changes), FakeGateway(), FakeStore())


async def done(bot):
    while bot.turns_running:
        await asyncio.sleep(0.01)


def test_invariant_5_the_ack_never_waits_for_the_agent():
    async def main():
        bot = a_bot(100, "slow")
        before = asyncio.get_running_loop().time()
        await bot.on_message(message())
        waited = asyncio.get_running_loop().time() - before
        await done(bot)
        return waited

    assert run_virtual(main()) < 0.1


def test_invariant_5_a_message_is_acknowledged_only_when_the_journal_has_it():
    async def main():
        bot = a_bot("answer")
        bot._store.latency = 0.5
        taking_over = asyncio.create_task(bot.on_message(message()))
        await asyncio.sleep(0.4)
        early = taking_over.done()
        await taking_over
        journalled = len(bot._store.turns)
        await done(bot)
        return early, journalled

    assert run_virtual(main()) == (False, 1)


def test_invariant_5_the_same_message_id_never_makes_two_turns():
    async def main():
        bot = a_bot("answer")
        await asyncio.gather(*(bot.on_message(message()) for _ in range(5)))
        await done(bot)
        again = Bot(bot.behaviour, bot.gateway, bot._store)  # a restart: only the store remembers
        await again.on_message(message())
        await done(again)
        return bot

    bot = run_virtual(main())
    assert len(bot._store.turns) == 1
    assert bot.gateway.names().count("finish") == 1


def test_invariant_6_turns_of_one_conversation_run_in_order():
    async def main():
        bot = a_bot(5, "answer")
        for number in range(4):
            await bot.on_message(message(f"q{number}", id=f"m{number}"))
        while bot.turns_running:
            assert bot.behaviour.agent.running <= 1
            await asyncio.sleep(0.5)
        return bot

    bot = run_virtual(main())
    assert [text for text, _ in bot.behaviour.agent.asked] == ["q0", "q1", "q2", "q3"]


def test_invariant_6_different_conversations_run_at_once():
    async def main():
        bot = a_bot(5, "answer")
        for number in range(4):
            await bot.on_message(message(id=f"m{number}", sender=f"u{number}"))
        await asyncio.sleep(1)
        running = bot.behaviour.agent.running
        await done(bot)
        return running

    assert run_virtual(main()) == 4


def test_a_group_may_share_its_conversation():
    async def main(policy):
        bot = a_bot(5, "answer", conversation=ConversationSpec(policy, 3600))
        for number in range(2):
            await bot.on_message(message(id=f"m{number}", sender=f"u{number}", kind="group"))
        await asyncio.sleep(1)
        running = bot.behaviour.agent.running
        await done(bot)
        return running

    assert run_virtual(main("per_sender")) == 2
    assert run_virtual(main("shared")) == 1


def test_invariant_4_every_accepted_message_gets_one_terminal_answer_when_drained():
    async def main():
        bot = a_bot("half", 1000, "never")
        for number in range(6):
            await bot.on_message(message(id=f"m{number}", sender=f"u{number % 3}"))
        await asyncio.sleep(2)
        await bot.drain(1.0)
        return bot

    bot = run_virtual(main())
    assert {turn.phase for turn in bot._store.turns.values()} <= {CardPhase.STOPPED, CardPhase.FINAL}
    assert len(bot._store.turns) == 6
    assert bot.gateway.names().count("finish") == 3  # what was being answered
    assert bot.gateway.texts == ["<stopped>"] * 3  # what was waiting


def test_invariant_4_an_end_that_is_being_shown_when_the_time_is_up_is_shown():
    async def main():
        bot = a_bot("answer", 1)
        await bot.on_message(message())
        await asyncio.sleep(0.5)
        bot.gateway.latency = 3
        await asyncio.sleep(1)
        await bot.drain(0.5)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.names().count("finish") == 1
    assert bot._store.only().phase == CardPhase.FINAL


def test_invariant_9_stopping_is_bounded_when_the_platform_hangs():
    async def main():
        bot = a_bot("half", 1000)
        await bot.on_message(message())
        await asyncio.sleep(2)
        bot.gateway.latency = 10_000
        before = asyncio.get_running_loop().time()
        await bot.drain(1.0)
        return asyncio.get_running_loop().time() - before, bot._store

    took, store = run_virtual(main())
    assert took < 10
    assert store.orphaned == [store.only().id], "its card is left to whoever comes next"


def test_invariant_7_nothing_is_left_running_after_a_drain():
    async def main():
        bot = a_bot("half", 1000)
        for number in range(3):
            await bot.on_message(message(id=f"m{number}"))
        await bot.drain(0.5)
        return asyncio.all_tasks() - {asyncio.current_task()}, bot.behaviour.agent

    left, agent = run_virtual(main())
    assert left == set()
    assert agent.closed
    assert agent.running == 0


def test_a_turn_keeps_the_behaviour_it_began_with():
    async def main():
        bot = a_bot("old", 5)
        old = bot.behaviour
        await bot.on_message(message(id="m1"))
        await bot.on_message(message(id="m2"))  # waits, so it takes the new one
        await asyncio.sleep(1)
        new = behaviour("new")
        bot.use_behaviour(new)
        closed_early = old.agent.closed
        await done(bot)
        return bot, old, new, closed_early

    bot, old, new, closed_early = run_virtual(main())
    finals = [view.data["answer"] for name, view in bot.gateway.shown if name == "finish"]
    assert finals == ["old", "new"]
    assert (closed_early, old.agent.closed, new.agent.closed) == (False, True, False)


def test_stop_ends_the_running_turn_as_stopped():
    async def main():
        bot = a_bot("half", 1000)
        await bot.on_message(message(id="m1"))
        await asyncio.sleep(2)
        await bot.on_message(message("/stop", id="m2"))
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.last().phase == CardPhase.STOPPED
    assert bot.gateway.last().data["answer"] == "half"
    assert bot.gateway.texts == ["<stopped>"]


@pytest.mark.parametrize("order", ["/help", "/new", None])
def test_other_orders_stop_no_answer(order):
    async def main():
        bot = a_bot("half", 5, "whole")
        await bot.on_message(message(id="m1"))
        await asyncio.sleep(2)
        await bot.on_message(message(order, id="m2"))
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert (bot.gateway.last().phase, bot.gateway.last().data["answer"]) == (CardPhase.FINAL, "halfwhole")


def test_a_second_stop_is_answered_too_and_does_not_cut_off_the_first():
    async def main():
        bot = a_bot("half", 1000)
        bot.gateway.latency = 1.0
        await bot.on_message(message(id="m1"))
        await asyncio.sleep(2)
        await asyncio.gather(*(bot.on_message(message("/stop", id=f"m{number}")) for number in (2, 3)))
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.texts == ["<stopped>"] * 2
    assert {turn.phase for turn in bot._store.turns.values()} == {CardPhase.FINAL, CardPhase.STOPPED}


def test_a_second_stop_does_not_cut_off_an_end_that_is_being_shown():
    async def main():
        bot = a_bot("half", 1000)
        await bot.on_message(message(id="m1"))
        await asyncio.sleep(2)
        bot.gateway.latency = 3
        for number in (2, 3):
            await bot.on_message(message("/stop", id=f"m{number}"))
            await asyncio.sleep(1)
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert (bot.gateway.names()[-1], bot.gateway.last().phase) == ("finish", CardPhase.STOPPED)
    assert {turn.phase for turn in bot._store.turns.values()} == {CardPhase.FINAL, CardPhase.STOPPED}


def test_invariant_4_an_order_is_still_answered_while_its_bot_is_drained():
    async def main():
        bot = a_bot("answer")
        bot.gateway.latency = 1.0
        await bot.on_message(message("/help"))
        await bot.drain(0.1)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.texts == ["<help>"]
    assert bot._store.only().phase == CardPhase.FINAL


@pytest.mark.parametrize("call", ["accept", "history"])
def test_invariant_4_a_defect_of_a_store_does_not_leave_people_without_an_answer(call, caplog):
    async def fail(*_, **__):
        raise ZeroDivisionError

    async def main():
        bot = a_bot("answer")
        setattr(bot._store, call, fail)
        await bot.on_message(message())
        await done(bot)
        return bot.gateway.texts

    assert run_virtual(main()) == ["<error>"]
    assert "ZeroDivisionError" in caplog.text


def test_a_store_that_cannot_keep_up_the_journal_does_not_cost_the_answer(caplog):
    async def fail(*_, **__):
        raise ZeroDivisionError

    async def main():
        bot = a_bot("half", 3, "whole")
        bot._store.update_turn = fail
        await bot.on_message(message())
        await done(bot)
        return bot.gateway

    gateway = run_virtual(main())
    assert gateway.last().data["answer"] == "halfwhole"
    assert gateway.texts == []
    assert "ZeroDivisionError" in caplog.text


def test_a_message_that_is_just_being_recorded_is_answered_before_its_bot_has_drained():
    async def main():
        bot = a_bot("answer", 1, "!")
        bot._store.latency = 0.5
        arriving = asyncio.create_task(bot.on_message(message()))
        await asyncio.sleep(0.1)
        await bot.drain(10)
        await arriving
        return bot

    bot = run_virtual(main())
    assert bot.gateway.last().data["answer"] == "answer!"
    assert bot.behaviour.agent.closed


def test_a_card_belongs_to_the_app_its_message_came_to():
    async def main():
        bot = a_bot("answer")
        old, bot._store.latency = bot.gateway, 0.5
        arriving = asyncio.create_task(bot.on_message(message()))
        await asyncio.sleep(0.1)
        bot.gateway = FakeGateway()
        await arriving
        await done(bot)
        return old, bot.gateway

    old, new = run_virtual(main())
    assert (old.last().phase, new.shown) == (CardPhase.FINAL, [])


def test_new_forgets_the_history_and_says_so():
    async def main():
        bot = a_bot("answer")
        await bot.on_message(message(" /NEW "))
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert bot._store.anew == [ConversationKey("bot", "c1", "u1")]
    assert bot.gateway.texts == ["<new>"]
    assert bot.behaviour.agent.asked == []


def test_what_cannot_be_read_gets_a_kind_sentence_and_an_empty_message_help():
    async def main():
        bot = a_bot("answer")
        await bot.on_message(message(None, id="m1"))
        await bot.on_message(message("", id="m2"))
        await done(bot)
        return bot

    assert sorted(run_virtual(main()).gateway.texts) == ["<help>", "<unsupported>"]


@pytest.mark.parametrize(("turns", "chars"), [(2, 1000), (10, 10)])
def test_history_is_told_within_its_limits(turns, chars):
    async def main():
        bot = a_bot("answer", history=HistorySpec(turns, chars))
        bot._store.past = [Exchange(str(i) * 2, "aa") for i in range(5)]
        await bot.on_message(message())
        await done(bot)
        return bot.behaviour.agent.asked[0][1]

    assert run_virtual(main()) == [Exchange("33", "aa"), Exchange("44", "aa")]


def test_history_is_not_looked_up_for_an_agent_that_ignores_it():
    async def main():
        bot = a_bot("answer")
        bot.behaviour.agent.wants_history = False
        bot._store.past = [Exchange("a", "b")]
        await bot.on_message(message())
        await done(bot)
        return bot.behaviour.agent.asked

    assert run_virtual(main()) == [("hi", [])]


def test_an_update_while_the_history_is_read_leaves_the_turn_what_it_began_with():
    async def main():
        bot = a_bot("old")
        old, past = bot.behaviour.agent, bot._store.history

        async def history(*args, **options):
            bot.use_behaviour(behaviour("new"))
            await asyncio.sleep(1)
            return [*await past(*args, **options), Exchange("open", str(not old.closed))]

        bot._store.history = history
        await bot.on_message(message())
        await done(bot)
        await asyncio.sleep(0)
        return bot.gateway.last().data["answer"], old.asked, old.closed

    assert run_virtual(main()) == ("old", [("hi", [Exchange("open", "True")])], True)


def test_an_end_that_the_store_did_not_take_is_recorded_when_it_is_back():
    async def main():
        bot = a_bot("answer", 5)
        await bot.on_message(message())
        await asyncio.sleep(1)
        bot._store.failure = StoreError("disk full")
        await done(bot)
        early = await bot.recorded(), bot._store.only().phase.terminal
        bot._store.failure = None
        return early, await bot.recorded(), bot._store.only()

    early, late, turn = run_virtual(main())
    assert early == (False, False)
    assert (late, turn.phase, turn.answer) == (True, CardPhase.FINAL, "answer")


def test_an_end_that_the_store_did_not_take_is_recorded_before_the_bot_is_gone():
    async def main():
        bot = a_bot("answer", 5)
        await bot.on_message(message())
        await asyncio.sleep(1)
        bot._store.failure = StoreError("disk full")
        await done(bot)
        bot._store.failure = None
        await bot.drain(1)
        return bot._store.only().phase

    assert run_virtual(main()) == CardPhase.FINAL


def test_a_message_that_comes_again_while_the_store_fails_is_answered_once():
    async def main():
        bot = a_bot("answer")
        bot._store.failure = StoreError("disk full")
        for _ in range(3):
            await bot.on_message(message())
            await done(bot)
        return bot.gateway.names()

    assert run_virtual(main()) == ["create", "finish"]


def test_a_question_that_another_process_has_taken_over_while_it_waited_is_left_to_it():
    async def main():
        bot = Bot(behaviour(20, "answer"), FakeGateway(), FakeStore(), asyncio.get_running_loop().time)
        for number in (1, 2):
            await bot.on_message(message(id=f"m{number}"))
        update = bot._store.update_turn

        async def update_turn(turn_id, **changes):
            if bot._store.turns[turn_id].message_id == "m2":
                raise TakenOverError("another process has it")
            await update(turn_id, **changes)

        bot._store.update_turn = update_turn
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert len(bot.behaviour.agent.asked) == 1
    assert (bot.gateway.names().count("finish"), bot.gateway.texts) == (1, [])


@pytest.mark.parametrize(
    ("by", "user", "phase"),
    [("asker", "u2", "final"), ("asker", "u1", "stopped"), ("anyone", "u2", "stopped")],
)
def test_in_a_shared_conversation_an_order_stops_whom_the_button_would(by, user, phase):
    async def main():
        bot = a_bot(5, "answer", conversation=ConversationSpec("shared", 3600))
        bot.use_behaviour(replace(bot.behaviour, spec=replace(bot.spec, card=CardSpec("ai", actions_by=by))))
        await bot.on_message(message(id="m1", sender="u1", kind="group"))
        await asyncio.sleep(1)
        await bot.on_message(message("/stop", id="m2", sender=user, kind="group"))
        await done(bot)
        return next(turn.phase for turn in bot._store.turns.values() if turn.message_id == "m1")

    assert run_virtual(main()) == phase


def test_trimming_keeps_the_newest():
    past = [Exchange("a" * 5, ""), Exchange("b" * 5, ""), Exchange("c" * 5, "")]
    assert trimmed(past, 10) == past[1:]
    assert trimmed(past, 4) == []
    assert trimmed(past, 100) == past


def rated(kind="single", layout="layout-1", action="feedback:good"):
    async def main():
        bot = a_bot("answer")
        await bot.on_message(message(kind=kind))
        await done(bot)
        store = bot._store
        turn = store.only()
        store.turns[turn.id] = replace(turn, layout=layout)
        return store, await bot.on_action(CardAction(turn.card.id, action, "u1"))

    return run_virtual(main())


def test_a_click_is_stored_and_changes_the_card():
    store, change = rated()

    assert [(f.user_id, f.rating) for f in store.ratings] == [("u1", "good")]
    assert change.data == {"chosen": "good"}
    assert not change.private


def test_a_click_counts_as_soon_as_the_end_is_seen():
    async def main():
        bot = a_bot("answer", 1)
        bot.gateway.late["finish"] = 20  # the card shows its end, and the call's answer is on its way
        await bot.on_message(message())
        await asyncio.sleep(5)
        assert bot.turns_running
        change = await bot.on_action(CardAction(bot._store.only().card.id, "feedback:good", "u1"))
        await done(bot)
        return bot._store, change

    store, change = run_virtual(main())
    assert [f.rating for f in store.ratings] == ["good"]
    assert change.data == {"chosen": "good"}


def test_a_click_on_an_answer_that_still_grows_means_nothing():
    async def main():
        bot = a_bot("half", 10)
        await bot.on_message(message())
        await asyncio.sleep(5)
        change = await bot.on_action(CardAction(bot._store.only().card.id, "feedback:good", "u1"))
        await done(bot)
        return bot._store.ratings, change

    assert run_virtual(main()) == ([], None)


def test_a_click_in_a_group_changes_only_the_clickers_view():
    assert rated(kind="group")[1].private


def test_a_click_that_means_nothing_changes_nothing():
    store, change = rated(action="dance:now")
    assert (store.ratings, change) == ([], None)


def test_a_click_works_after_the_behaviour_was_swapped():
    async def main():
        bot = a_bot("answer")
        await bot.on_message(message())
        await done(bot)
        new = behaviour("other", card=FakeCard(fingerprint="layout-2"))
        bot.use_behaviour(new)
        return await bot.on_action(CardAction(bot._store.only().card.id, "feedback:good", "u1"))

    assert run_virtual(main()).data == {"chosen": "good"}


class Loud(FakeCard):
    """Shows a rating in its title as well."""

    def render(self, context):
        view = super().render(context)
        return replace(view, data={**view.data, "title": context.chosen})


@pytest.mark.parametrize(("layout", "keys"), [("layout-1", {"chosen", "title"}), ("layout-2", {"chosen"})])
def test_a_click_changes_but_the_buttons_of_a_card_whose_layout_was_another(layout, keys):
    async def main():
        bot = a_bot("answer")
        await bot.on_message(message())
        await done(bot)
        bot.use_behaviour(behaviour("other", card=Loud(fingerprint=layout)))
        return await bot.on_action(CardAction(bot._store.only().card.id, "feedback:good", "u1"))

    assert run_virtual(main()).data.keys() == keys


def test_spec_of_a_bot_is_what_runs():
    async def main():
        bot = a_bot("answer")
        bot.use_behaviour(replace(bot.behaviour, spec=spec("bot", title="New")))
        await asyncio.sleep(0.1)
        return bot.spec.title

    assert run_virtual(main()) == "New"


def limits(**changes):
    return Limits(
        **{"per_user": 2, "per_bot": 100, "queue": 200, "message_chars": 100, "answer_chars": 1000} | changes
    )


def test_who_finds_no_place_is_told_at_once_and_recorded():
    async def main():
        bot = a_bot(5, "answer", limits=limits(per_bot=2, queue=3))
        for number in range(7):
            await bot.on_message(message(id=f"m{number}", sender=f"u{number}"))
        await asyncio.sleep(1)
        at_once = list(bot.gateway.texts), bot.behaviour.agent.running
        await done(bot)
        return bot, at_once

    bot, at_once = run_virtual(main())
    assert at_once == (["<busy>"] * 2, 2)
    assert bot.gateway.texts == ["<busy>"] * 2
    assert len(bot.behaviour.agent.asked) == 5
    assert {turn.phase for turn in bot._store.turns.values()} == {CardPhase.FINAL}
    assert len(bot._store.turns) == 7


def test_the_third_question_of_a_person_waits_and_an_order_does_not():
    async def main():
        bot = a_bot(5, "answer", limits=limits(per_user=1))
        for number in range(3):
            await bot.on_message(message(id=f"m{number}", conversation=f"c{number}"))
        await bot.on_message(message("/help", id="m9", conversation="c9"))
        await asyncio.sleep(1)
        seen = bot.behaviour.agent.running, list(bot.gateway.texts)
        await done(bot)
        return bot, seen

    bot, seen = run_virtual(main())
    assert seen == (1, ["<help>"])
    assert len(bot.behaviour.agent.asked) == 3


def test_a_waiting_question_can_be_stopped_and_makes_room():
    async def main():
        bot = a_bot(1000, "answer", limits=limits(per_bot=1, queue=1))
        await bot.on_message(message(id="m1", sender="u1"))
        await bot.on_message(message(id="m2", sender="u2"))
        await bot.on_message(message("/stop", id="m3", sender="u2"))
        await asyncio.sleep(1)
        await bot.on_message(message(id="m4", sender="u3"))
        await asyncio.sleep(1)
        waiting = bot._concurrency.waiting
        await bot.drain(0.1)
        return bot, waiting

    bot, waiting = run_virtual(main())
    assert waiting == 1
    assert bot.gateway.texts.count("<busy>") == 0
    assert (bot._concurrency.waiting, bot._concurrency._active) == (0, set())


def test_limits_do_not_count_for_admins_and_follow_the_bot_file():
    async def main():
        bot = a_bot(5, "answer", limits=limits(per_bot=1, queue=0), access=Access(admins=("boss",)))
        for number, sender in enumerate(["u1", "u2", "boss"]):
            await bot.on_message(
                message("x" * 101 if sender == "boss" else "hi", id=f"m{number}", sender=sender)
            )
        await asyncio.sleep(1)
        running = bot.behaviour.agent.running
        bot.use_behaviour(behaviour("new", limits=limits(per_bot=2)))
        await bot.on_message(message(id="m4", sender="u2"))
        await done(bot)
        return bot, running

    bot, running = run_virtual(main())
    assert running == 2
    assert bot.gateway.texts == ["<busy>"]
    assert len(bot.behaviour.agent.asked) == 1


def test_an_admins_answer_is_cut_as_that_of_anybody():
    async def main():
        bot = a_bot("x" * 1500, limits=limits(), access=Access(admins=("boss",)))
        await bot.on_message(message("x" * 101, id="m1", sender="boss"))
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.texts == []
    assert bot.gateway.last().data["answer"] == "x" * 1000


def test_a_message_that_is_too_long_is_not_cut_but_answered():
    async def main():
        bot = a_bot("answer", limits=limits())
        await bot.on_message(message("x" * 101, id="m1"))
        await bot.on_message(message("x" * 100, id="m2"))
        await done(bot)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.texts == ["<too_long>"]
    assert [text for text, _ in bot.behaviour.agent.asked] == ["x" * 100]


def test_a_group_reads_once_in_a_while_that_somebody_is_refused(caplog):
    now = 1000.0

    async def main():
        nonlocal now
        bot = Bot(
            behaviour("answer", access=Access(users=("u9",))), FakeGateway(), FakeStore(), clock=lambda: now
        )
        told = []
        for number, (kind, wait) in enumerate([("group", 0), ("group", 10), ("single", 0), ("group", 1000)]):
            now += wait
            await bot.on_message(message(id=f"m{number}", kind=kind))
            await done(bot)
            told.append(len(bot.gateway.texts))
        return bot, told

    caplog.set_level("INFO")
    bot, told = run_virtual(main())
    assert told == [1, 1, 2, 3]
    assert bot.behaviour.agent.asked == []
    assert len(bot._store.turns) == 4
    assert {turn.phase for turn in bot._store.turns.values()} == {CardPhase.FINAL}
    assert "u1 in c1: refused" in caplog.text


def test_a_redelivered_message_takes_no_place():
    async def main():
        bot = a_bot(5, "answer", limits=limits(per_bot=1, queue=0))
        await bot.on_message(message())
        await done(bot)
        again = Bot(bot.behaviour, bot.gateway, bot._store)
        await again.on_message(message())
        await done(again)
        return again

    again = run_virtual(main())
    assert again.gateway.texts == []
    assert again._concurrency._active == set()
