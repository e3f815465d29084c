"""A bot in a storm of everything at once: questions, clicks, orders, new behaviours, a platform and a store that fail.

What happens is decided by a seed. However it comes, each message has one end, and nothing is left behind.
"""

import asyncio
import random

import pytest
from fakes import FakeCard, FakeGateway, behaviour, message
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.bot.recovery import OrphanFinder
from imbot.errors import AgentError, CardMissingError, FatalError, StoreError, TransientError
from imbot.model import CardAction, CardPhase
from imbot.spec import Limits
from imbot.stores.connection import IN_MEMORY
from imbot.stores.sqlite import SqliteStore

LIMITS = Limits(per_user=2, per_bot=5, queue=20, message_chars=1000, answer_chars=50)
SCRIPT = (0.1, 1, 3, "text ", "more ", AgentError("bad"))


class StormyGateway(FakeGateway):
    """Slow and failing at random, before a call is done or after it; updates may be refused for good."""

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.cards_shown = {}
        self.said = []

    async def _call(self, name):
        await asyncio.sleep(self.chance.choice([0, 0, 0.1, 0.5, 2]))
        lot = self.chance.random()
        if lot < 0.1:
            raise TransientError("too fast", retry_after_s=1.0)
        if lot < 0.2 and name != "text":
            raise FatalError("no permission") if name == "update" else TransientError("broke off")

    async def create_card(self, ref, latest):
        view = latest()
        await self._call("create")
        self.cards_shown.setdefault(ref.id, []).append(view)
        if self.chance.random() < 0.1:
            raise TransientError("broke off")
        return view

    async def update_card(self, ref, latest):
        view = latest()
        await self._call("update")
        self.cards_shown[ref.id].append(view)
        return view

    async def finish_card(self, ref, view):
        await self._call("finish")
        if ref.id not in self.cards_shown:
            raise CardMissingError("none")
        self.cards_shown[ref.id].append(view)

    async def send_text(self, ref, title, text, going):
        await going()
        await self._call("text")
        self.said.append((ref.id, text))


class FlakyStore(SqliteStore):
    """Takes no changes while it is down."""

    down = False

    async def update_turn(self, turn_id, **changes):
        if self.down:
            raise StoreError("disk full")
        await super().update_turn(turn_id, **changes)


def a_behaviour(chance):
    script = [chance.choice(SCRIPT) for _ in range(chance.randrange(1, 9))]
    return behaviour(*script, limits=LIMITS, card=FakeCard(live=chance.random() < 0.8))


async def something(bot, chance, number, ids):
    """Let one thing happen at random; a new message's id goes to ``ids``."""
    user, what = f"u{chance.randrange(4)}", chance.random()
    if what < 0.62 or not ids:
        ids.append(f"m{number}")
        text = "/stop" if what > 0.55 else "question"
        await bot.on_message(message(text, id=ids[-1], sender=user, conversation=user))
    elif what < 0.85:
        click = chance.choice(["stop", "stop", "regenerate", "feedback:good"])
        await bot.on_action(CardAction(f"card-{chance.choice(ids)}", click, user))
    elif what < 0.92:
        bot.use_behaviour(a_behaviour(chance))
    elif what < 0.96:
        bot._store.down = not bot._store.down
    else:
        await bot.on_message(message(id=chance.choice(ids), sender=user, conversation=user))


def faults(turn, shown, said):
    """What is wrong with the end of one turn."""
    if turn is None or not turn.phase.terminal:
        yield "open"
    elif shown and not shown[-1].phase.terminal:
        yield "the card is stuck"
    elif not shown and not said and turn.phase is not CardPhase.ERROR:
        yield "nothing was said"
    elif len(said) > 1 or (shown and said and turn.answer and turn.answer in shown[-1].data["answer"]):
        yield "doubled"


@pytest.mark.parametrize("seed", range(12))
def test_each_message_has_one_end_and_nothing_is_left_behind(seed):
    async def main():
        chance, ids = random.Random(seed), []
        store = await FlakyStore.open(IN_MEMORY)
        gateway = StormyGateway(chance)
        bot = Bot(a_behaviour(chance), gateway, store, lambda: 1000 + asyncio.get_running_loop().time())
        recovery = asyncio.create_task(OrphanFinder(store, lambda: [bot], bot._clock).run())
        for number in range(60):
            await asyncio.sleep(chance.choice([0, 0.05, 0.3, 1, 3]))
            await something(bot, chance, number, ids)
        store.down = False
        await asyncio.sleep(1500)
        found = {
            id_: fault
            for id_ in ids
            for fault in faults(
                await store.turn_of_card(f"card-{id_}"),
                gateway.cards_shown.get(f"card-{id_}", []),
                [text for card_id, text in gateway.said if card_id == f"card-{id_}"],
            )
        }
        kept = (
            bot._concurrency._active,
            bot._concurrency._waiting,
            bot._queues._queues,
            bot._counters.accounting._turn_calls,
        )
        left = [each for each in (bot._active_turns, *kept) if len(each)]
        recovery.cancel()
        await asyncio.gather(recovery, return_exceptions=True)
        await bot.drain(1)
        await store.close()
        return found, left, asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(main()) == ({}, [], set())
