import asyncio

import pytest
from fakes import FakeStore
from store_contract import new_turn
from virtual import run_virtual

from imbot.errors import StoreError, TakenOverError
from imbot.model import CardPhase
from imbot.turn.journal import MOST_OWED, Arrears, Journal


class SlowStore(FakeStore):
    """Takes a second for a write, and remembers each."""

    def __init__(self):
        super().__init__()
        self.writes = []
        self.out = 0

    async def update_turn(self, turn_id, **changes):
        self.out += 1
        assert self.out == 1, "two writes were out at once"
        await asyncio.sleep(1)
        self.out -= 1
        self.writes.append(changes)
        await super().update_turn(turn_id, **changes)


async def a_journal():
    store = SlowStore()
    await store.accept(new_turn())
    return store, Journal(store, new_turn())


def test_what_is_noted_while_a_write_is_out_goes_together_and_the_newest_wins():
    async def main():
        store, journal = await a_journal()
        journal.note(answer="a")
        await asyncio.sleep(0.5)
        for answer in ("ab", "abc", "abcd"):
            journal.note(answer=answer)
        journal.note(shown="card")
        await journal.keep(phase="final")
        return store.writes

    assert run_virtual(main()) == [{"answer": "a"}, {"answer": "abcd", "shown": "card", "phase": "final"}]


def test_noting_waits_for_nothing():
    async def main():
        store, journal = await a_journal()
        journal.note(answer="a")
        before = list(store.writes)
        await journal.keep()
        return before, store.writes

    assert run_virtual(main()) == ([], [{"answer": "a"}])


def test_what_may_be_written_later_goes_with_the_next_write_or_alone_in_a_moment():
    async def main(wait_s):
        store, journal = await a_journal()
        journal.later(shown="card")
        await asyncio.sleep(wait_s)
        await journal.keep(answer="a")
        await asyncio.sleep(5)
        return store.writes

    assert run_virtual(main(0.1)) == [{"shown": "card", "answer": "a"}]
    assert run_virtual(main(2)) == [{"shown": "card"}, {"answer": "a"}]


def test_what_could_not_be_written_goes_with_the_next_write():
    async def main():
        store, journal = await a_journal()
        store.failure = StoreError("disk full")
        journal.note(answer="a", shown="card")
        await asyncio.sleep(2)
        store.failure = None
        await journal.keep(answer="ab")
        return store.only()

    kept = run_virtual(main())
    assert (kept.answer, kept.shown) == ("ab", "card")


def test_of_a_turn_that_another_process_has_taken_over_nothing_is_written_any_more():
    async def main():
        store, journal = await a_journal()
        store.failure = TakenOverError("another process has it")
        await journal.keep(answer="a")
        store.failure = None
        await journal.keep(phase="final")
        return journal.lost, store.only()

    assert run_virtual(main()) == (True, new_turn())


def test_a_store_that_fails_is_logged_and_holds_nothing_up(caplog):
    async def main():
        store, journal = await a_journal()
        store.failure = StoreError("disk full")
        await journal.keep(answer="a")
        await journal.hand_back()
        before, store.failure = list(store.orphaned), None
        await journal.keep()
        return before, store.orphaned, store.only().answer, journal.owes

    assert run_virtual(main()) == ([], ["turn1"], "a", False)
    assert "disk full" in caplog.text


def test_what_ended_turns_owe_is_paid_when_the_store_is_back_and_bounded():
    async def main():
        store, arrears, journal = FakeStore(), Arrears(), None
        for number in range(MOST_OWED + 5):
            await store.accept(new_turn(number))
        store.failure = StoreError("disk full")
        for number in range(MOST_OWED + 5):
            journal = Journal(store, new_turn(number))
            await journal.keep(phase=CardPhase.FINAL)
            arrears.add(journal)
        early = await arrears.paid()
        store.failure = None
        late = await arrears.paid(), await arrears.paid()
        return early, late, [turn.phase for turn in store.turns.values()]

    early, late, phases = run_virtual(main())
    assert (early, late) == (False, (True, True))
    assert phases == [CardPhase.THINKING] * 5 + [CardPhase.FINAL] * MOST_OWED


def test_a_turn_that_could_not_be_recorded_when_it_began_is_recorded_later():
    async def main():
        store, arrears = FakeStore(), Arrears()
        journal = Journal(store, new_turn())
        store.failure = StoreError("another program is using it")
        with pytest.raises(StoreError):
            await journal.accept()
        await journal.keep(phase=CardPhase.FINAL, answer="a")
        arrears.add(journal)
        early = await arrears.paid()
        store.failure = None
        late = await arrears.paid()
        return early, late, store.only(), len(arrears)

    early, late, turn, owed = run_virtual(main())
    assert (early, late, owed) == (False, True, 0)
    assert (turn.question, turn.phase, turn.answer) == ("question 1", CardPhase.FINAL, "a")


def test_a_turn_that_has_changed_nothing_yet_is_owed_too():
    async def main():
        store = FakeStore()
        journal = Journal(store, new_turn())
        store.failure = StoreError("disk full")
        with pytest.raises(StoreError):
            await journal.accept()
        owes, store.failure = journal.owes, None
        await journal.keep()
        return owes, journal.owes, store.only().id

    assert run_virtual(main()) == (True, False, "turn1")


def test_a_conversation_that_could_not_begin_anew_does_so_later():
    async def main():
        store = FakeStore()
        journal = Journal(store, new_turn())
        store.failure = StoreError("another program is using it")
        await journal.start_anew()
        owes, store.failure = journal.owes, None
        await journal.keep(phase=CardPhase.FINAL)
        return owes, store.anew, journal.owes

    assert run_virtual(main()) == (True, [new_turn().conversation], False)


def test_a_store_with_a_defect_is_not_asked_for_ever(caplog):
    class Broken(FakeStore):
        asked = 0

        async def accept(self, turn):
            self.asked += 1
            raise StoreError("disk full") if self.asked == 1 else ValueError("a defect")

    async def main():
        store = Broken()
        journal = Journal(store, new_turn())
        with pytest.raises(StoreError):
            await journal.accept()
        async with asyncio.timeout(10):
            await journal.keep(answer="a")
        return store.asked, journal.owes

    assert run_virtual(main()) == (2, False)
    assert "a defect" in caplog.text
