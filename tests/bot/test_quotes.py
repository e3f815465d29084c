"""Quotes of the bot's own cards."""

import asyncio
from dataclasses import replace

import pytest
from fakes import FakeGateway, FakeStore, behaviour, message
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.bot.quotes import with_quoted_answer
from imbot.errors import StoreError


def quoting(card, text="why?\n\n> [卡片]", quote="> [卡片]"):
    return replace(message(text, id="m2"), quote=quote, quoted_card=card)


async def answered():
    """A bot that has answered, and its store."""
    bot = Bot(behaviour("the\nanswer"), FakeGateway(), FakeStore())
    await bot.on_message(message())
    while bot.turns_running:
        await asyncio.sleep(0.01)
    return bot, bot._store


def test_the_quote_of_an_own_card_is_its_stored_answer():
    async def main():
        bot, store = await answered()
        await bot.on_message(quoting("card-m1"))
        while bot.turns_running:
            await asyncio.sleep(0.01)
        return bot.behaviour.agent.asked, [turn for turn in store.turns.values() if turn.message_id == "m2"]

    asked, (turn,) = run_virtual(main())
    assert asked[-1][0] == turn.question == "why?\n\n> the\n> answer"
    assert turn.quote == "> the\n> answer"


def test_a_card_that_is_not_stored_is_quoted_as_the_platform_tells():
    async def main():
        _, store = await answered()
        said = quoting("card-other")
        return said, await with_quoted_answer(said, store)

    said, read = run_virtual(main())
    assert read == said


@pytest.mark.parametrize("text", ["x\n\n> [卡片]", "> [卡片]"])
def test_a_store_that_fails_costs_only_the_quote(text, caplog):
    class Broken(FakeStore):
        async def turn_of_card(self, card_id):
            raise StoreError("disk full")

    said = quoting("card-m1", text)
    assert run_virtual(with_quoted_answer(said, Broken())) == said
    assert "without the answer that it quotes: disk full" in caplog.text
