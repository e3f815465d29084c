"""Files are edited, broken, renamed, deleted and restored under steady chat, and nobody notices.

No message is lost or answered twice, no answer is of two generations, and who is not edited is not touched.
"""

import asyncio
import contextlib
import itertools
import random
import time

import pytest
from auditor import LABEL, Auditor
from configmap import ConfigMap
from soak import sizes
from soak.agent import Agent

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.reload.watch import Settle
from imbot.runtime import running

HOWS = ("quick", "quick", "polite", "slow", "long")
PHASES = ("thinking", "streaming", "final", "error", "stopped")
BROKEN = (
    "agent: {type: openai\n",
    "",
    "a: [",
    "\tx: 1\n",
    "agent: {type: nobody}\n",
    "card: {kind: paper}\n",
)
FOOT = "cards/foot.j2"
DEFAULTS = "_defaults.yaml"


def layouts(generations):
    """Every phase says in its title and in its text by which files it was made."""
    sign = f"⟦{LABEL} {{phase}} {generations}⟧"
    return "".join(
        f'    {phase}: {{msgTitle: "{sign.replace("{phase}", phase)}",'
        f' msgContent: "{sign.replace("{phase}", phase)} {{{{ answer }}}}"}}\n'
        for phase in PHASES
    )


def bot(app, url, generation, extra="", generations=f"{{% include '{FOOT}' %}} {{{{ vars.d }}}}"):
    """A bot file of one generation, which shows that of the template and of the defaults as well."""
    return (
        f"credentials: {{client_id: {app}, client_secret: s3cret-value}}\n"
        f'agent: {{type: openai, base_url: "{url}", model: {generation}}}\n'
        f"throttle: {{interval: 200ms}}\n"
        f"card:\n  templates:\n{layouts(f'{generation} {generations}')}{extra}"
    )


class Chat:
    """Steady traffic to some apps, and what runs while it goes on."""

    def __init__(self, sim, folder, apps, chance):
        self.sim = sim
        self.auditor = Auditor(sim)
        self.boss = None
        self._folder = folder
        self._apps = apps
        self._chance = chance
        for number in range(10):
            sim.add_user(f"u-{number}", f"u-{number}")

    @contextlib.asynccontextmanager
    async def up(self):
        """The bots run and are talked to while the block lasts; then all answers are waited for."""
        url, settle = f"sqlite:///{self._folder.parent}/test.db", Settle(0.1, 5.0)
        async with running(self._folder, store_url=url, endpoint=self.sim.url, settle=settle) as up:
            self.boss, _ = up
            await self.until(self.calm)
            talk = asyncio.create_task(self._talk())
            try:
                yield
            finally:
                talk.cancel()
                await asyncio.wait([talk])
            assert talk.cancelled()
            await self.until(lambda: not (self.auditor.waiting() or self.auditor.unacked()), 20)

    async def live(self, generations):
        """Return when every app answers with its bot file's generation, given by app, and nothing is open."""

        def runs():
            return {spec.identity: spec.agent.settings["model"] for spec in self.boss.specs().values()}

        await self.until(lambda: runs() == generations and self.calm())

    def calm(self):
        """Whether nothing is rejected or waits."""
        rows = self.boss.status()
        states = {(row.state, row.rejected, row.pending, row.held_since) for row in rows}
        return len(rows) == len(self._apps) and states == {("connected", None, None, None)}

    async def until(self, true, within_s=10.0):
        deadline = time.monotonic() + within_s
        while not true():
            assert time.monotonic() < deadline, [str(row) for row in self.boss.status()]
            await asyncio.sleep(0.02)

    async def _talk(self):
        while True:
            app, user = self._chance.choice(self._apps), f"u-{self._chance.randrange(10)}"
            group = self._chance.random() < 0.3
            await self.auditor.ask(app, user, self._chance.choice(HOWS), group=group)
            await asyncio.sleep(self._chance.uniform(0, 0.2))

    async def all_answer_with(self, generations):
        """Ask each app: does the generation answer that its files name now?"""
        for app in self._apps:
            asked = await self.auditor.ask(app, "u-lilei", "quick")
            await self.until(lambda asked=asked: asked not in self.auditor.waiting() and asked.acked)
            (answer,) = [each for each in self.auditor.answers() if asked.label in each.labels]
            assert answer.generations == generations[app], app

    async def audited(self):
        """What is wrong now that everything has come to its end."""
        await self.sim.idle(0.3)
        unhappy = [each.text for each in self.auditor.answers() if each.phases & {"error", "stopped"}]
        findings = unhappy + self.auditor.findings()
        print(self.auditor.summary(), *findings or ["nothing wrong"], sep="\n")
        return findings


class Editor:
    """Somebody with little care and many tools."""

    def __init__(self, folder, url, chance):
        self._folder = folder
        self._url = url
        self._chance = chance
        self._numbers = itertools.count(1)
        self._apps = {}
        self._paths = {}
        self.generations = {}
        (folder / "cards").mkdir(parents=True)

    def still(self, name):
        """A bot that is not to be edited again, and does not depend on what others share."""
        own = "  vars: {d: d0}\n"
        text = bot(f"app-{name}", self._url, "g0", own, generations="t0 {{ vars.d }}")
        (self._folder / f"{name}.yaml").write_text(text, encoding="utf-8")

    def add(self, name):
        """A bot that is."""
        self._apps[name] = f"app-{name}"
        self._paths[name] = self._folder / f"{name}.yaml"
        self._write(self._paths[name], self._bot(name))

    def share(self):
        """New generations of what bots share."""
        self._write(self._folder / FOOT, self._next("t"))
        self._write(self._folder / DEFAULTS, f"card: {{vars: {{d: {self._next('d')}}}}}\n")

    def heal(self):
        """Everything is as it should be, all of it new."""
        self.share()
        for name, path in self._paths.items():
            self._write(path, self._bot(name))

    async def one_thing(self):
        """Do something to some file."""
        name = self._chance.choice(list(self._apps))
        path = self._paths[name]
        match self._chance.randrange(11):
            case 0 | 1:
                self._write(path, self._bot(name))
            case 2:
                path.write_text(self._bot(name), encoding="utf-8")
            case 3:
                await self._slowly(path, self._bot(name))
            case 4:
                path.write_text(self._chance.choice(BROKEN))
            case 5 if path.exists():
                self._paths[name] = path.with_name(f"{name}-{next(self._numbers)}.yaml")
                path.rename(self._paths[name])
            case 6 if name.startswith("gone"):
                path.unlink(missing_ok=True)
            case 7:
                self._swap(*self._chance.sample([each for each in self._apps if each.startswith("swap")], 2))
            case 8:
                self.share()
            case 9:
                shared, text = self._chance.choice(((FOOT, "{% if %}"), (DEFAULTS, "card: [")))
                (self._folder / shared).write_text(text)

            case 10:
                away = self._folder.rename(self._folder.with_name("elsewhere"))
                await asyncio.sleep(self._chance.uniform(0, 0.5))
                away.rename(self._folder)

    def _bot(self, name):
        return bot(self._apps[name], self._url, self._next("g", self._apps[name]))

    def _next(self, family, of=""):
        mark = self.generations[of or family] = f"{family}{next(self._numbers)}"
        return mark

    def _swap(self, one, other):
        self._apps[one], self._apps[other] = self._apps[other], self._apps[one]
        for name in (one, other):
            self._write(self._paths[name], self._bot(name))

    def _write(self, path, text):
        """As good editors do: a new file takes the old one's place."""
        new = path.with_name(f".{path.name}.new")
        new.write_text(text, encoding="utf-8")
        new.rename(path)

    async def _slowly(self, path, text):
        size = len(text) // 4 + 1
        with path.open("w", encoding="utf-8") as file:
            for start in range(0, len(text), size):
                file.write(text[start : start + size])
                file.flush()
                await asyncio.sleep(self._chance.uniform(0, 0.08))


STILL = ("still0", "still1", "still2")
EDITED = ("edit0", "edit1", "swap0", "swap1", "gone0", "gone1")


@contextlib.asynccontextmanager
async def platform():
    sim = Simulator()
    sim.set(redelivery_s=0.7, redelivery_max=1000)
    async with sim, Agent().up() as url:
        yield sim, url


@pytest.mark.timeout(sizes.of(120, 300))
@pytest.mark.parametrize("seed", sizes.seeds())
async def test_careless_edits_cost_nobody_an_answer(tmp_path, seed):
    print("seed", seed)
    chance = random.Random(seed)
    async with platform() as (sim, url):
        editor = Editor(tmp_path / "bots", url, chance)
        editor.share()
        for name in STILL:
            editor.still(name)
        for name in EDITED:
            editor.add(name)
        chat = Chat(sim, tmp_path / "bots", [f"app-{name}" for name in (*STILL, *EDITED)], chance)
        async with chat.up():
            ends = time.monotonic() + sizes.of(3.5, 100)
            while time.monotonic() < ends:
                await editor.one_thing()
                await asyncio.sleep(chance.uniform(0, 0.6))
            editor.heal()
            files = {f"app-{name}": editor.generations[f"app-{name}"] for name in EDITED}
            await chat.live({f"app-{name}": "g0" for name in STILL} | files)
            rows = {row.name: row for row in chat.boss.status()}
            shared = {editor.generations["t"], editor.generations["d"]}
            still = {f"app-{name}": {"g0", "t0", "d0"} for name in STILL}
            await chat.all_answer_with(still | {app: {made, *shared} for app, made in files.items()})
        assert await chat.audited() == []
    touched = {name: (rows[name].generation, rows[name].connections) for name in STILL}
    assert touched == dict.fromkeys(STILL, (1, 1))


@pytest.mark.timeout(sizes.of(120, 300))
@pytest.mark.parametrize("seed", sizes.seeds())
async def test_a_volume_that_is_swapped_as_a_whole_is_never_half_of_one_and_half_of_another(tmp_path, seed):
    print("seed", seed)
    chance = random.Random(seed)
    folder = tmp_path / "bots"
    folder.mkdir()
    volume, apps = ConfigMap(folder), [f"app-{name}" for name in "abcdefgh"]
    async with platform() as (sim, url):

        def swap(generation):
            files = {f"{app}.yaml": bot(app, url, generation) for app in apps}
            volume.swap(files | {FOOT: generation, DEFAULTS: f"card: {{vars: {{d: {generation}}}}}\n"})

        swap("g0")
        chat = Chat(sim, folder, apps, chance)
        async with chat.up():
            ends = time.monotonic() + sizes.of(3, 60)
            for number in itertools.count(1):
                swap(f"g{number}")
                # Often just when the files are believed to be at rest, and are being read.
                await asyncio.sleep(chance.choice((chance.uniform(0, 0.6), chance.uniform(0.1, 0.2))))
                if time.monotonic() > ends:
                    break
            await chat.live(dict.fromkeys(apps, f"g{number}"))
            await chat.all_answer_with({app: {f"g{number}"} for app in apps})
            connections = [row.connections for row in chat.boss.status()]
        assert await chat.audited() == []
    assert connections == [1] * len(apps)
