import asyncio
import contextlib
import time

import pytest
import pytest_asyncio
from house import kept
from planted import SECRET

from imbot.platforms.dingtalk.simulator import Simulator
from imbot.runtime import running

ECHO = """
credentials: {{client_id: {app}, client_secret: <<SECRET:-s3cret-value>>}}
agent: {{type: echo, delay: {delay}}}
feedback:
  buttons: [{{label: Good, rating: good}}]
  thanks: Thank you
"""


class Flow:
    """Bots from a folder, running against the simulator over real sockets."""

    def __init__(self, folder, sim):
        self.folder = folder
        self.sim = sim
        self.supervisor = None
        self.database = folder.parent / "test.db"

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def echo(self, name="echo", app=None, delay="20ms", extra=""):
        return self.write(f"{name}.yaml", ECHO.format(app=app or f"app-{name}", delay=delay) + extra)

    @contextlib.asynccontextmanager
    async def up(self, **options):
        options = {"grace_s": 2.0, **options}
        url = f"sqlite:///{self.database}"
        async with running(self.folder, store_url=url, endpoint=self.sim.url, **options) as (boss, steps):
            self.supervisor = boss
            await self.until(lambda: all(r.state == "connected" for r in boss.status() if not r.rejected))
            yield steps

    def row(self, name):
        return next((row for row in self.supervisor.status() if row.name == name), None)

    async def until(self, true, within_s=15.0):
        """Return what ``true`` gave as soon as it is true; returns the seconds it took."""
        began = time.monotonic()
        while not (value := true()):
            assert time.monotonic() - began < within_s, f"not within {within_s} s"
            await asyncio.sleep(0.02)
        return value

    def cards(self, app):
        return [card for card in self.sim.cards.values() if card.app == app]

    def said(self, text):
        """What the bot said without a card that holds the text."""
        return [m for m in self.sim.messages if m.sender is None and text in m.text]

    async def followed(self):
        """Return when what lies there by now has been followed: a file made after it has."""
        mark = self.echo(f"mark{len(list(self.folder.iterdir()))}")
        await self.until(lambda: self.row(mark.stem))

    async def card_for(self, app, user, text, group=False):
        """Say something and return the card that answers it, as soon as it is there."""
        before = set(self.sim.cards)
        message = self.sim.message(await self.sim.say(app, user, text, group=group))

        def new():
            cards = [card for id_, card in self.sim.cards.items() if id_ not in before]
            return [card for card in cards if card.conversation == message.conversation]

        return (await self.until(new))[0]

    async def ask(self, app, text, user="u-lilei", group=False):
        """Say something and return the finished card that answers."""
        card = await self.card_for(app, user, text, group)
        await self.until(lambda: card.data.get("flowStatus") in ("3", "5"))
        return card


@contextlib.asynccontextmanager
async def simulated(folder):
    """A flow with a simulator that is up while the block lasts."""
    folder.mkdir()
    sim = Simulator(open_apps=True)
    await sim.start()
    try:
        yield Flow(folder, sim)
    finally:
        await sim.stop()


@pytest.fixture(scope="session")
def flows():
    """Makes a flow that lasts longer than a test."""
    return simulated


@pytest.fixture
async def flow(tmp_path):
    async with simulated(tmp_path / "bots") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(flows, tmp_path_factory):
    """The bots that all tests of a module break and heal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMBOT_TEST_SECRET", SECRET)
        async with kept(flows, tmp_path_factory.mktemp("house")) as house:
            yield house
