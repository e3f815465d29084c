"""Writes what a release leaves behind when it is killed: ``python tests/flows/upgrades/make.py 0.1``.

Run it with the release's own code, once, and commit what it wrote into the folder of that name, which holds
the bots already. What is written is never edited: later releases must take it over as it is.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path

from imbot.platforms.dingtalk.simulator import Simulator

HERE = Path(__file__).parent
# Where the bots and the platform were, in what is committed; whoever loads it says where they are by then.
HOME, PLATFORM = "/srv/imbot", "http://platform.invalid"
QUESTION = "一句很长的话，正说到一半的时候，进程被杀掉了，后面的话谁也没有听到。"
NEVER_EDITED = "-- A store as a killed process left it. Never edited: later releases must take it over."
PRAGMAS = ("application_id", "user_version", "journal_mode")


async def until(true):
    """What ``true`` gave as soon as it is true."""
    async with asyncio.timeout(20):
        while not (value := true()):
            await asyncio.sleep(0.05)
    return value


class Play:
    """A conversation with the bots of a folder, from their first start to ``kill -9``."""

    def __init__(self, home, sim):
        self.home = home
        self.sim = sim
        self.database = home / ".imbot/imbot.db"

    async def run(self):
        process = await self._started()
        await self._talk()
        await asyncio.sleep(5)  # calls and generations are kept every few seconds
        await self._command("forget", "--user", "u-gone")
        await self._killed_in_an_answer(process)

    async def _started(self):
        environ = {**os.environ, "DINGTALK_OPENAPI_ENDPOINT": self.sim.url, "SLOW_DELAY": "1s"}
        command = (sys.executable, "-m", "imbot", "run", "bots")
        process = await asyncio.create_subprocess_exec(*command, cwd=self.home, env=environ)
        apps = [f"app-{path.stem}" for path in self.home.glob("bots/[a-z]*.yaml")]
        await until(lambda: all(self.sim.connections(app) for app in apps))
        return process

    async def _talk(self):
        self.sim.add_user("u-gone", "小王")
        await self._ask("support", "u-lilei", "怎么退货？", "good")
        await self._say("support", "u-lilei", "/new")
        await self._ask("support", "u-lilei", "怎么开发票？", "bad")
        await self._ask("support", "u-hanmeimei", "怎么退货？", "good", group=True)
        await self._ask("support", "u-gone", "怎么开发票？", "good")
        await self._ask("broken", "u-alex", "hello there")
        await self._ask("slow", "u-lilei", "不用说完，听到一半就行", "stop")
        await self._say("plain", "u-alex", "no card, please")

    async def _killed_in_an_answer(self, process):
        await self._say("slow", "u-hanmeimei", QUESTION, ended=False)
        await until(lambda: [turn for turn in self._turns(QUESTION) if turn["answer"]])
        process.send_signal(signal.SIGKILL)
        await process.wait()

    async def _ask(self, bot, user, question, press="", *, group=False):
        before = set(self.sim.cards)
        await self._say(bot, user, question, group=group, ended=press != "stop")
        (card,) = await until(lambda: self.sim.cards.keys() - before)
        if press == "stop":
            await until(lambda: self.sim.cards[card].state == "inputting")
        if press:
            assert await self.sim.click(card, user, press if press == "stop" else f"feedback:{press}")
        await until(lambda: not self._open())

    async def _say(self, bot, user, question, *, group=False, ended=True):
        count = len(self._turns())
        await self.sim.say(f"app-{bot}", user, question, group=group)
        await until(lambda: len(self._turns()) > count and not (ended and self._open()))

    async def _command(self, *words):
        command = await asyncio.create_subprocess_exec(sys.executable, "-m", "imbot", *words, cwd=self.home)
        assert await command.wait() == 0

    def _open(self):
        return [turn for turn in self._turns() if turn["finished_at"] is None]

    def _turns(self, question="%"):
        with contextlib.closing(sqlite3.connect(self.database)) as store:
            store.row_factory = sqlite3.Row
            return store.execute("SELECT * FROM turns WHERE question LIKE ?", (question,)).fetchall()


def dumped(database):
    """A store as SQL, with what no dump of SQLite's tells: whose file it is, and of which version."""
    with contextlib.closing(sqlite3.connect(database)) as store:
        heads = [f"PRAGMA {name} = {store.execute(f'PRAGMA {name}').fetchone()[0]};" for name in PRAGMAS]
        return "\n".join([NEVER_EDITED, *heads, *store.iterdump(), ""])


def platform_of(sim):
    """The cards that the platform has, as the calls that make them."""
    return [
        {
            "app": card.app,
            "outTrackId": card.id,
            "cardTemplateId": card.template,
            "callbackType": "STREAM",
            "cardData": {"cardParamMap": card.data},
            "privateData": {user: {"cardParamMap": data} for user, data in card.private.items()},
        }
        for card in sim.cards.values()
    ]


async def main(folder):
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        shutil.copytree(folder / "bots", home / "bots")
        shutil.copyfile(folder / "env", home / ".env")
        async with Simulator() as sim:
            await Play(home, sim).run()
            sql = re.sub(r"session=\w+", "session=simulated", dumped(home / ".imbot/imbot.db"))
            cards = json.dumps(platform_of(sim), ensure_ascii=False, indent=1) + "\n"
        here, there = os.fsencode(home).hex().upper(), os.fsencode(HOME).hex().upper()
        (folder / "imbot.sql").write_text(
            sql.replace(here, there).replace(sim.url, PLATFORM), encoding="utf-8"
        )
        (folder / "cards.json").write_text(cards, encoding="utf-8")
        shutil.copyfile(home / ".imbot/admin.json", folder / "admin.json")


if __name__ == "__main__":
    asyncio.run(main(HERE / sys.argv[1]))
