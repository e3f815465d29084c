import asyncio

import pytest
from fakes import FakeGateway, FakeStore, turn_context
from store_contract import new_turn
from virtual import run_virtual

from imbot.errors import FatalError, TakenOverError, TransientError
from imbot.turn.send_text import SEND_TRIES, send_text_once

LATER = TransientError("too fast", retry_after_s=1.0)
DOUBT = TransientError("broke off")


def said(*failures, shown="card"):
    """What came of saying something: the result or error, the texts sent, the journal's word for it."""
    gateway, store, turn = FakeGateway(), FakeStore(), new_turn(shown=shown)
    gateway.failures["text"] = list(failures)

    async def main():
        await store.accept(turn)
        try:
            return await send_text_once(turn_context(turn, gateway, store), "title", "text")
        except TransientError as error:
            return error

    return run_virtual(main()), gateway.texts, store.only().shown


def test_what_was_said_is_journalled_as_sent():
    assert said() == (True, ["text"], "sending")


@pytest.mark.parametrize("error", [DOUBT, FatalError("no")])
def test_what_may_have_arrived_or_never_can_is_not_repeated(error):
    assert said(error) == (False, [], "sending")


def test_what_was_surely_not_sent_is_sent_again():
    assert said(*[LATER] * (SEND_TRIES - 1)) == (True, ["text"], "sending")


def test_what_another_process_has_taken_over_is_left_to_it_to_say():
    gateway, store, turn = FakeGateway(), FakeStore(), new_turn()

    async def main():
        await store.accept(turn)
        store.failure = TakenOverError("another process has it")
        return await send_text_once(turn_context(turn, gateway, store), "title", "text")

    assert (run_virtual(main()), gateway.texts) == (False, [])


@pytest.mark.parametrize("shown", ["", "card"])
def test_what_could_not_be_sent_at_all_is_left_to_a_later_try(shown):
    assert said(*[LATER] * SEND_TRIES, shown=shown) == (LATER, [], shown)


def test_giving_up_between_two_tries_leaves_it_unsent_in_the_journal():
    gateway, store, turn = FakeGateway(), FakeStore(), new_turn()
    gateway.failures["text"] = [TransientError("too fast", retry_after_s=60.0)]

    async def main():
        await store.accept(turn)
        task = asyncio.create_task(send_text_once(turn_context(turn, gateway, store), "", "text"))
        await asyncio.sleep(5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run_virtual(main())
    assert store.only().shown == ""
