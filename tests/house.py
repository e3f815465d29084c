"""A house of eleven bots that run while their files are broken and healed: for the scenarios R-21 to R-53."""

import asyncio
import contextlib
import json
import time

from click.testing import CliRunner
from planted import SECRET

from imbot.cli import main
from imbot.ops.address import AdminAddress, AdminSettings
from imbot.reload.watch import Settle

BOT = "credentials: {{client_id: app-{name}, client_secret: <<IMBOT_TEST_SECRET>>}}\nagent: {{type: echo, delay: 0ms}}\n"
NAMES = [f"b{number}" for number in range(10)]
GROWING = (
    "{% set n = namespace(t=answer) %}{% for a in range(60) %}{% set n.t = n.t ~ n.t %}{% endfor %}{{ n.t }}"
)
STALL_S = 0.5  # 0.1 on a machine that has nothing else to do


def bot(name, more=""):
    """A bot's file; what is added begins at its third line."""
    return BOT.format(name=name) + more


def final(text):
    return f"card: {{templates: {{final: {{msgContent: {json.dumps(text, ensure_ascii=False)}}}}}}}\n"


PLAIN = {f"{name}.yaml": bot(name) for name in (*NAMES, "w")}
DIRECT, THROUGH = "{% include 'cards/shared.j2' %}", "{% include 'cards/middle.j2' %}"
FILES = PLAIN | {
    "b0.yaml": bot("b0", final(DIRECT)),
    "b1.yaml": bot("b1", final(DIRECT)),
    "b2.yaml": bot("b2", final(THROUGH)),
    "b3.yaml": bot("b3", final(THROUGH)),
    "b4.yaml": bot("b4", "card: {templates: {final: {file: cards/own.yaml}}}\n"),
    "cards/own.yaml": 'msgContent: "own {{ answer }}"\n',
    "cards/shared.j2": "shared {{ answer }}",
    "cards/middle.j2": "{% include 'cards/shared.j2' %}",
}
PARTIAL = ("b0", "b1", "b2", "b3")  # who uses cards/shared.j2


class House:
    """The running folder, and what may be done to it."""

    def __init__(self, flow):
        self.flow = flow
        self.sim = flow.sim

    def put(self, files):
        """Write files; None removes one."""
        for name, content in files.items():
            path = self.flow.folder / name
            path.parent.mkdir(exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)

    async def heal(self):
        """Everything is as it was, and runs."""
        folder = self.flow.folder
        there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
        right = {
            name for name in there & FILES.keys() if (folder / name).read_bytes() == FILES[name].encode()
        }
        self.put(dict.fromkeys(there - FILES.keys()) | {n: t for n, t in FILES.items() if n not in right})
        await self.asked("reload", 0)
        await self.flow.until(self.sound)

    def sound(self):
        """Whether what runs is what the healthy files say."""
        rows = self.flow.supervisor.status()
        fine = all(row.state == "connected" and not (row.rejected or row.pending) for row in rows)
        return fine and {row.name for row in rows} == {*NAMES, "w"}

    def rows(self):
        return {row.name: row for row in self.flow.supervisor.status() if row.generation}

    @contextlib.asynccontextmanager
    async def broken(self, files, *hurt):
        """Write what is wrong in it; yields each hurt file's problems, seen in report and status alike.

        Nobody has another generation or connection, before and after it is healed, and both a hurt bot
        and one that is not edited answer.
        """
        hurt = {f"{name}.yaml" for name in hurt} or {name for name in files if "/" not in name}
        before = self.standing()
        try:
            self.put(files)
            await self.flow.until(lambda: self.refused() == hurt)
            report, status = await self.asked("reload", 1), await self.asked("status", 0)
            told = {_file(each): each["problems"] for each in report["bots"] if each["action"] == "rejected"}
            shown = {_file(each): each["rejected"]["problems"] for each in status["bots"] if each["rejected"]}
            assert told == shown
            assert told.keys() == hurt
            assert all(each["problems"] or each["action"] == "unchanged" for each in report["bots"])
            assert SECRET not in json.dumps([report, status])
            assert self.standing() == before
            await self.answers("w")
            if working := sorted({name.removesuffix(".yaml") for name in hurt} & self.rows().keys()):
                await self.answers(working[0])
            yield told
            assert self.standing() == before
        finally:
            await self.heal()
        assert self.standing() == before

    @contextlib.asynccontextmanager
    async def edited(self, files, *names):
        """Write what is right: exactly these bots have another generation, and none another connection."""
        names = set(names) or {name.removesuffix(".yaml") for name in files}
        before = self.standing()
        try:
            self.put(files)
            expected = {n: (g + (n in names), c) for n, (g, c) in before.items()}
            await self.flow.until(lambda: self.standing() == expected and not self.refused())
            yield
        finally:
            await self.heal()

    def refused(self):
        """The files that are rejected now."""
        return {row.path.rpartition("/")[2] for row in self.flow.supervisor.status() if row.rejected}

    def standing(self):
        return {name: (row.generation, row.connections) for name, row in self.rows().items()}

    async def answers(self, name, text="hello"):
        """What a bot answers."""
        app = f"app-{name}"
        before = len(self.flow.cards(app))
        await self.sim.say(app, "u-lilei", text)
        card = (await self.flow.until(lambda: self.flow.cards(app)[before:]))[0]
        await self.flow.until(lambda: card.data.get("flowStatus") in ("3", "5"))
        assert card.data["flowStatus"] == "3"
        return card.data["msgContent"]

    async def goes_on_answering(self):
        """Who is not edited answers again and again, each time at once."""
        for number in range(5):
            began = time.monotonic()
            assert await self.answers("w", f"hello {number}") == f"hello {number}"
            assert time.monotonic() - began < 10

    async def imbot(self, command, *options):
        return await asyncio.to_thread(CliRunner().invoke, main, (command, str(self.flow.folder), *options))

    async def asked(self, command, code):
        got = await self.imbot(command, "--json")
        assert got.exit_code == code, got.output
        return json.loads(got.stdout)

    def spec(self, name):
        return self.flow.supervisor.specs()[name]


def _file(bot):
    return bot["path"].rpartition("/")[2]


def places(problems):
    return [(each["line"], each["column"], each["code"]) for each in problems]


def codes(told):
    return {name: [each["code"] for each in problems] for name, problems in told.items()}


def spread(texts, make=bot):
    """A file for each text, of as many bots as there are texts."""
    return {f"{name}.yaml": make(name, text) for name, text in zip(NAMES, texts, strict=False)}


def plainly(name, more):
    """A bot's own file with more in it."""
    return FILES[f"{name}.yaml"] + more


def only(_, text):
    """A file that holds this and no more."""
    return text


def clocks():
    """Now, on the clock at the wall and on this process's own."""
    return time.monotonic(), time.process_time()


def worked(began):
    """Seconds since then in which this process can have worked: whoever is held up by its work, is for so long.

    On a busy machine much more time goes by, in which it only waits for its processor.
    """
    return min(now - then for now, then in zip(clocks(), began, strict=True))


@contextlib.asynccontextmanager
async def unstalled(what):
    """The event loop is never held up for long while the block lasts; prints for how long it was.

    What other processes take of the machine does not count.
    """
    worst = 0.0

    async def look():
        nonlocal worst
        while True:
            began = clocks()
            await asyncio.sleep(0.002)
            worst = max(worst, worked(began) - 0.002)

    task = asyncio.create_task(look())
    try:
        await asyncio.sleep(0.01)  # from the very beginning
        yield
        await asyncio.sleep(0.01)  # to the very end
    finally:
        task.cancel()
    print(f"{what}: the event loop was held up for {worst * 1000:.0f} ms at most")  # noqa: T201  a figure to look at
    assert worst < STALL_S


@contextlib.asynccontextmanager
async def kept(flows, place):
    """The house, up while the block lasts. The variable its files name is somebody else's to set."""
    async with flows(place / "bots") as flow:
        house = House(flow)
        house.put(FILES)
        admin = AdminSettings(AdminAddress("127.0.0.1", 0), place / ".imbot/admin.json")
        async with flow.up(settle=Settle(0.1, 5.0), admin=admin):
            yield house
