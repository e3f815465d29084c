"""The scenarios: each a coroutine that takes the run and a size, and returns figures by system.

Within a scenario the systems take turns (or run side by side where the answers are long), so that a noisy
machine is noisy for all of them. A figure is a number or None; ``rounds`` of them are put together in
``report.py``.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from measure import ages, longest_freeze, summary

SYSTEMS = ("floor", "sdk", "threads", "imbot")
PACES = ("imbot fixed", "imbot economy", "imbot final_only")  # beside imbot's usual one
LIMITED = ("sdk bucket", "sdk eighth", "imbot")  # what people do about the limit, and imbot
# Out of the way, but where the limits are what is measured.
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
    stream_s: float  # answers of those who ask the limited app once
    patience_s: float  # of people on the limited app
    reloaded: tuple[int, ...]  # bots of which one changes
    edits: int  # while people talk to others
    reloads: int  # of which the CPU is counted,
    window_s: float  # each for so long
    files: int  # to check
    starts: int  # of a command


FULL = Size(
    rounds=3, warm_up=20, questions=100, users=100, answer_s=2.0, crowd_s=7.0, burst=500, long_s=30, longest_s=300,
    bots=(1, 100, 1000), quota_s=8.0, stream_s=10.0, patience_s=8.0, reloaded=(10, 100, 1000), edits=5,
    reloads=2, window_s=4.0, files=1000, starts=3,
)  # fmt: skip
QUICK = Size(
    rounds=1, warm_up=3, questions=10, users=20, answer_s=0.5, crowd_s=1.0, burst=40, long_s=3, longest_s=0,
    bots=(1, 15), quota_s=1.0, stream_s=1.0, patience_s=2.0, reloaded=(15,), edits=1, reloads=1, window_s=1.0,
    files=10, starts=1,
)  # fmt: skip


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


async def load(run, system, apps=None, **asked):
    """A crowd on one system (on each of its apps, or of those given): its figures, and what was seen."""
    cpu_s = system.process.cpu_s()
    platform_s = run.stage.process.cpu_s()
    got = await run.stage.do("crowd", apps=apps or system.apps, **asked)
    arrivals = await run.agent.times(got["turns"])
    figures = await cost(system, summary(got["turns"], arrivals, got["refused"]), cpu_s)
    figures["platform_s"] = run.stage.process.cpu_s() - platform_s
    return figures, got


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
    found, got = await load(
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
            found, got = await load(run, system, users=size.burst, chunks=10, rate=0, patience_s=60)
            found["rate"] = found["turns"] / (got["end"] - got["began"])
            figures[name] = found
    return figures


async def long_answers(run, answer_s, systems):
    """A few long answers of all systems at once; among the figures, one answer's staleness over time."""
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
    figures = {}
    for system, each in zip(started, got, strict=True):
        found = summary(each["turns"], arrivals, each["refused"])
        pairs = [(turn, arrivals[turn["key"]]) for turn in each["turns"] if turn["key"] in arrivals]
        found["freeze"] = max((longest_freeze(*pair) for pair in pairs), default=None)
        found["curve"] = [round(age, 3) for age in ages(*pairs[0])] if pairs else []
        figures[system.name] = found
    return figures


async def quota_crowd(run, size):
    """The crowd on an app that may make 20 calls a second on each API."""
    asked = {"users": size.users, "chunks": round(size.answer_s * RATE), "rate": RATE}
    asked |= {"ramp_s": size.answer_s, "seconds": size.quota_s}
    asked |= {"patience_s": size.patience_s, "drain_s": size.patience_s}
    figures = {}
    for name in LIMITED:
        found, got = await limited(run, name, **asked)
        figures[name] = found | {"rate": rate(got, got["began"] + size.answer_s, got["end"])}
    return figures


async def quota_stream(run, size):
    """As many people who ask that app once, all within a second, for longer answers."""
    asked = {"users": size.users, "chunks": round(size.stream_s * RATE), "rate": RATE}
    asked |= {"ramp_s": 1.0, "patience_s": size.stream_s + size.patience_s}
    return {name: (await limited(run, name, **asked))[0] for name in LIMITED}


async def limited(run, name, **asked):
    """One system on the app, its bot file as short as they come: with the usual `quota.qps`."""
    async with run.system(name, warm=False) as system:
        await run.stage.do("limit", apps=system.apps, qps=QPS)
        return await load(run, system, **asked)
