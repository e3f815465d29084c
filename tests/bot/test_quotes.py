"""Quotes of the bot's own cards."""

import asyncio
from dataclasses import replace

import pytest
from fakes import FakeGateway, FakeStore, behaviour, message, spec
from virtual import run_virtual

from imbot.bot.admission import immediate_reply
from imbot.bot.bot import Bot
from imbot.bot.quotes import with_quoted_answer, with_unread_named
from imbot.errors import StoreError
from imbot.spec import Commands


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


def test_what_the_agent_does_not_get_is_named_to_it_and_to_the_person():
    async def main():
        bot, store = await answered()
        await bot.on_message(replace(message("look", id="m2"), unread=("图片", "文件")))
        while bot.turns_running:
            await asyncio.sleep(0.01)
        return bot, [turn for turn in store.turns.values() if turn.message_id == "m2"]

    bot, (turn,) = run_virtual(main())
    assert bot.behaviour.agent.asked[-1][0] == turn.question == "look\n\n[图片] [文件]"
    assert turn.answer == "the\nanswer"
    assert bot.gateway.last().data["answer"] == "the\nanswer\n\n<unread>"


def test_what_the_quote_names_already_is_not_named_again():
    said = replace(message("look\n\n> [图片]"), quote="> [图片]", unread=("图片", "视频"))

    named = with_unread_named(said)
    assert named.text == "look\n\n[视频]\n\n> [图片]"
    assert named.quote == "[视频]\n\n> [图片]"


def test_a_command_with_a_picture_is_obeyed():
    bot = spec(commands=Commands(("/new",), ("/stop",), ("/help",)))
    assert immediate_reply(with_unread_named(replace(message("/new"), unread=("图片",))), bot) == "new"
