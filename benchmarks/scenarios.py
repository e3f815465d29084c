"""The scenarios: each a coroutine that takes the run and a size, and returns figures by system.

Within a scenario the systems take turns (or run side by side where the answers are long), so that a noisy
machine is noisy for all of them. A figure is a number or None; ``rounds`` of them are put together in
``report.py``.
"""

import asyncio
import json
import statistics
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass

from measure import ages, longest_freeze, summary
from procs import HERE

SYSTEMS = ("floor", "sdk", "threads", "imbot")
FIELD = ("sdk", "sdk fixed")  # what people do about updates, under one event loop
FREE = {"quota": {"qps": 100_000}, "limits": {"per_user": 1000, "per_bot": 10_000, "queue": 10_000}}
RATE = 20  # chunks a second
QPS = 20


@dataclass(frozen=True)
class Size:
    """How large everything is."""

    rounds: int
    warm_up: int  # messages to every fresh process
    questions: int  # of one user, to each system
    users: int
    answer_s: float  # in the crowd
    crowd_s: float
    burst: int
    long_s: int  # an answer measured in every round
    longest_s: int  # the one measured once; 0: none
    bots: tuple[int, ...]
    quota_s: float
    patience_s: float  # of people on the limited app
    reloads: int
    window_s: float  # in which the CPU of a reload is counted
    files: int  # to check


FULL = Size(3, 20, 100, 100, 2.0, 8.0, 500, 30, 300, (1, 100, 1000), 8.0, 12, 4, 5.0, 1000)
QUICK = Size(1, 3, 15, 20, 0.5, 1.5, 40, 4, 0, (1, 15), 1.5, 2, 1, 2.5, 20)


async def one_user(run, size):
    """A person who asks all systems in turn, each time waiting for the answer."""
    async with AsyncExitStack() as stack:
        systems = [await stack.enter_async_context(run.system(name, **FREE)) for name in SYSTEMS]
        before = [system.process.cpu_s() for system in systems]
        apps = [system.apps[0] for system in systems]
        got = await run.stage.do("rotate", apps=apps, rounds=size.questions, chunks=10, rate=0, patience_s=5)
        arrivals = await run.agent.times(got["turns"])
        figures = {}
        for system, cpu_s in zip(systems, before, strict=True):
            turns = [turn for turn in got["turns"] if turn["app"] == system.apps[0]]
            figures[system.name] = await cost(system, summary(turns, arrivals), cpu_s)
    return figures


async def cost(system, figures, cpu_before_s):
    """The figures with what the system spent on them."""
    cpu_s = system.process.cpu_s() - cpu_before_s
    turns = figures["turns"]
    return figures | {
        "cpu_turn": cpu_s / turns * 1000 if turns else None,
        "turns_core": turns / cpu_s,
        "peak": system.process.memory()[1] / 1e6,
        "loop_p99": await system.loop_delay_ms(),
    }


async def load(run, system, **asked):
    """A crowd on one system: its figures, its turns and the times of their chunks."""
    cpu_s = system.process.cpu_s()
    platform_s = run.stage.process.cpu_s()
    got = await run.stage.do("crowd", apps=system.apps, **asked)
    arrivals = await run.agent.times(got["turns"])
    figures = await cost(system, summary(got["turns"], arrivals, got["refused"]), cpu_s)
    figures["platform_s"] = run.stage.process.cpu_s() - platform_s
    return figures, got, arrivals


def rate(got, since, until):
    """Answers completed a second between two times."""
    done = sum(since <= turn["final"] < until for turn in got["turns"] if turn["final"])
    return done / (until - since)


async def crowd(run, size):
    """Many people on one app, each asking again as soon as the answer is there."""
    figures = {}
    for name in SYSTEMS:
        async with run.system(name, **FREE) as system:
            figures[name] = await one_crowd(run, system, size)
    return figures


async def one_crowd(run, system, size):
    found, got, _ = await load(
        run, system, users=size.users, chunks=round(size.answer_s * RATE), rate=RATE,
        ramp_s=size.answer_s, seconds=size.crowd_s, drain_s=size.answer_s * 2 + 1,
    )  # fmt: skip
    settled = got["began"] + size.answer_s * 1.5  # the first answers are complete
    return found | {"rate": rate(got, settled, got["end"])}


async def burst(run, size):
    """As many messages at the same moment, and an agent that answers at once."""
    figures = {}
    for name in SYSTEMS:
        async with run.system(name, **FREE) as system:
            found, got, _ = await load(run, system, users=size.burst, chunks=10, rate=0, patience_s=60)
            found["rate"] = found["turns"] / (got["end"] - got["began"])
            figures[name] = found
    return figures


async def long_answers(run, answer_s, systems=SYSTEMS):
    """A few long answers of all systems at once; beside the figures, one answer's staleness over time."""
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(run.system(name, **FREE)) for name in systems]
        loads = (
            run.stage.do(
                "crowd", apps=system.apps, users=3 if system.name != "threads" else 1,
                chunks=round(answer_s * RATE), rate=RATE, ramp_s=1.0, patience_s=answer_s + 30,
            )
            for system in started
        )  # fmt: skip
        got = await asyncio.gather(*loads)
        arrivals = await run.agent.times([turn for each in got for turn in each["turns"]])
    figures, curves = {}, {}
    for system, each in zip(started, got, strict=True):
        found = summary(each["turns"], arrivals, each["refused"])
        pairs = [(turn, arrivals[turn["key"]]) for turn in each["turns"]]
        found["freeze"] = max(longest_freeze(*pair) for pair in pairs)
        figures[system.name] = found
        curves[system.name] = ages(*pairs[0])
    return figures, curves


async def idle_bots(run, size, *, first):
    """Bots that wait: how soon they are there, what each takes, and whether each one answers.

    What takes long is done in the first round alone: the systems that start slowly, and middling counts.
    """
    names = SYSTEMS if first else ("floor", "imbot")
    figures = {name: {} for name in names}
    for name in names:
        for count in size.bots if first else (size.bots[0], size.bots[-1]):
            figures[name] |= await waiting(run, name, count, last=count == size.bots[-1])
        least, most = (figures[name][f"memory_{count}"] for count in (size.bots[0], size.bots[-1]))
        figures[name]["memory_bot"] = (most - least) / (size.bots[-1] - size.bots[0]) / 1e3
        figures[name]["start"] = figures[name][f"start_{size.bots[-1]}"]
    return figures


async def waiting(run, name, count, *, last):
    async with run.system(name, count, warm=False) as system:
        await asyncio.sleep(1)
        found = {
            f"start_{count}": system.ready_s,
            f"memory_{count}": system.process.memory()[0],
        }
        if last:
            found["start_cpu"] = system.process.cpu_s()
            answers, _, _ = await load(
                run, system, users=1, chunks=5, rate=0, ramp_s=count / 200, patience_s=15
            )
            found |= answers | {"asked_memory": system.process.memory()[0] / 1e6}
    return found


async def quota(run, size):
    """The crowd on an app that may make 20 calls a second on each API."""
    figures = {}
    await run.stage.do("set", qps=QPS)
    try:
        for name in (*FIELD, "imbot"):
            async with run.system(name, warm=False) as system:
                found, got, _ = await load(
                    run, system, users=size.users, chunks=round(size.answer_s * RATE), rate=RATE,
                    ramp_s=size.answer_s, seconds=size.quota_s, patience_s=size.patience_s, drain_s=size.patience_s,
                )  # fmt: skip
                figures[name] = found | {"rate": rate(got, got["began"] + size.answer_s, got["end"])}
    finally:
        await run.stage.do("set", qps=None)
    return figures


async def reload_under_load(run, size):
    """The crowd on imbot while its bot file is edited every second."""
    async with run.system("imbot", **FREE) as system:
        editing = asyncio.create_task(edit_for_ever(system))
        try:
            found = await one_crowd(run, system, size)
        finally:
            editing.cancel()
            await asyncio.gather(editing, return_exceptions=True)
        found["reloads"] = system.log.read_text().count(": update (")
    return {"imbot": found}


async def edit_for_ever(system):
    number = 0
    while True:
        await asyncio.sleep(1)
        number += 1
        edit(system, 0, title=f"Edited {number}")


def edit(system, number, **keys):
    """Change a bot file as careful editors do: a new file in its place."""
    path = system.folder / "bots" / f"b{number}.yaml"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(json.loads(path.read_text()) | keys, indent=1) + "\n")
    new.rename(path)


async def reload_one(run, size):
    """One bot of many changes: the CPU of a quiet while, of a file only touched, and of one edited."""
    async with run.system("imbot", size.bots[-1], warm=False) as system:
        await asyncio.sleep(size.window_s)
        spent = {"quiet": [], "touched": [], "edited": []}
        for number in range(size.reloads):
            for kind, values in spent.items():
                before = system.process.cpu_s()
                if kind != "quiet":
                    edit(system, number, **({"title": "Edited"} if kind == "edited" else {}))
                await asyncio.sleep(size.window_s)
                values.append((system.process.cpu_s() - before) * 1000)
        reloads = system.log.read_text().count(": update (")
    medians = {kind: statistics.median(values) for kind, values in spent.items()}
    pairs = [edited - touched for edited, touched in zip(spent["edited"], spent["touched"], strict=True)]
    found = {"pairs": pairs, "beyond": statistics.median(pairs), "reloads": reloads}
    return {"imbot": medians | found | {"above_quiet": medians["edited"] - medians["quiet"]}}


async def check(size):
    """What ``check.py`` beside this file prints: ``imbot check`` beside ``check-jsonschema``."""
    command = [sys.executable, HERE / "check.py", str(size.files)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else f"Not measured: {done.stderr.strip()[-500:]}"
