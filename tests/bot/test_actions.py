"""Stop and regenerate, as a bot hears of them: who may, what comes of it, what the card shows then."""

import asyncio
from dataclasses import replace

import pytest
from fakes import FakeCard, FakeGateway, FakeStore, behaviour, message, spec
from store_contract import new_turn
from virtual import run_virtual

from imbot.bot.actions import may_ask_again, may_press
from imbot.bot.bot import Bot
from imbot.model import CardAction, CardPhase
from imbot.spec import CardSpec

BOTH = CardSpec("ai", actions=("stop", "regenerate"))


def a_bot(*script):
    made = replace(behaviour(*script, card=_Replaced()), spec=spec(card=BOTH))
    return Bot(made, FakeGateway(), FakeStore())


class _Replaced(FakeCard):
    """Shows whether it was asked again."""

    def render(self, context):
        view = super().render(context)
        return replace(view, data={**view.data, "replaced": context.replaced})


async def done(bot):
    while bot.turns_running:
        await asyncio.sleep(0.01)


async def answered(bot, **said):
    await bot.on_message(message(**said))
    await done(bot)


def click(what, user="u1", card="card-m1"):
    return CardAction(card, what, user)


@pytest.mark.parametrize(("kind", "user", "by", "may"), [
    ("group", "li", "asker", True),
    ("group", "wang", "asker", False),
    ("group", "wang", "anyone", True),
    ("single", "another id of li", "asker", True),
])  # fmt: skip
def test_only_who_asked_may_press_unless_the_bot_file_lets_others(kind, user, by, may):
    turn = new_turn(conversation_kind=kind)
    assert may_press(spec(card=replace(BOTH, actions_by=by)), turn, user) is may


def test_a_turn_can_be_asked_again_when_it_has_ended_and_its_card_says_so():
    ended = new_turn(phase=CardPhase.FINAL)
    assert may_ask_again(spec(card=BOTH), ended)
    assert not may_ask_again(spec(card=BOTH), replace(ended, phase=CardPhase.STREAMING))
    assert not may_ask_again(spec(card=BOTH), replace(ended, question=""))
    assert not may_ask_again(spec(), ended)
    assert may_ask_again(spec(), replace(ended, phase=CardPhase.STOPPED, extras={"retry": True}))


def test_stop_ends_the_answer_whose_card_was_clicked():
    async def main():
        bot = a_bot("half", 1000)
        await bot.on_message(message())
        await bot.on_message(message(id="m2", sender="u2", conversation="c2"))
        await asyncio.sleep(2)
        change = await bot.on_action(click("stop"))
        await asyncio.sleep(1)
        return change, bot, bot.turns_running

    change, bot, running = run_virtual(main())
    assert (change, running) == (None, 1)
    assert (bot.gateway.last().phase, bot.gateway.last().data["answer"]) == (CardPhase.STOPPED, "half")
    assert next(turn.phase for turn in bot._store.turns.values()) == CardPhase.STOPPED


def test_stop_works_without_a_store():
    async def fail(_):
        raise AssertionError("the turn is in memory")

    async def main():
        bot = a_bot("half", 1000)
        await bot.on_message(message())
        await asyncio.sleep(2)
        bot._store.turn_of_card = fail
        await bot.on_action(click("stop"))
        await done(bot)
        return bot

    assert run_virtual(main()).gateway.last().phase == CardPhase.STOPPED


@pytest.mark.parametrize("verb", ["stop", "regenerate"])
def test_others_in_a_group_press_in_vain(verb):
    async def main():
        bot = a_bot("half", 5, "whole")
        await bot.on_message(message(kind="group"))
        await asyncio.sleep(2)
        if verb == "regenerate":
            await done(bot)
        change = await bot.on_action(click(verb, user="u2"))
        await done(bot)
        return change, bot

    change, bot = run_virtual(main())
    assert change is None
    assert bot.gateway.last().phase == CardPhase.FINAL
    assert len(bot._store.turns) == 1


def test_regenerate_asks_the_same_question_in_a_new_card():
    async def main():
        bot = a_bot("answer")
        await answered(bot, text="why?", kind="group")
        change = await bot.on_action(click("regenerate"))
        await done(bot)
        return bot, change

    bot, change = run_virtual(main())
    first, second = bot._store.turns.values()
    assert [text for text, _ in bot.behaviour.agent.asked] == ["why?", "why?"]
    assert (second.question, second.sender, second.conversation) == (
        first.question, first.sender, first.conversation,
    )  # fmt: skip
    assert second.card.id != first.card.id
    assert (first.replaced, second.replaced, second.phase) == (True, False, CardPhase.FINAL)
    assert (change.data, change.private) == ({"replaced": True}, False)


def test_two_clicks_at_once_and_one_after_a_restart_make_one_turn():
    async def main():
        bot = a_bot("answer")
        await answered(bot)
        await asyncio.gather(*(bot.on_action(click("regenerate")) for _ in range(3)))
        await done(bot)
        later = Bot(bot.behaviour, bot.gateway, bot._store)
        await later.on_action(click("regenerate"))
        await done(later)
        return bot._store

    assert len(run_virtual(main()).turns) == 2


def test_what_was_asked_again_can_be_asked_again_by_its_new_card():
    async def main():
        bot = a_bot("answer")
        await answered(bot)
        await bot.on_action(click("regenerate"))
        await done(bot)
        newest = [*bot._store.turns.values()][-1]
        await bot.on_action(click("regenerate", card=newest.card.id))
        await done(bot)
        return bot._store.turns

    assert [turn.replaced for turn in run_virtual(main()).values()] == [True, True, False]


def test_regenerate_waits_for_what_is_being_answered_in_the_conversation():
    async def main():
        bot = a_bot(5, "answer")
        await answered(bot)
        await bot.on_message(message("later", id="m2"))
        await bot.on_action(click("regenerate"))
        await asyncio.sleep(2)
        running = bot.behaviour.agent.running
        await done(bot)
        return running, bot.behaviour.agent.asked

    running, asked = run_virtual(main())
    assert running == 1
    assert [text for text, _ in asked] == ["hi", "later", "hi"]


def test_a_growing_answer_is_not_asked_again():
    async def main():
        bot = a_bot("half", 100)
        await bot.on_message(message())
        await asyncio.sleep(2)
        change = await bot.on_action(click("regenerate"))
        await bot.drain(0)
        return change, bot

    change, bot = run_virtual(main())
    assert (change, len(bot._store.turns)) == (None, 1)


def test_a_rating_is_still_marked_when_its_answer_was_asked_again():
    async def main():
        bot = a_bot("answer")
        await answered(bot)
        await bot.on_action(click("feedback:good"))
        change = await bot.on_action(click("regenerate"))
        await done(bot)
        later = await bot.on_action(click("feedback:bad"))
        return change, later

    change, later = run_virtual(main())
    assert change.data == {"replaced": True}  # nothing is unmarked
    assert later.data == {"chosen": "bad"}  # nor comes the button back


def test_a_stopped_answer_can_be_asked_again_as_soon_as_its_end_is_seen():
    async def main():
        bot = a_bot("half", 1000)
        await bot.on_message(message())
        await asyncio.sleep(2)
        bot.gateway.late["finish"] = 5.0  # shown, and confirmed only later
        await bot.on_action(click("stop"))
        await asyncio.sleep(2)
        shown = bot.gateway.last().phase
        bot.behaviour.agent.script = ("answer",)
        await bot.on_action(click("regenerate"))
        await done(bot)
        return shown, bot

    shown, bot = run_virtual(main())
    assert shown == CardPhase.STOPPED
    assert [turn.phase for turn in bot._store.turns.values()] == [CardPhase.STOPPED, CardPhase.FINAL]
