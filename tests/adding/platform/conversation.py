"""A conversation over the tiny platform, in the real runtime; the second process ends what the first one left."""

import asyncio
import sys
from pathlib import Path

from imbot.bot import recovery
from imbot.platforms.tiny.hub import HUB
from imbot.runtime import running

recovery.LEASE_S, recovery.BEAT_S, recovery.LOOK_EVERY_S = 0.6, 0.1, 0.1
BOT = """\
type: tiny
credentials: {app: app}
agent: {type: echo, chunks: 40, delay: 50ms}
card: {actions: [stop]}
throttle: {pace: fixed, interval: 50ms, chunks: 1, max_updates: 30}
feedback: {buttons: [{label: good, rating: good}], thanks: 谢谢}
"""


async def until(condition):
    async with asyncio.timeout(15):
        while not (found := condition()):
            await asyncio.sleep(0.02)
    return found


def say(text):
    HUB.queues["app"].put_nowait({"id": f"m {text}", "user": "u1", "text": text})


def click(card, what):
    HUB.queues["app"].put_nowait({"card": card, "click": what, "user": "u1"})


def newest():
    return list(HUB.cards)[-1]


async def talk():
    say("一二三四五六七八九十一二三四五六七八九十")
    await until(lambda: HUB.cards and HUB.cards[newest()]["closed"])
    card = HUB.cards[newest()]
    assert card["content"]["text"] == "一二三四五六七八九十一二三四五六七八九十", card
    assert card["sequence"] > 3, "it grew"
    assert len(card["shown"]) == 1

    click(newest(), "feedback:good")
    await until(lambda: HUB.toasts)
    assert HUB.toasts == ["谢谢"]

    say("stop me before the end of this long sentence")
    await until(lambda: len(HUB.cards) == 2 and HUB.cards[newest()]["sequence"] > 2)
    click(newest(), "stop")
    await until(lambda: HUB.cards[newest()]["closed"])
    assert not HUB.cards[newest()]["content"]["text"].startswith(
        "stop me before the end of this long sentence"
    )

    HUB.dies_before_showing = True
    say("nobody will see this, says who kills the process")
    await asyncio.sleep(15)


async def recover():
    left = newest()
    assert not HUB.cards[left]["shown"], "it died between making the card and showing it"
    await until(lambda: HUB.cards[left]["closed"])
    assert len(HUB.cards[left]["shown"]) == 1
    assert len(HUB.cards) == 3, "no second card"
    assert HUB.texts == []


async def main(home, part):
    bots = home / "bots"
    bots.mkdir(parents=True, exist_ok=True)
    (bots / "bot.yaml").write_text(BOT, "utf-8")
    async with running(bots, store_url=f"sqlite:///{home}/store.db", grace_s=1) as (_, steps):
        assert [step.action for step in steps] == ["start"], steps
        await {"talk": talk, "recover": recover}[part]()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
