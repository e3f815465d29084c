"""Everything goes wrong at once, and in the end every message has exactly one answer.

The real ``imbot run`` against the simulator: API errors, time-outs, resets and refusals, sockets that die,
messages that come again, an agent that does what it likes, clicks and orders, ``kill -9`` and restarts.
"""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass

import pytest
from auditor import Auditor, mark
from soak import agent, sizes
from soak.process import Process

from imbot.platforms.dingtalk.simulator import Simulator

TEXTS = {
    "thinking": "thinking",
    **dict.fromkeys(("error", "empty"), "error"),
    **dict.fromkeys(("continued", "below"), "below"),
    **dict.fromkeys(("stopped", "cut", "interrupted"), "stopped"),
    **dict.fromkeys(("busy", "refused", "too_long", "not_found", "unsupported", "help", "new"), "final"),
}
BOT = """
credentials: {{client_id: app-{name}, client_secret: s3cret-value}}
agent: {{type: openai, base_url: "{url}", model: g1, retries: 1}}
timeouts: {{first_event: 1s, idle: 1s, total: 8s}}
limits: {{answer_chars: 30000, per_user: 3}}
throttle: {{interval: 200ms}}
quota: {{qps: {qps}}}
texts:
{texts}
card:
{card}
"""
QPS = 6  # so few that there is always a queue
PHASES = ("thinking", "streaming", "final", "error", "stopped")
CARDS = {
    "marked": "  actions: [stop, regenerate]\n  templates:\n"
    + "".join(
        f'    {phase}: {{msgTitle: "{mark(phase, "g1")}", msgContent: "{mark(phase, "g1")} {{{{ answer }}}}",'
        ' msgButtons: "{{ buttons }}"}\n'
        for phase in PHASES
    ),
    "plain": "  actions: [stop]\n",
    "standard": "  kind: standard\n  templates:\n"
    + "".join(
        f'    {phase}: {{contents: [{{type: markdown, text: "{mark(phase, "g1")} {{{{ answer }}}}"}}]}}\n'
        for phase in PHASES
    ),
    "text": "  kind: markdown\n",
}
APPS = [f"app-{name}" for name in CARDS]
CARD_APIS = ("createAndDeliver", "/v1.0/card/instances", "/v1.0/card/streaming", "interactiveCards")
BUSY = {"code": "system.busy", "message": "busy"}
# What befalls the next calls of a card API: status, body, seconds it takes, whether it is done all the same.
MISHAPS = (
    (503, BUSY, 0, False),
    (500, "<html>Bad Gateway</html>", 0.1, True),
    (0, "", 0, False),
    (0, "", 0.2, True),
    (429, BUSY, 0, False),
    (502, "not json", 0, True),
    (None, "", 0.8, False),
)


@dataclass(frozen=True, slots=True)
class Storm:
    """How long it lasts, what happens in it, and how a dead process's leases are treated."""

    turns: int
    kills: int
    lasts_s: float
    users: int
    leases: bool


SMALL = Storm(60, 2, 7.0, 8, leases=False)
LONG = Storm(800, 10, 100.0, 30, leases=True)


class Chaos:
    """One run of it, decided by a seed."""

    def __init__(self, sim, process, storm, chance):
        self.sim = sim
        self.auditor = Auditor(sim)
        self._process = process
        self._storm = storm
        self._chance = chance
        self._pressed = set()
        self._users = [f"u-{number}" for number in range(storm.users)]
        for user in self._users:
            sim.add_user(user, user)

    async def rage(self):
        """Let it all happen at once."""
        async with asyncio.TaskGroup() as group:
            weather = [
                group.create_task(each) for each in (self._mishaps(), self._sockets(), self._clicks(group))
            ]
            deaths = group.create_task(self._deaths())
            await self._talk(group)
            await deaths
            for each in weather:
                each.cancel()

    async def settle(self, within_s):
        """The storm is over: wait until nothing is open, and a little longer."""
        self.sim.mend()
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._open():
            await asyncio.sleep(0.2)
        await self.sim.idle(0.5, 20)

    def _open(self):
        """Whether there is anything to wait for: what may be lost is not."""
        waiting = {asked.label for asked in self.auditor.waiting()} - set(self._process.doubtful())
        return waiting or self.auditor.unacked() or self._process.open_turns()

    async def _talk(self, group):
        pause_s = self._storm.lasts_s / self._storm.turns
        for _ in range(self._storm.turns):
            app, user = self._chance.choice(APPS), self._chance.choice(self._users)
            how = self._chance.choice(agent.GOOD if self._chance.random() < 0.6 else agent.BAD)
            where = {"group": self._chance.random() < 0.4}
            asked = await self.auditor.ask(app, user, how, **where)
            if self._chance.random() < 0.1:
                group.create_task(self._repeat(asked))
            if self._chance.random() < 0.05:
                await self.auditor.order(app, user, self._chance.choice(("/stop", "/help")), **where)
            await asyncio.sleep(self._chance.uniform(0, 2 * pause_s))

    async def _repeat(self, asked):
        await asyncio.sleep(self._chance.uniform(0, 3))
        await self.auditor.repeat(asked)

    async def _clicks(self, group):
        while True:
            await asyncio.sleep(self._chance.uniform(0.05, 0.6))
            cards = [card for card in self.sim.cards.values() if card.callback]
            if cards:
                group.create_task(self._press(self._chance.choice(cards[-20:])))

    async def _press(self, card):
        asked, button = self.auditor.of_card(card), self._chance.choice(("stop", "regenerate"))
        if asked is None:
            return
        if button == "regenerate" and card.id not in self._pressed:
            self._pressed.add(card.id)
            asked.again += 1
        await self.sim.click(card.id, asked.user, button)

    async def _mishaps(self):
        while True:
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
            status, body, delay_s, executed = self._chance.choice(MISHAPS)
            times = self._chance.randint(1, 3)
            api = self._chance.choice(CARD_APIS)
            self.sim.fail(api, status, body, times, delay_s=delay_s, executed=executed)
            if self._chance.random() < 0.1:
                self.sim.fail("sendBySession", 200, {"errcode": 90018, "errmsg": "too fast"})
            if self._chance.random() < 0.1:
                self.sim.fail(self._chance.choice(("accessToken", "connections/open")), 503, BUSY)

    async def _sockets(self):
        harms = [self.sim.drop, self.sim.close, self.sim.disconnect, self.sim.revoke_token]
        harms += sizes.of([], [self.sim.freeze])  # who is deaf notices that after half a minute
        while True:
            await asyncio.sleep(self._chance.uniform(1, 6))
            self._chance.choice(harms)(self._chance.choice(APPS))

    async def _deaths(self):
        pause_s = self._storm.lasts_s / (self._storm.kills + 1)
        for number in range(self._storm.kills):
            await asyncio.sleep(self._chance.uniform(0.7, 1.2) * pause_s)
            if number % 4 == 3:
                await self._process.end()
            else:
                await self._process.kill(leases=self._storm.leases)
                await self.sim.idle(0.05)  # no later process could know of calls that are still on their way
            await asyncio.sleep(self._chance.uniform(0, 1))
            await self._process.start()


@contextlib.asynccontextmanager
async def platform():
    sim = Simulator()
    sim.set(qps=QPS, redelivery_s=0.7, redelivery_max=1000, disconnect_grace_s=1.0)
    async with sim:
        yield sim


@pytest.mark.timeout(sizes.of(120, 400))
@pytest.mark.parametrize("seed", sizes.seeds())
async def test_in_chaos_every_message_has_exactly_one_answer(tmp_path, seed):
    storm = sizes.of(SMALL, LONG)
    print("seed", seed)
    (tmp_path / "bots").mkdir()
    async with platform() as sim, agent.Agent().up() as url:
        texts = "".join(f'  {name}: "{mark(phase)}"\n' for name, phase in TEXTS.items())
        for name, card in CARDS.items():
            text = BOT.format(name=name, qps=QPS, url=url, texts=texts, card=card)
            (tmp_path / "bots" / f"{name}.yaml").write_text(text, encoding="utf-8")
        process = Process(tmp_path, sim.url, lambda: all(map(sim.connections, APPS)))
        chaos = Chaos(sim, process, storm, random.Random(seed))
        try:
            await process.start()
            await chaos.rage()
            await chaos.settle(60)
        finally:
            await process.end()
        doubtful = process.doubtful()

    findings = chaos.auditor.findings(doubtful)
    excused = len(chaos.auditor.findings()) - len(findings)
    print(
        f"{process.starts} starts, {excused} texts on their way when a process died; {chaos.auditor.summary()}"
    )
    print("nothing wrong" if not findings else "\n".join(map(str, findings)))
    assert not findings
    assert chaos.auditor.unacked() == []
    assert process.open_turns() == []
