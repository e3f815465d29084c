"""Many bots in one process: how soon they are there, what each takes, what an edit of one costs."""

import asyncio
import json
import statistics
import time
from contextlib import AsyncExitStack, suppress

from scenarios import FREE, RATE, SYSTEMS, load, one_crowd

SETTLE_S = 0.3  # how long a file must be still, by default
LOOK_S = 0.002
IDLE_S = 2.0
LOST_S = 10.0  # an edit that takes longer never took effect
LOADED = 10  # bots that people talk to while files are edited
KINDS = ("other", "touched", "edited")


async def idle(run, size, *, first):
    """Bots that wait: how soon they are there, what each takes, and whether each one answers.

    What takes long is done in the first round alone: the systems that start slowly, and middling counts.
    """
    figures = {name: {} for name in (SYSTEMS if first else ("floor", "imbot"))}
    for name, found in figures.items():
        for count in size.bots if first else (size.bots[0], size.bots[-1]):
            found.update(await waiting(run, name, count, last=count == size.bots[-1]))
        least, most = (found[f"memory_{count}"] for count in (size.bots[0], size.bots[-1]))
        found["memory_bot"] = (most - least) / (size.bots[-1] - size.bots[0]) / 1e3
        found["start"] = found[f"start_{size.bots[-1]}"]
    return figures


async def waiting(run, name, count, *, last):
    async with run.system(name, count, warm=False) as system:
        await asyncio.sleep(1)
        found = {f"start_{count}": system.ready_s, f"memory_{count}": system.process.memory()[0]}
        if last:
            found["start_cpu"] = before = system.process.cpu_s()
            await asyncio.sleep(IDLE_S)
            found["idle_cpu"] = (system.process.cpu_s() - before) / IDLE_S * 1000
            answers, _ = await load(run, system, users=1, chunks=5, rate=0, ramp_s=count / 200, patience_s=15)
            found |= answers | {"asked_memory": system.process.memory()[0] / 1e6}
    return found


async def reload_under_load(run, size):
    """The crowd on imbot while its bot file is edited every second."""
    async with run.system("imbot", **FREE) as system:
        editing = asyncio.create_task(edit_for_ever(system))
        try:
            found = await one_crowd(run, system, size)
        finally:
            editing.cancel()
            with suppress(asyncio.CancelledError):
                await editing
        found["reloads"] = updates(system)
    return {"imbot": found}


async def edit_for_ever(system):
    number = 0
    while True:
        await asyncio.sleep(1)
        number += 1
        edit(system, 0, title=f"Edited {number}")


async def reload_one(run, size):
    """One bot of few and of many changes: when it is live while people talk to others, then its CPU alone."""
    figures = {}
    async with AsyncExitStack() as stack:
        systems = [
            await stack.enter_async_context(run.system("imbot", count, warm=False, **FREE))
            for count in size.reloaded
        ]
        for system in systems:
            figures[f"{system.count} bots"] = await edits_under_load(run, system, size)
        spent = await asyncio.gather(*(cpu_of_edits(system, size) for system in systems))
        for system, found in zip(systems, spent, strict=True):
            figures[f"{system.count} bots"] |= found | {"reloads": updates(system)}
    return figures


async def cpu_of_edits(system, size):
    """ms of CPU in a while in which each kind of thing happens; medians, and what an edit takes beyond the scan."""
    spent = {kind: [] for kind in KINDS}
    for number in range(size.reloads):
        for kind, values in spent.items():
            values.append(await spent_ms(system, size.window_s, kind, number))
    found = {kind: statistics.median(values) for kind, values in spent.items()}
    return found | {"beyond": found["edited"] - found["other"]}


async def edits_under_load(run, system, size):
    """Seconds until an edit is live beyond the time to settle, and what became of the messages meanwhile."""
    apps = system.apps[:LOADED]
    asking = asyncio.create_task(
        load(run, system, apps=apps, users=2, chunks=RATE // 2, rate=RATE, ramp_s=1, seconds=size.edits * 1.5)
    )
    times = []
    for number in range(size.edits):
        await asyncio.sleep(0.7)
        times.append(await live_s(system, number % len(apps)) - SETTLE_S)
    answers, _ = await asking
    found = {key: answers[key] for key in ("turns", "first_p99", "lost", "doubled")}
    return found | {"live": statistics.median(times), "live_most": max(times)}


async def live_s(system, number):
    """Edit a bot; after how long its log says that the new file is followed."""
    before, began = updates(system), time.monotonic()
    edit(system, number, title=f"Edited {began}")
    while updates(system) == before:
        if time.monotonic() - began > LOST_S:
            raise RuntimeError(f"an edit of b{number} did not take effect")
        await asyncio.sleep(LOOK_S)
    return time.monotonic() - began


async def spent_ms(system, window_s, kind, number):
    """CPU of a while in which a file changes that is of no bot, or one of a bot, as it was or not."""
    before = system.process.cpu_s()
    match kind:
        case "other":
            (system.folder / "bots" / "notes.txt").write_text(f"{number}\n")
        case "touched":
            edit(system, number)
        case "edited":
            edit(system, number, title=f"Edited alone {number}")
    await asyncio.sleep(window_s)
    return (system.process.cpu_s() - before) * 1000


def updates(system):
    """How many changed files took effect so far."""
    return system.log.read_bytes().count(b": update (")


def edit(system, number, **keys):
    """Change a bot file as careful editors do: a new file in its place."""
    path = system.folder / "bots" / f"b{number}.yaml"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(json.loads(path.read_text()) | keys, indent=1) + "\n")
    new.rename(path)
