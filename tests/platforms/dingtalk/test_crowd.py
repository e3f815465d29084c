"""A hundred people at once on one app, in virtual time: the bot, the card writer, the cards and the quota as they are."""

import asyncio
import random
from collections import defaultdict
from itertools import pairwise
from statistics import fmean

import pytest
from fakes import FakeCard, FakeGateway, FakeStore, behaviour, message
from virtual import run_virtual

from imbot.bot.bot import Bot
from imbot.model import CardPhase, CardRef, CardView
from imbot.platforms.dingtalk.calls import BUILT_IN_TEMPLATE
from imbot.platforms.dingtalk.cards import Cards
from imbot.platforms.dingtalk.slots import in_turn
from imbot.spec import Limits, Throttle
from imbot.usage.rate_limit import RateLimiter

QPS = 20
CHUNK_S = 0.05
STATES = {CardPhase.THINKING: "1", CardPhase.STREAMING: "2", CardPhase.FINAL: "3"}


class PublicCard(FakeCard):
    def render(self, context):
        data = {"flowStatus": STATES[context.phase], "msgContent": context.answer}
        return CardView(
            "ai",
            context.phase,
            data,
            "t",
            "text",
            {"template_id": BUILT_IN_TEMPLATE, "content_key": "msgContent"},
        )


class Platform(FakeGateway):
    """Takes each call after a while of its own; remembers when, and how much of each answer was on show."""

    def __init__(self):
        super().__init__()
        self.limiter = RateLimiter(QPS)
        self.cards = Cards(self)
        self.chance = random.Random(7)
        self.arrivals = defaultdict(list)
        self.told = {}  # by card: when each chunk of its answer came
        self.seen = defaultdict(list)  # by card: (when, chunks on show)
        self.final = {}

    async def call(self, about, apis, make, priority, since=0.0, going=None):
        async def send(call):
            await asyncio.sleep(self.chance.uniform(0.002, 0.05))
            self.arrivals[call.api].append(now())
            await asyncio.sleep(self.chance.uniform(0.002, 0.05))

        await in_turn(self.limiter, apis, make, send, priority, since, going)

    def new_card(self, message):
        return CardRef(
            message.id, {"robot_code": "r", "conversation_id": "c", "kind": "single", "staff_id": "u"}
        )

    async def create_card(self, ref, latest, made):
        return self.show(ref, await self.cards.create(ref, latest))

    async def update_card(self, ref, latest):
        return self.show(ref, await self.cards.update(ref, latest))

    async def finish_card(self, ref, view):
        await self.cards.finish(ref, view)
        self.show(ref, view)
        self.final[ref.id] = now()

    def show(self, ref, view):
        self.seen[ref.id].append((now(), len(view.data["msgContent"])))
        return view

    def staleness(self, card):
        """Mean age of the oldest chunk that is not shown, from the first chunk until the end."""
        told, end = self.told[card], self.final[card]
        area = 0.0
        for (at, shown), (until, _) in pairwise([(told[0], 0), *self.seen[card]]):
            if shown < len(told) and until > told[shown]:
                oldest = told[shown]
                area += ((until - oldest) ** 2 - max(0.0, at - oldest) ** 2) / 2
        return area / (end - told[0])


def now():
    return asyncio.get_running_loop().time()


def crowd(people, answer_s):
    """Everybody asks within a second."""
    chunks = round(answer_s / CHUNK_S)

    async def main():
        platform = Platform()
        changes = {
            "limits": Limits(people, people, people, 10**6, 10**6),
            "throttle": Throttle("adaptive", 20, 1.0, 5),
        }
        bot = Bot(behaviour(*["x", CHUNK_S] * chunks, card=PublicCard(), **changes), platform, FakeStore())

        async def person(number):
            await asyncio.sleep(number / people)
            name = f"m{number}"
            platform.told[name] = [now() + CHUNK_S * chunk for chunk in range(chunks)]
            await bot.on_message(message(id=name, sender=name, conversation=name))

        await asyncio.gather(*map(person, range(people)))
        while bot.turns_running:
            await asyncio.sleep(0.1)
        return platform

    return run_virtual(main())


@pytest.mark.parametrize(("answer_s", "stale_s"), [(2, 1.5), (10, 1.6), (30, 2.1)])
def test_a_hundred_people_at_once_stay_below_the_limit_and_see_their_answers_grow(answer_s, stale_s):
    platform = crowd(100, answer_s)

    for times in platform.arrivals.values():
        assert max(sum(1 for t in times if at <= t < at + 1) for at in times) <= QPS
    assert len(platform.final) == 100
    assert not platform.texts
    assert all(seen[-1][1] == round(answer_s / CHUNK_S) for seen in platform.seen.values())
    waits = [platform.final[card] - told[-1] for card, told in platform.told.items()]
    assert max(waits) < 100 / QPS + 1, "all answers end within a second, and each end is a call"
    assert fmean(map(platform.staleness, platform.told)) < stale_s


def test_few_people_do_not_wait_for_each_other():
    platform = crowd(10, 10)

    assert max(platform.final[card] - told[-1] for card, told in platform.told.items()) < 0.5
    assert fmean(map(platform.staleness, platform.told)) < 1.0
