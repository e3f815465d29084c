import asyncio

import pytest
from fakes import FakeCard, FakeGateway, FakeStore, behaviour, message
from virtual import run_virtual

from imbot.bot import Bot
from imbot.errors import AgentError, FatalError, StoreError, TransientError
from imbot.model import CardPhase, Citation, NotFound, ReasoningDelta, Suggestions, TextReplace
from imbot.spec import Throttle, Timeouts


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


def test_a_silent_agent_is_stopped_by_the_idle_timeout():
    gateway = FakeGateway()
    patience = Timeouts(connect_s=1, first_event_s=5, idle_s=7, total_s=None)

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

    answered(gateway, "answer", 2)

    assert gateway.shown == []
    assert gateway.texts == ["answer"]


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
    gateway = FakeGateway()
    gateway.failures["finish"] = [TransientError("busy", retry_after_s=1)] * 5

    answered(gateway, "answer", 2)

    assert gateway.last().phase == CardPhase.FINAL
    assert gateway.texts == []


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
