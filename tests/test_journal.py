import asyncio

from fakes import FakeStore
from store_contract import new_turn
from virtual import run_virtual

from imbot.errors import StoreError
from imbot.journal import Journal


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


def test_a_store_that_fails_is_logged_and_holds_nothing_up(caplog):
    async def main():
        store, journal = await a_journal()
        store.failure = StoreError("disk full")
        await journal.keep(answer="a")
        await journal.leave()
        return store.orphaned

    assert run_virtual(main()) == ["turn1"]
    assert "disk full" in caplog.text
