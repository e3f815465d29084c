"""Many reloads of every sort leave nothing behind: tasks, threads, sockets, files and memory are where they were.

`IMBOT_RELOADS=1000 pytest tests/flows/test_leaks.py` does it at length.
"""

import asyncio
import gc
import os
import random
import threading
import tracemalloc

import pytest

from imbot.reload.reloader import Reloader
from imbot.reload.watch import Settle

RELOADS = int(os.environ.get("IMBOT_RELOADS", "80"))
ROUNDS = 4
# What a reload may leave in the memory of a test's process, with the simulator's journal and the captured log. A
# bot with its gateway would be four times as much.
BYTES_A_RELOAD = 16 * 1024
NAMES = ("a", "b", "c", "d")
BROKEN = ("agent: {type: echo\n", "", "agent: {type: nobody}\n", "a: [", "\tx: 1\n")


def tasks():
    return len(asyncio.all_tasks())


def threads():
    """But for asyncio's own pool, which grows as it is used, up to its bound."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def memory():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def edit(flow, chance, turn):
    """One change of one file: edited, broken, given another app, deleted, restored, or swapped with another."""
    name = chance.choice(NAMES)
    match chance.randrange(6):
        case 0:
            flow.echo(name, extra=f"title: Turn {turn}\n")
        case 1:
            flow.write(f"{name}.yaml", chance.choice(BROKEN))
        case 2:
            flow.echo(name, app=f"app-{name}{chance.randrange(3)}")
        case 3:
            (flow.folder / f"{name}.yaml").unlink(missing_ok=True)
        case 4:
            flow.echo(
                name, extra=f'card: {{templates: {{final: {{msgContent: "{turn} {{{{ answer }}}}"}}}}}}\n'
            )
        case 5:
            other = chance.choice(NAMES)
            flow.echo(name, app=f"app-{other}")
            flow.echo(other, app=f"app-{name}")


async def settled(flow, reloader):
    """Measure when every bot is as its file first had it, and nothing is under way any more."""
    for name in NAMES:
        flow.echo(name)
    await reloader.reload()
    gateways = flow.supervisor.gateways
    await flow.until(
        lambda: (
            all(
                (row.state, row.pending, row.turns_running) == ("connected", None, 0)
                for row in flow.supervisor.status()
            )
            and not (gateways._leaving or gateways._spacing)
        ),
        10,
    )
    await flow.sim.idle()
    return tasks(), threads(), descriptors(), memory()


@pytest.fixture
def reloader(monkeypatch):
    """The reloader of what runs next."""
    made = []

    class Seen(Reloader):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr("imbot.runtime.Reloader", Seen)
    return made


@pytest.mark.timeout(60 + RELOADS)
async def test_mixed_reloads_leave_nothing_behind(flow, reloader, monkeypatch):
    for module in ("gateway_pool", "rollout"):
        monkeypatch.setattr(f"imbot.reload.{module}.REMAKE_S", 0.02)
    chance = random.Random(4)
    for name in NAMES:
        flow.echo(name)
    measures = []
    tracemalloc.start()
    try:
        async with flow.up(settle=Settle(0.02, 0.1), grace_s=0.5):
            for _ in range(ROUNDS):
                for turn in range(RELOADS // ROUNDS):
                    edit(flow, chance, turn % 5)
                    await reloader[0].reload()
                    if turn % 10 == 0:
                        await flow.sim.say("app-a", "u-lilei", "hello")
                measures.append(await settled(flow, reloader[0]))
    finally:
        tracemalloc.stop()

    first, last = measures[1], measures[-1]  # the first round fills caches and pools
    assert all(at_end <= at_begin for at_end, at_begin in zip(last[:3], first[:3], strict=True)), measures
    reloads = RELOADS // ROUNDS * (ROUNDS - 2)
    assert (last[3] - first[3]) / reloads < BYTES_A_RELOAD, measures
