import asyncio
import logging
from dataclasses import replace
from itertools import pairwise

import pytest
from fakes import FakeAgent, FakeCard, FakeGateway, FakeStore, behaviour, message
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.errors import AgentError, CardMissingError, FatalError, StoreError, TransientError
from imbot.model import (
    CardAction,
    CardPhase,
    CardRef,
    Citation,
    Finished,
    NotFound,
    ReasoningDelta,
    Suggestions,
    TextDelta,
    TextReplace,
    Usage,
)
from imbot.spec import ConversationSpec, Limits, QuotaSpec, Throttle, Timeouts
from imbot.turn.answer import SEQUENCE_BLOCK, card_context
from imbot.usage.accounting import Calendar
from imbot.usage.counters import Counters


def answered(gateway, *script, store=None, wait=400.0, **changes):
    """Send one message to a bot with that script and wait until its turn has ended."""

    async def main():
        bot = Bot(behaviour(*script, **changes), gateway, store or FakeStore())
        await bot.on_message(message())
        async with asyncio.timeout(wait):
            while bot.turns_running:
                await asyncio.sleep(0.01)
        return bot

    return run_virtual(main())


def test_a_slow_answer_is_created_updated_and_finished():
    gateway, store = FakeGateway(), FakeStore()

    answered(gateway, 0.5, "a", 2, "b", 2, "c", store=store)

    assert gateway.names()[0] == "create"
    assert gateway.names()[-1] == "finish"
    assert "update" in gateway.names()
    assert gateway.shown[0][1].phase == CardPhase.THINKING
    assert gateway.last().data["answer"] == "abc"
    assert store.only().phase == CardPhase.FINAL
    assert store.only().answer == "abc"
    assert store.only().finished_at is not None


def test_an_instant_answer_is_created_final():
    gateway = FakeGateway()

    answered(gateway, "all of it")

    assert [(name, view.phase) for name, view in gateway.shown] == [
        ("create", CardPhase.FINAL),
        ("finish", CardPhase.FINAL),
    ]


def test_updates_keep_to_the_budget_and_the_end_still_comes():
    gateway = FakeGateway()

    answered(gateway, *["x", 0.05] * 600, throttle=Throttle("fixed", 20, 1.0, 5))

    assert gateway.names().count("update") <= 19
    assert gateway.last().data["answer"] == "x" * 600


@pytest.mark.parametrize(
    ("throttle", "updates"),
    [
        (Throttle("fixed", 5, 1.0, 1000), 4),
        (Throttle("fixed", 100, 10.0, 1000), 5),
        (Throttle("fixed", 100, 1000.0, 20), 30),
        (Throttle("final_only", 100, 1.0, 1), 0),
    ],
    ids=str,
)
def test_an_answer_of_a_minute_keeps_to_each_key_of_the_throttle(throttle, updates):
    gateway = FakeGateway()

    answered(gateway, 0.5, *["x", 0.1] * 590, throttle=throttle)

    assert gateway.names().count("update") == pytest.approx(updates, abs=1 if updates > 5 else 0)
    assert gateway.last().data["answer"] == "x" * 590


def test_updates_that_are_lost_are_spent_as_well():
    gateway = FakeGateway()
    gateway.failures["update"] = [TransientError("busy")] * 1000

    answered(gateway, *["x", 0.05] * 600, throttle=Throttle("fixed", 20, 1.0, 5))

    assert 1000 - len(gateway.failures["update"]) <= 19
    assert gateway.names() == ["create", "finish"]


def test_an_agent_error_ends_the_card_with_the_partial_answer():
    gateway, store = FakeGateway(), FakeStore()

    answered(gateway, "half", 3, AgentError("gone", code="x"), store=store)

    assert gateway.last().phase == CardPhase.ERROR
    assert gateway.last().data == {"answer": "half", "error": "<error>", "chosen": ""}
    assert store.only().phase == CardPhase.ERROR


def test_a_bug_in_an_agent_costs_its_own_turn_only(caplog):
    gateway = FakeGateway()

    answered(gateway, "half", ZeroDivisionError())

    assert gateway.last().phase == CardPhase.ERROR
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("script", "phase", "failed"),
    [(("a",), "final", 0), ((AgentError("gone"),), "error", 1), ((ZeroDivisionError(),), "error", 1)],
)
def test_answers_are_counted_by_how_they_ended_and_agents_that_failed(script, phase, failed):
    counters = Counters()

    async def main():
        bot = Bot(behaviour(*script), FakeGateway(), FakeStore(), counters=counters)
        await bot.on_message(message())
        while bot.turns_running:
            await asyncio.sleep(0.1)

    run_virtual(main())
    assert (counters.turns, counters.agent_errors["bot"]) == ({("bot", phase): 1}, failed)
    assert sum(counters.first_card.counts) == 1


def test_a_silent_agent_is_stopped_by_the_idle_timeout():
    gateway = FakeGateway()
    patience = Timeouts(connect_s=1, first_event_s=5, idle_s=7, total_s=None, queued_s=600)

    answered(gateway, "a", 1000, timeouts=patience)

    assert gateway.last().phase == CardPhase.ERROR
    assert gateway.last().data["answer"] == "a"


def test_events_become_what_templates_see():
    gateway, store = FakeGateway(), FakeStore()

    answered(
        gateway, ReasoningDelta("hm"), "draft", TextReplace("final"), Citation("t", "u"), Suggestions(("q",)),
        store=store,
    )  # fmt: skip

    assert gateway.last().data["answer"] == "final"
    assert store.only().extras["suggestions"] == ["q"]
    assert store.only().extras["citations"] == [["t", "u", ""]]


def test_nothing_found_is_the_sentence_of_the_bot_file():
    gateway = FakeGateway()

    answered(gateway, NotFound())

    assert gateway.last().data["answer"] == "<not_found>"


def test_a_card_that_cannot_be_made_becomes_text():
    gateway = FakeGateway()
    gateway.failures["create"] = [FatalError("no scope")]

    bot = answered(gateway, "answer", 2)

    assert gateway.shown == []
    assert gateway.texts == ["answer"]
    assert sum(bot._counters.first_card.counts) == 0, "no card was shown"


def test_a_passing_failure_to_create_is_tried_again():
    gateway = FakeGateway()
    gateway.failures["create"] = [TransientError("busy")] * 2

    answered(gateway, "answer", 20)

    assert gateway.names()[0] == "create"
    assert gateway.texts == []


def test_a_card_that_may_stand_although_its_calls_broke_off_is_ended():
    gateway = FakeGateway()
    gateway.failures["create"] = [TransientError("no answer in time")] * 4

    answered(gateway, "answer", 20)

    assert [(name, view.phase) for name, view in gateway.shown] == [("finish", CardPhase.FINAL)]
    assert gateway.texts == []


def test_a_card_that_proves_never_made_becomes_text():
    gateway = FakeGateway()
    gateway.failures["create"] = [TransientError("no answer in time")] * 4
    gateway.failures["finish"] = [FatalError("no such card")]

    answered(gateway, "answer", 20)

    assert gateway.texts == ["answer"]


def test_calls_that_were_surely_refused_leave_no_card_to_end():
    gateway = FakeGateway()
    gateway.failures["create"] = [TransientError("too many", retry_after_s=1)] * 4

    answered(gateway, "answer", 20)

    assert (gateway.shown, gateway.texts) == ([], ["answer"])


@pytest.mark.parametrize("call", ["create", "update", "finish"])
def test_invariant_4_a_defect_of_a_gateway_does_not_keep_people_from_their_answer(call, caplog):
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures[call] = [ZeroDivisionError()]

    answered(gateway, "a", 3, "b", 3, "c", store=store)

    said = gateway.texts or [view.data["answer"] for name, view in gateway.shown if name == "finish"]
    assert said == ["abc"]
    assert store.only().phase == CardPhase.FINAL
    assert "ZeroDivisionError" in caplog.text


def test_a_lost_update_does_not_hurt_the_end():
    gateway = FakeGateway()
    gateway.failures["update"] = [TransientError("busy"), FatalError("gone")]

    answered(gateway, *["x", 2] * 10)

    assert gateway.names() == ["create", "finish"]
    assert gateway.last().data["answer"] == "x" * 10


def test_the_end_is_tried_until_confirmed():
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures["finish"] = [TransientError("busy", retry_after_s=1)] * 5

    bot = answered(gateway, "answer", 2, store=store)

    assert gateway.last().phase == CardPhase.FINAL
    assert (gateway.texts, store.orphaned, store.only().phase) == ([], [], CardPhase.FINAL)
    assert bot._counters.card_calls["finish", "transient"] == 5


def test_a_platform_that_wants_a_pause_gets_it():
    gateway, at = FakeGateway(), []
    gateway.failures["finish"] = [TransientError("busy", retry_after_s=10)] * 2
    call = gateway._call

    async def timed(name):
        if name == "finish":
            at.append(asyncio.get_running_loop().time())
        await call(name)

    gateway._call = timed
    answered(gateway, "answer", 2)

    assert [later - earlier > 9.9 for earlier, later in pairwise(at)] == [True, True]


def test_an_end_that_stays_impossible_becomes_text():
    gateway = FakeGateway()
    gateway.failures["finish"] = [TransientError("busy")] * 50

    answered(gateway, "answer", 2)

    assert gateway.texts == ["answer"]


@pytest.mark.parametrize(("retry_after_s", "sent"), [(1.0, ["answer"]), (None, [])])
def test_text_is_repeated_only_when_it_was_surely_not_sent(retry_after_s, sent):
    gateway = FakeGateway()
    gateway.failures["text"] = [TransientError("?", retry_after_s=retry_after_s)]

    answered(gateway, "answer", card=FakeCard(live=False, kind="markdown"))

    assert gateway.texts == sent


def test_a_kind_that_is_not_live_sends_one_message_at_the_end():
    gateway = FakeGateway()

    answered(gateway, "a", 5, "b", card=FakeCard(live=False, kind="markdown"))

    assert (gateway.shown, gateway.texts) == ([], ["ab"])


def test_a_broken_store_does_not_keep_people_from_their_answer():
    gateway, store = FakeGateway(), FakeStore()
    store.failure = StoreError("disk full")

    bot = answered(gateway, "answer", store=store)

    assert gateway.last().data["answer"] == "answer"
    assert bot.store_error == "disk full"


def test_an_update_that_is_out_comes_back_before_the_end():
    gateway = FakeGateway(latency=0.8)

    answered(gateway, "a", 1.2, "b", 1.2, "c")

    assert gateway.names()[-1] == "finish"
    assert gateway.names().count("finish") == 1


class Road(FakeGateway):
    """An update that has left arrives, also when nobody waits for it any more."""

    async def update_card(self, ref, latest):
        view = latest()
        await asyncio.shield(asyncio.create_task(self._arrive(view)))
        return view

    async def _arrive(self, view):
        await asyncio.sleep(0.8)
        self.shown.append(("update", view))


def test_no_update_arrives_after_the_end():
    gateway = Road()

    answered(gateway, "a", 1.2, "b")

    assert "update" in gateway.names()
    assert gateway.names()[-1] == "finish"


def test_an_update_that_is_refused_for_good_just_as_the_answer_ends_does_not_hold_the_end_up():
    gateway = FakeGateway()
    update = gateway.update_card

    async def refused(ref, latest):
        await update(ref, latest)
        await asyncio.sleep(1)
        raise FatalError("no permission")

    gateway.update_card = refused

    bot = answered(gateway, "a", 1.2, "b", 0.5)

    assert gateway.names()[-1] == "finish"
    assert bot._store.only().phase == CardPhase.FINAL


def test_the_journal_follows_each_phase_and_each_update():
    gateway, store = FakeGateway(), FakeStore()
    seen = []
    update, show = store.update_turn, gateway.update_card

    async def update_turn(turn_id, **changes):
        seen.append(changes)
        await update(turn_id, **changes)

    async def update_card(ref, latest):
        view = await show(ref, latest)
        await asyncio.sleep(0)
        assert store.only().answer == view.data["answer"], "the card showed what the journal had not"
        return view

    store.update_turn, gateway.update_card = update_turn, update_card
    answered(gateway, 0.5, "a", 2, "b", 2, "c", store=store)

    assert seen[0] == {"shown": "card", "phase": CardPhase.THINKING, "extras": {"made_of": ["ai", {}]}}
    partial = [change["answer"] for change in seen if change.get("phase") == CardPhase.STREAMING]
    assert partial[:2] == ["a", "ab"]
    assert (seen[-2]["answer"], seen[-2]["extras"]["ending"]) == ("abc", "final")
    assert seen[-1].keys() == {"phase", "finished_at"}


@pytest.mark.parametrize(("pace", "live"), [("final_only", True), ("adaptive", False)])
def test_the_text_is_journalled_now_and_then_also_where_it_is_not_shown(pace, live):
    store, writes = FakeStore(), []
    update = store.update_turn

    async def update_turn(turn_id, **changes):
        writes.append(changes.get("answer"))
        await update(turn_id, **changes)

    store.update_turn = update_turn
    gateway = FakeGateway()
    answered(
        gateway, *["x", 0.1] * 300, store=store, card=FakeCard(live=live), throttle=Throttle(pace, 20, 1.0, 5)
    )

    partial = [text for text in writes if text and len(text) < 300]
    assert 4 <= len(partial) <= 6


def test_a_slow_store_never_holds_up_the_stream():
    async def slow(*_, **__):
        await asyncio.sleep(30)

    def last_update(store):
        gateway, at = FakeGateway(), []

        async def update_card(ref, latest):
            at.append(asyncio.get_running_loop().time())
            return latest()

        gateway.update_card = update_card
        answered(gateway, *["x", 1.0] * 10, store=store)
        return at

    lame = FakeStore()
    lame.update_turn = slow
    assert last_update(lame) == last_update(FakeStore())


def test_a_text_is_journalled_as_on_its_way_when_it_may_go_out():
    gateway, store = FakeGateway(), FakeStore()
    send, seen = gateway.send_text, []

    async def send_text(ref, title, text, going):
        async def guarded():
            seen.append(store.only().shown)
            await going()
            seen.append(store.only().shown)

        await send(ref, title, text, guarded)

    gateway.send_text = send_text
    answered(gateway, "answer", store=store, card=FakeCard(live=False))

    assert seen == ["", "sending"]


def test_a_card_that_could_not_be_ended_is_left_to_be_ended_later():
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures["finish"] = [TransientError("down")] * 8

    answered(gateway, 0.5, "answer", 2, store=store)

    (left,) = store.orphaned
    assert (left, store.only().shown, store.only().phase.terminal) == (store.only().id, "said", False)
    assert gateway.texts == ["answer"]


@pytest.mark.parametrize("live", [True, False])
def test_an_answer_that_could_not_be_said_is_left_to_be_said_later(live):
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures = {
        "create": [FatalError("no scope")],
        "text": [TransientError("busy", retry_after_s=1.0)] * 8,
    }

    answered(gateway, "answer", 2, store=store, card=FakeCard(live=live))

    assert store.orphaned == [store.only().id]
    assert (store.only().phase.terminal, store.only().shown, gateway.texts) == (False, "", [])


def test_a_card_that_is_gone_is_not_waited_for():
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures["finish"] = [CardMissingError("gone")]

    answered(gateway, 0.5, "answer", 2, store=store)

    assert (store.orphaned, store.only().phase) == ([], CardPhase.FINAL)


LONG = "\n\n".join(f"paragraph {number} " + "words " * 20 for number in range(20))


def test_what_the_card_cannot_hold_follows_as_text_after_its_end():
    gateway = FakeGateway()
    gateway.room = 1000

    bot = answered(gateway, LONG)

    head, note = gateway.last().data["answer"].rsplit("\n\n", 1)
    assert note == "<continued>"
    assert len(gateway.last().data["answer"]) <= 1000
    assert [head + "\n\n" + text for text in gateway.texts] == [LONG]
    assert bot._counters.card_calls["text", "ok"] == 1


def test_a_rest_that_cannot_be_sent_now_leaves_the_card_in_the_journal():
    gateway, store = FakeGateway(), FakeStore()
    gateway.room = 1000
    gateway.failures["text"] = [TransientError("busy", retry_after_s=1)] * 8

    bot = answered(gateway, 0.5, LONG, store=store)

    assert (store.only().shown, store.orphaned) == ("card", [store.only().id])
    assert bot._counters.card_calls == {("create", "ok"): 1, ("finish", "ok"): 1, ("text", "transient"): 8}


def test_a_card_that_the_platform_finds_too_large_is_drawn_again_smaller():
    gateway, store = FakeGateway(), FakeStore()

    gateway.failures["finish"] = [TransientError("too large", retry_after_s=0.0)]
    call = gateway._call

    async def strict(name):
        try:
            await call(name)
        except TransientError:
            gateway.room = 1000
            raise

    gateway._call = strict

    answered(gateway, LONG, store=store)

    assert len(gateway.last().data["answer"]) <= 1000
    assert len(gateway.texts) == 1
    assert store.only().answer == LONG


def test_without_a_card_the_whole_answer_goes_out_as_text():
    gateway = FakeGateway()
    gateway.room = 1000
    gateway.failures["create"] = [FatalError("no")]

    answered(gateway, LONG)

    assert gateway.texts == [LONG]


def test_an_agent_that_says_too_much_is_stopped_and_the_reader_told():
    gateway, store = FakeGateway(), FakeStore()
    limits = Limits(per_user=2, per_bot=100, queue=200, message_chars=100, answer_chars=1000)

    answered(gateway, *["x" * 300, 0.1] * 50, "never", store=store, limits=limits)

    assert gateway.last().phase == CardPhase.STOPPED
    assert gateway.last().data == {"answer": "x" * 1000, "error": "<cut>", "chosen": ""}
    assert store.only().answer == "x" * 1000


class Tidy(FakeAgent):
    """Talks until it is stopped, and takes a while to clean up."""

    cleaned = False

    async def reply(self, message, history):
        try:
            while True:
                yield TextDelta("x" * 100)
                await asyncio.sleep(0.5)
        finally:
            await asyncio.sleep(2)
            self.cleaned = True


@pytest.mark.parametrize(
    ("most_chars", "total_s", "said"),
    [(1000, None, "<cut>"), (100_000, 5, "<error>"), (100_000, None, "<stopped>")],
    ids=["says too much", "takes too long", "is stopped"],
)
def test_an_agent_is_closed_before_its_end_is_shown_whatever_ends_it(most_chars, total_s, said, abandoned):
    gateway, seen = FakeGateway(), []
    show = gateway.finish_card

    async def finish_card(ref, view):
        seen.append((bot.behaviour.agent.cleaned, view.data["error"]))
        await show(ref, view)

    limits = Limits(per_user=2, per_bot=100, queue=200, message_chars=100, answer_chars=most_chars)
    talking = behaviour(limits=limits, timeouts=Timeouts(1, 5, 5, total_s, 600))
    bot = Bot(replace(talking, agent=Tidy()), gateway, FakeStore())
    gateway.finish_card = finish_card

    async def main():
        await bot.on_message(message())
        await asyncio.sleep(20)
        await bot.on_message(message("/stop", id="m2"))
        while bot.turns_running:
            await asyncio.sleep(1)

    run_virtual(main())
    assert seen == [(True, said)]
    assert abandoned == []


@pytest.mark.parametrize(("reason", "note"), [("length", "<truncated>"), ("content_filter", "<filtered>")])
def test_an_answer_that_was_not_completed_says_so_below_it(reason, note):
    gateway, store = FakeGateway(), FakeStore()

    answered(gateway, "half an ", "answer", Finished(reason), store=store)

    turn = store.only()
    assert gateway.last().phase == CardPhase.FINAL
    assert gateway.last().data["answer"] == f"half an answer\n\n{note}"
    assert turn.answer == "half an answer"  # what the agent gets as history
    assert card_context(turn).answer == f"half an answer\n\n{note}"  # drawn again after a click


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (AgentError("no", code="empty"), "<empty>"),
        (AgentError("no", code="content_filter"), "<filtered>"),
        (AgentError("no", code="data_inspection_failed", status=400), "<filtered>"),
        (AgentError("no", code="http_400", status=400), "<error>"),
    ],
)
def test_an_agent_without_an_answer_has_a_text_of_its_own(error, note):
    gateway = FakeGateway()

    answered(gateway, error)

    assert gateway.last().phase == CardPhase.ERROR
    assert gateway.last().data["error"] == note


@pytest.mark.parametrize(("group", "shared"), [("shared", True), ("per_sender", False)])
def test_the_agent_is_told_whether_several_people_share_the_conversation(group, shared):
    heard = []

    class Listening(FakeAgent):
        async def reply(self, message, history):
            heard.append(message.shared)
            async for event in super().reply(message, history):
                yield event

    async def main():
        made = replace(behaviour(conversation=ConversationSpec(group, 3600)), agent=Listening())
        bot = Bot(made, FakeGateway(), FakeStore())
        await bot.on_message(message(kind="group"))
        while bot.turns_running:
            await asyncio.sleep(0.01)

    run_virtual(main())
    assert heard == [shared]


def test_an_answer_of_exactly_the_most_is_whole():
    gateway = FakeGateway()
    limits = Limits(per_user=2, per_bot=100, queue=200, message_chars=100, answer_chars=1000)

    answered(gateway, "x" * 500, "x" * 500, limits=limits)

    assert gateway.last().phase == CardPhase.FINAL


def test_thinking_without_end_is_not_kept():
    gateway = FakeGateway()

    answered(gateway, *[ReasoningDelta("hm " * 1000)] * 100, "so")

    assert gateway.last().data["answer"] == "so"


class Billing(FakeGateway):
    """Each call counts for the one turn there is."""

    def __init__(self, accounting):
        super().__init__()
        self.accounting = accounting

    async def _call(self, name):
        (turn_id,) = self.accounting._turn_calls
        self.accounting.count_call(turn_id, "ding1", Calendar(8))
        await super()._call(name)


def test_when_the_months_calls_grow_scarce_an_answer_under_way_shows_its_end_alone():
    counters = Counters()

    async def main(monthly):
        gateway = Billing(counters.accounting)
        counters.accounting.set_month(Calendar(8), {})
        bot = Bot(
            behaviour(*["x", 0.1] * 100, quota=QuotaSpec(20, monthly)),
            gateway,
            FakeStore(),
            counters=counters,
        )
        await bot.on_message(message())
        while bot.turns_running:
            await asyncio.sleep(0.1)
        return gateway.names(), gateway.last().data["answer"]

    names, answer = run_virtual(main(4))
    assert names == ["create", "update", "update", "update", "finish"]
    assert answer == "x" * 100
    assert run_virtual(main(None))[0].count("update") > 5


def test_the_calls_of_an_answer_are_in_its_log_line(caplog):
    caplog.set_level(logging.INFO)
    counters = Counters()

    async def main():
        bot = Bot(behaviour("a"), Billing(counters.accounting), FakeStore(), counters=counters)
        await bot.on_message(message())
        while bot.turns_running:
            await asyncio.sleep(0.1)

    run_virtual(main())
    assert "0 updates, 2 calls" in caplog.text
    assert counters.accounting.total == {"bot": 2}
    assert not counters.accounting._turn_calls


def test_a_card_that_is_made_late_shows_what_there_is_and_does_not_change_at_once():
    gateway = FakeGateway(latency=1.5)

    answered(gateway, *["x", 0.1] * 17)

    views = [(name, len(view.data["answer"])) for name, view in gateway.shown]
    assert views == [("create", 1), ("finish", 17)]


def test_an_answer_that_pauses_where_its_card_is_made_costs_no_update():
    gateway = FakeGateway()

    async def main():
        late = asyncio.Event()
        create = gateway.create_card

        async def waited(ref, latest, made):
            await late.wait()
            return await create(ref, latest, made)

        gateway.create_card = waited
        bot = Bot(behaviour("all there is", 20), gateway, FakeStore())
        await bot.on_message(message())
        await asyncio.sleep(5)
        late.set()
        while bot.turns_running:
            await asyncio.sleep(0.1)

    run_virtual(main())
    assert gateway.names() == ["create", "finish"]


def test_what_the_first_card_shows_already_is_journalled_with_it():
    gateway, store = FakeGateway(latency=0.3), FakeStore()

    async def main():
        bot = Bot(behaviour("half", 1000), gateway, store)
        await bot.on_message(message())
        await asyncio.sleep(2)
        kept = store.only()
        await bot.drain(0)
        return kept

    kept = run_virtual(main())
    assert (kept.answer, kept.shown, kept.phase) == ("half", "card", CardPhase.STREAMING)


# -- platforms that name their cards


class Naming(FakeGateway):
    """Makes a card first, tells its name, then shows it; takes changes in their order only."""

    def __init__(self, store):
        super().__init__()
        self.store = store
        self.known_before = []
        self.sequences = []

    def new_card(self, message):
        return CardRef("")

    async def create_card(self, ref, latest, made=None):
        await made(replace(ref, id="named"))
        self.known_before.append(self.store.only().card.id)
        return await super().create_card(ref, latest)

    async def update_card(self, ref, latest):
        self.sequences.append((ref.id, ref.sequence))
        return await super().update_card(ref, latest)

    async def finish_card(self, ref, view):
        self.sequences.append((ref.id, ref.sequence))
        await super().finish_card(ref, view)


def test_a_card_that_the_platform_names_is_journalled_before_it_is_shown():
    store = FakeStore()
    gateway = Naming(store)

    answered(gateway, 0.5, "a", 2, "b", 2, "c", store=store)

    assert gateway.known_before == ["named"]
    assert store.only().card.id == "named"
    assert {card for card, _ in gateway.sequences} == {"named"}


def test_changes_of_a_card_are_numbered_and_an_upper_bound_of_the_numbers_is_journalled_first():
    store = FakeStore()
    gateway = Naming(store)

    answered(gateway, 0.5, "a", 2, "b", 2, "c", store=store)

    numbers = [number for _, number in gateway.sequences]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 1
    assert store.only().extras["sequence"] == SEQUENCE_BLOCK


def test_a_stop_finds_the_card_that_the_platform_has_named():
    store = FakeStore()
    gateway = Naming(store)

    async def main():
        bot = Bot(behaviour("a", 100, card=FakeCard()), gateway, store)
        await bot.on_message(message())
        await asyncio.sleep(1)
        await bot.on_action(CardAction("named", "stop", "u1"))
        while bot.turns_running:
            await asyncio.sleep(0.1)

    run_virtual(main())
    assert store.only().phase == CardPhase.STOPPED


def test_every_line_of_the_log_about_a_turn_names_its_bot(caplog):
    gateway, store = FakeGateway(), FakeStore()
    gateway.failures = {"create": [FatalError("no card")], "update": [TransientError("later")]}
    store.failure = StoreError("disk full")

    with caplog.at_level(logging.INFO):
        answered(gateway, "a", 2, "b", AgentError("gone", code="connection"), store=store)
        answered(FakeGateway(), "x" * 100, store=store, limits=Limits(2, 100, 200, 20_000, 10))

    lines = [record.getMessage() for record in caplog.records]
    assert {"not recorded", "record could not", "no card", "agent echo failed", "limits.answer_chars"} == {
        part
        for part in (
            "not recorded",
            "record could not",
            "no card",
            "agent echo failed",
            "limits.answer_chars",
        )
        if any(part in line for line in lines)
    }
    assert [line for line in lines if not line.startswith("bot: turn ")] == []


def test_what_the_agent_reports_of_tokens_is_logged_counted_and_recorded(caplog):
    store, counters = FakeStore(), Counters()

    async def main():
        bot = Bot(behaviour("hi", Usage(1, 1), Usage(120, 30)), FakeGateway(), store, counters=counters)
        await bot.on_message(message())
        while bot.turns_running:
            await asyncio.sleep(0.01)

    with caplog.at_level(logging.INFO):
        run_virtual(main())
    assert store.only().usage == Usage(120, 30)
    assert counters.tokens == {("bot", "prompt"): 120, ("bot", "completion"): 30}
    assert ", 120 prompt and 30 completion tokens" in caplog.text


def test_tokens_of_an_answer_that_failed_count_too_and_none_are_made_up(caplog):
    store = FakeStore()
    with caplog.at_level(logging.INFO):
        answered(FakeGateway(), Usage(5, 0), AgentError("empty", code="empty"), store=store)
        answered(FakeGateway(), "hi", store=FakeStore())

    assert store.only().usage == Usage(5, 0)
    assert caplog.text.count("completion tokens") == 1


def test_a_question_without_an_answer_is_recorded_as_such():
    store, other = FakeStore(), FakeStore()
    answered(FakeGateway(), NotFound(), store=store)
    answered(FakeGateway(), "an answer", store=other)

    assert (store.only().not_found, other.only().not_found) == (True, False)


def test_a_picture_as_base64_is_left_out_of_card_and_journal():
    picture = f"![chart](data:image/png;base64,{'QUJD' * 20_000})"
    pieces = [picture[at : at + 500] for at in range(0, len(picture), 500)]

    gateway, store = FakeGateway(), FakeStore()
    answered(gateway, "See ", *pieces, " so.", store=store)

    assert gateway.last().phase == CardPhase.FINAL
    assert gateway.last().data["answer"] == store.only().answer == "See <left_out> so."
