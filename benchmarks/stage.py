"""The platform of the benchmarks: the simulator with virtual users in one process of its own.

``python benchmarks/stage.py`` prints its address, then answers JSON commands line by line (several may run
at once) until its input ends. The users ask from inside, so that asking costs next to nothing, and every
time is taken here, at the moment a call is in effect, on the system-wide monotonic clock.
"""

import asyncio
import contextlib
import itertools
import json
import sys
import time
from dataclasses import dataclass, field, replace

import script

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.platforms.dingtalk.simulator.quota import Quota

SECRET = "bench-secret"
LOOK_S = 0.01
QUIET_S = 0.3  # after the last answer: what comes then is doubled


class Limits(Quota):
    """Calls a second for the apps that have a limit: others run beside them that shall have none."""

    def __init__(self):
        super().__init__()
        self.qps = {}  # by app

    def take(self, settings, app, api, *, legacy):
        super().take(replace(settings, qps=self.qps.get(app)), app, api, legacy=legacy)


@dataclass
class Turn:
    """One question and all that came of it; times are seconds, ``shows`` are (time, chunks shown)."""

    key: str
    app: str
    chunks: int
    conversation: str
    message: str = ""
    asked: float = 0.0
    acks: list = field(default_factory=list)
    first: float | None = None
    final: float | None = None
    cards: list = field(default_factory=list)
    shows: list = field(default_factory=list)
    calls: int = 0
    foreign: bool = False  # showed another answer than its own
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def to_json(self):
        return {name: value for name, value in vars(self).items() if name != "done"}


class Stage:
    def __init__(self, sim):
        self.sim = sim
        self.keys = itertools.count()
        self.open = {}  # by conversation: the question asked last
        self.turns = {}  # by message id
        self.by_card = {}
        self.refused = {}  # by app
        self.limits = sim.world.quota = Limits()
        sim.observe(self.observe)

    # -- what the simulator tells

    def observe(self, event):
        now = time.monotonic()
        if hasattr(event, "verdict"):
            self.acked(event, now)
            return
        if event.status == 403:
            self.refused[event.app] = self.refused.get(event.app, 0) + 1
        card = self.sim.cards.get(event.card) if event.card else None
        if card is not None and event.status == 200:
            self.called(card, now)

    def acked(self, ack, now):
        push = self.sim.gateway.pushes.get(ack.message_id)
        if push is None or push.topic[0] != "CALLBACK":
            return
        turn = self.turns.get(json.loads(push.data)["msgId"])
        if turn is not None:
            turn.acks.append(now)

    def called(self, card, now):
        turn = self.by_card.get(card.id)
        if turn is None:
            turn = self.open.get(card.conversation)
            if turn is None:  # created, and delivered by the next call
                return
            self.by_card[card.id] = turn
            turn.cards.append(card.id)
            turn.calls = card.calls
            turn.first = turn.first or now
        else:
            turn.calls += 1
        self.shown(turn, card, now)

    def shown(self, turn, card, now):
        seen = script.shown(text_of(card), turn.chunks)
        if seen == ("", 0):
            return
        if seen is None or seen[0] != turn.key:
            turn.foreign = True
            return
        if not turn.shows or turn.shows[-1][1] != seen[1]:
            turn.shows.append((now, seen[1]))
        ended = card.template == "StandardCard" or card.state == "finished"
        if seen[1] == turn.chunks and ended and turn.final is None:
            turn.final = now
            turn.done.set()

    # -- what users do

    async def ask(self, app, user, chunks, rate, patience_s):
        """Ask and wait for the whole answer; without one after ``patience_s`` go on."""
        conversation = self.sim.world.single(self.sim.world.apps[app], self.sim.world.users[user]).id
        turn = self.open[conversation] = Turn(f"k{next(self.keys)}", app, chunks, conversation)
        turn.asked = time.monotonic()
        turn.message = await self.sim.say(app, user, f"{turn.key} n={chunks} rate={rate}")
        self.turns[turn.message] = turn
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await turn.done.wait()
        return turn

    def user(self, number):
        name = f"u-{number}"
        if name not in self.sim.world.users:
            self.sim.add_user(name, f"User {number}")
        return name

    # -- commands

    async def limit(self, apps, qps):
        """Refuse what is more than so many calls a second of each."""
        self.limits.qps |= dict.fromkeys(apps, qps)

    async def connected(self, prefix, count, patience_s):
        """Wait until all apps of a process are connected; when that was."""
        wanted = {f"{prefix}-{number}" for number in range(count)}
        async with asyncio.timeout(patience_s):
            while wanted:
                apps = self.sim.world.apps
                wanted = {name for name in wanted if name not in apps or not apps[name].connections}
                if wanted:
                    await asyncio.sleep(LOOK_S)
        return time.monotonic()

    async def rotate(self, apps, rounds, chunks, rate, patience_s=30):
        """One user who asks each app in turn, always waiting for the answer: the fairest interleaving."""
        turns = []
        for _ in range(rounds):
            for app in apps:
                turns.append(await self.ask(app, self.user(0), chunks, rate, patience_s))
                await asyncio.sleep(0.01)
        return await self.result(turns, apps, 0.0, 0.0)

    async def crowd(self, apps, users, chunks, rate, ramp_s=0.0, seconds=None, patience_s=30, drain_s=30):
        """``users`` people on each app, each asking again when answered, for so long; or each once."""
        began = time.monotonic()
        end = began + seconds if seconds else None
        turns = []

        async def person(app, number):
            await asyncio.sleep(ramp_s * number / (users * len(apps)))
            while True:
                patience = min(patience_s, end + drain_s - time.monotonic()) if end else patience_s
                turns.append(await self.ask(app, self.user(number % users), chunks, rate, patience))
                if end is None or time.monotonic() >= end:
                    return

        people = ((app, index * users + number) for index, app in enumerate(apps) for number in range(users))
        await asyncio.gather(*(person(*each) for each in people))
        return await self.result(turns, apps, began, end or max(turn.final or 0 for turn in turns))

    async def result(self, turns, apps, began, end):
        await asyncio.sleep(QUIET_S)
        refused = sum(self.refused.pop(app, 0) for app in apps)
        for turn in turns:
            del self.turns[turn.message]
            self.open.pop(turn.conversation, None)
            for card in turn.cards:
                self.by_card.pop(card, None)
        result = [turn.to_json() for turn in turns]
        return {"turns": result, "refused": refused, "began": began, "end": end}


def text_of(card):
    """The answer on a card, of either kind."""
    if "contents" in card.data:
        return "".join(part.get("text", "") for part in card.data["contents"])
    return card.data.get("msgContent") or ""


async def answer(stage, line):
    command = json.loads(line)
    name = command.pop("do")
    number = command.pop("id")
    try:
        result = {"result": await getattr(stage, name)(**command)}
    except Exception as error:  # noqa: BLE001  told to who gave the command
        result = {"error": f"{name}: {error!r}"}
    print(json.dumps({"id": number, **result}), flush=True)


async def main():
    sim = Simulator()
    await sim.start()
    stage = Stage(sim)
    print(sim.url, flush=True)
    async with asyncio.TaskGroup() as commands:
        under_way = set()
        while line := await asyncio.to_thread(sys.stdin.readline):
            task = commands.create_task(answer(stage, line))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        for task in under_way:  # nobody waits for them any more
            task.cancel()
    await sim.stop()


if __name__ == "__main__":
    asyncio.run(main())
