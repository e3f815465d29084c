"""Which packages of imbot a message, a click and an edit go through: python benchmarks/walks.py.

The main line of a flow is made of its coroutines. Each counts once, where it first begins, and tasks count one after
the other, so that neither loops nor the moment at which a task goes on play a role. Functions that never wait and
packages that everybody uses are left out. A return goes to a package that was entered before.
"""

import asyncio
import inspect
import sys
import tempfile
import time
from itertools import chain, groupby
from pathlib import Path

import imbot
from imbot.platforms.dingtalk.simulator import Simulator
from imbot.runtime import running

PACKAGE = f"{Path(imbot.__file__).parent}/"
LEFT_OUT = tuple(PACKAGE + name for name in ("backoff", "tasks", "platforms/dingtalk/simulator/"))
WAITS = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
BOT = """
title: {title}
credentials: {{client_id: app, client_secret: s3cret-value}}
agent: {{type: echo, delay: 100ms}}
feedback: {{buttons: [{{label: Good, rating: good}}]}}
"""


class Walk:
    """The packages in which coroutines begin while the block lasts, in tasks that begin there or have that name."""

    def __init__(self, task: str = "") -> None:
        self._others = {each for each in asyncio.all_tasks() if each.get_name() != task}
        self._seen = set()
        self._entered = {}  # packages by task, both in the order in which they began

    def __enter__(self):
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)

    def _note(self, frame, event, _):
        if event == "call" and frame.f_code.co_flags & WAITS and frame.f_code not in self._seen:
            path = frame.f_code.co_filename
            task = asyncio.current_task()
            if path.startswith(PACKAGE) and not path.startswith(LEFT_OUT) and task not in self._others:
                self._seen.add(frame.f_code)
                name = path.removeprefix(PACKAGE).split("/")[0].removesuffix(".py")
                self._entered.setdefault(task, []).append(name)

    def __str__(self) -> str:
        line = [name for name, _ in groupby(chain.from_iterable(self._entered.values()))]
        returns = sum(name in line[:place] for place, name in enumerate(line))
        return f"{len(line) - 1} moves, {returns} returns: {' > '.join(line)}"


async def until(true, within_s=15.0):
    """Return what ``true`` gives as soon as it is something."""
    end = time.monotonic() + within_s
    while not (value := true()):
        assert time.monotonic() < end, f"not within {within_s} s"
        await asyncio.sleep(0.02)
    return value


async def main(folder: Path) -> None:
    file = folder / "bot.yaml"
    file.write_text(BOT.format(title="One"))
    simulator = Simulator(open_apps=True)
    await simulator.start()
    store = f"sqlite:///{folder}/imbot.db"
    async with running(folder, store_url=store, endpoint=simulator.url) as (supervisor, _):
        await until(lambda: supervisor.status()[0].state == "connected")
        with Walk() as message:
            await simulator.say("app", "u-lilei", "one two three four five")
            card = await until(lambda: next(iter(simulator.cards.values()), None))
            await until(
                lambda: card.data.get("flowStatus") == "3" and not supervisor.status()[0].turns_running
            )
        with Walk() as click:
            await simulator.click(card.id, "u-lilei", "feedback:good")
        with Walk("reload") as edit:
            file.write_text(BOT.format(title="Two"))
            await until(lambda: supervisor.status()[0].generation == 2)
    await simulator.stop()
    print(f"message  {message}\nclick    {click}\nedit     {edit}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))
