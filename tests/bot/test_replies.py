"""What a bot says in its own words when the platform does not take it at once."""

import asyncio

from fakes import FakeGateway, FakeStore, behaviour, message
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase
from imbot.spec import Access
from imbot.usage.counters import Counters


def replied(text, *failures, counters=None, **changes):
    """What became of an order: the texts, the record, who is to end it."""

    async def main():
        bot = Bot(behaviour(5, "answer", **changes), FakeGateway(), FakeStore(), counters=counters)
        bot.gateway.failures["text"] = list(failures)
        await bot.on_message(message(text))
        while bot.turns_running:
            await asyncio.sleep(1)
        return bot.gateway.texts, bot._store.only().phase, bot._store.orphaned

    return run_virtual(main())


def test_what_cannot_be_said_now_is_left_to_be_answered_later():
    texts, phase, orphaned = replied("/help", *[TransientError("busy", retry_after_s=1.0)] * 8)
    assert (texts, phase, len(orphaned)) == ([], CardPhase.THINKING, 1)


def test_who_is_turned_away_is_counted_and_who_gives_an_order_is_not():
    counters = Counters()
    replied("/help", counters=counters)
    replied("hello", counters=counters, access=Access(users=("somebody else",)))
    assert [(why, count) for (_, why), count in counters.turned_away.items()] == [("refused", 1)]


def test_what_can_never_be_said_is_over():
    assert replied("/help", FatalError("no such person")) == ([], CardPhase.ERROR, [])


def test_who_may_no_longer_ask_when_their_turn_comes_is_refused():
    async def main():
        bot = Bot(behaviour(5, "answer"), FakeGateway(), FakeStore())
        await bot.on_message(message("first", id="m1"))
        await bot.on_message(message("second", id="m2"))
        await asyncio.sleep(1)
        bot.use_behaviour(behaviour("new answer", access=Access(users=frozenset({"somebody else"}))))
        while bot.turns_running:
            await asyncio.sleep(1)
        return bot

    bot = run_virtual(main())
    assert bot.gateway.last().data["answer"] == "answer", "who was being answered is answered"
    assert bot.gateway.texts == ["<refused>"]
    assert {turn.phase for turn in bot._store.turns.values()} == {CardPhase.FINAL}
