"""The hot-reload scenarios about running bots, by their numbers: real files, real sockets."""

import asyncio
import time

import pytest

from imbot.platforms.dingtalk.connector import Connector
from imbot.platforms.dingtalk.http import CONNECTS_AT_ONCE
from imbot.reload.gateway_pool import REMAKE_S
from imbot.reload.supervisor import Supervisor

BOT = """
credentials: {{client_id: {app}, client_secret: {secret}}}
agent: {{type: echo, delay: {delay}, prefix: "{prefix}"}}
card: {{templates: {{final: {{msgContent: "{layout} {{{{ answer }}}}"}}}}}}
"""
OPEN = "connections/open"
TOKEN = "oauth2/accessToken"


@pytest.fixture
def steps(monkeypatch):
    """What each reload did."""
    taken = []
    apply = Supervisor.apply

    async def noted(self, *args, **kwargs):
        taken.append(await apply(self, *args, **kwargs))
        return taken[-1]

    monkeypatch.setattr(Supervisor, "apply", noted)
    return taken


@pytest.fixture
def connects(monkeypatch):
    """How many connects are in flight now, and were at most."""
    flight = {"now": 0, "most": 0}
    connect = Connector._connected

    async def counted(self):
        flight["now"] += 1
        flight["most"] = max(flight.values())
        try:
            return await connect(self)
        finally:
            flight["now"] -= 1

    monkeypatch.setattr(Connector, "_connected", counted)
    return flight


def write(flow, name, app=None, secret="s3cret-value", delay="0ms", prefix="", layout="", extra=""):
    app = app or f"app-{name}"
    flow.write(
        f"{name}.yaml",
        BOT.format(app=app, secret=secret, delay=delay, prefix=prefix, layout=layout) + extra,
    )


def apps(flow):
    return {name: spec.identity for name, spec in flow.supervisor.specs().items()}


def pending(flow, name):
    row = flow.row(name)
    return row and row.pending and row.pending.reason


def mended(sim):
    """The network is back: no fault that was ordered happens any more."""
    sim._api.faults._ordered.clear()


async def opens(flow, app):
    """How often an app asked for a connection."""
    return sum(call.app == app and OPEN in call.path for call in flow.sim.calls)


class Watcher:
    """Looks at the simulator all the time: how many connections did an app ever have at once?"""

    def __init__(self, sim, *names):
        self.most = dict.fromkeys(names, 0)
        self._task = asyncio.create_task(self._look(sim))

    async def _look(self, sim):
        while True:
            for app in self.most:
                self.most[app] = max(self.most[app], len(sim.connections(app)))
            await asyncio.sleep(0.002)

    async def __aenter__(self):
        return self.most

    async def __aexit__(self, *_):
        self._task.cancel()


async def test_r16_r17_200_files_at_once_with_three_broken_ones(flow, steps, connects):
    names = [f"b{number:03}" for number in range(200)]
    for name in names:
        write(flow, name)
    async with flow.up():
        before = {row.name: row for row in flow.supervisor.status()}
        steps.clear()
        began = time.monotonic()
        for number, name in enumerate(names):
            if number < 3:
                flow.write(
                    f"{name}.yaml", BOT.format(app=name, secret="x", delay="0ms", prefix="", layout="{{")
                )
            elif number < 10:
                write(flow, name, app=f"other-{name}")
            elif number < 50:
                write(flow, name, extra="title: New\n")
            else:
                write(flow, name, extra="# only a comment\n")
        await flow.until(lambda: sum(row.generation == 2 for row in flow.supervisor.status()) == 47, 10)
        took = time.monotonic() - began
        after = {row.name: row for row in flow.supervisor.status()}
        rejected = [row.rejected for row in after.values() if row.rejected]

    assert took < 10
    await flow.until(lambda: steps)  # it is told just after the status shows it
    assert len(steps) == 1
    assert [step.action for step in steps[0]] == ["rejected"] * 3 + ["replace"] * 7 + ["update"] * 40 + [
        "unchanged"
    ] * 150
    assert sorted(each.name for each in rejected) == names[:3]
    assert all(each.problems[0].line == 4 and each.problems[0].column > 1 for each in rejected)
    untouched = [*names[:3], *names[10:]]
    assert all(after[name].connected_since == before[name].connected_since for name in untouched)
    assert all((after[name].generation, after[name].connections) == (1, 1) for name in names[50:])
    assert connects["most"] <= CONNECTS_AT_ONCE


async def test_r54_two_bots_swap_credentials(flow):
    write(flow, "a", prefix="I am a: ")
    write(flow, "b", prefix="I am b: ")
    async with flow.up(), Watcher(flow.sim, "app-a", "app-b") as most:
        write(flow, "a", app="app-b", prefix="I am a: ")
        write(flow, "b", app="app-a", prefix="I am b: ")
        await flow.until(lambda: apps(flow) == {"a": "app-b", "b": "app-a"})
        at_a = await flow.ask("app-a", "who is there")
        at_b = await flow.ask("app-b", "who is there")
        rows = [flow.row(name) for name in "ab"]

    assert most == {"app-a": 1, "app-b": 1}
    assert ("I am b" in at_a.data["msgContent"], "I am a" in at_b.data["msgContent"]) == (True, True)
    assert len(flow.sim.cards) == 2, "each message is answered once"
    assert [(row.state, row.connections) for row in rows] == [("connected", 1)] * 2


async def test_r54_a_swap_with_one_wrong_secret_leaves_both_as_they_were(flow):
    write(flow, "a", prefix="I am a: ")
    write(flow, "b", prefix="I am b: ")
    async with flow.up():
        write(flow, "a", app="app-b", secret="wr0ng-secret")
        write(flow, "b", app="app-a")
        await flow.until(lambda: flow.row("a").rejected)
        state = apps(flow)
        waits = pending(flow, "b")
        answers = [await flow.ask(f"app-{name}", "who is there") for name in "ab"]
        write(flow, "a", app="app-b")
        await flow.until(lambda: apps(flow) == {"a": "app-b", "b": "app-a"})
        rejected = [row.rejected or row.pending for row in flow.supervisor.status()]

    assert state == {"a": "app-a", "b": "app-b"}
    assert waits == "it changes together with a"
    assert ["I am a" in answers[0].data["msgContent"], "I am b" in answers[1].data["msgContent"]] == [
        True,
        True,
    ]
    assert rejected == [None, None]


async def test_r54_three_bots_pass_their_apps_on_while_one_moves_away_from_the_chain(flow):
    for name in "abc":
        write(flow, name)
    async with flow.up(), Watcher(flow.sim, "app-a", "app-b", "app-c", "app-new") as most:
        write(flow, "a", app="app-b")
        write(flow, "b", app="app-c")
        write(flow, "c", app="app-new")
        await flow.until(lambda: apps(flow) == {"a": "app-b", "b": "app-c", "c": "app-new"})
        await flow.until(lambda: not flow.sim.connections("app-a"))
        connections = [flow.row(name).connections for name in "abc"]

    assert max(most.values()) == 1
    assert connections == [1, 1, 1]


async def test_r55_r63_a_streaming_reply_keeps_its_presentation_and_its_pace(flow):
    slow = "throttle: {pace: fixed, interval: 100ms, chunks: 1000}\n"
    last = "throttle: {pace: final_only}\n"
    write(flow, "a", delay="150ms", layout="old", extra=slow)
    async with flow.up():
        await flow.sim.say("app-a", "u-lilei", "one two three four five six seven eight")
        card = (await flow.until(lambda: flow.cards("app-a")))[0]
        write(flow, "a", layout="new", extra=last)
        await flow.until(lambda: flow.row("a").generation == 2)
        updates = len(flow.sim.calls)
        assert card.data["flowStatus"] != "3"
        await flow.until(lambda: card.data["flowStatus"] == "3")
        went_on = len(flow.sim.calls) - updates
        first = card.data["msgContent"]
        before = len(flow.sim.calls)
        second = await flow.ask("app-a", "one two three four five six seven eight")
        calls = len(flow.sim.calls) - before
        connections = flow.row("a").connections

    assert first.startswith("old ")
    assert "eight" in first
    assert went_on >= 3, "its updates went on, and the last one was not lost"
    assert second.data["msgContent"].startswith("new ")
    assert calls <= 3
    assert connections == 1


async def test_r56_a_streaming_reply_ends_as_it_began_when_identity_or_agent_change(flow):
    write(flow, "a", delay="500ms", prefix="old: ")
    async with flow.up(grace_s=30):
        await flow.sim.say("app-a", "u-lilei", "one two three four five six seven eight")
        (first,) = await flow.until(lambda: flow.cards("app-a"))
        write(flow, "a", prefix="new: ")
        await flow.until(lambda: flow.row("a").generation == 2)
        other = await flow.ask("app-a", "hello", user="u-hanmeimei")
        write(flow, "a", app="app-x", prefix="newest: ")
        await flow.until(lambda: apps(flow) == {"a": "app-x"})
        assert first.data["flowStatus"] != "3"
        newest = await flow.ask("app-x", "hello")
        await flow.until(lambda: first.data["flowStatus"] == "3")
        await flow.until(lambda: not flow.sim.connections("app-a"))

    assert first.data["msgContent"].strip().startswith("old: one")
    assert "eight" in first.data["msgContent"]
    assert other.data["msgContent"].strip() == "new: hello"
    assert newest.data["msgContent"].strip() == "newest: hello"
    assert len(flow.sim.cards) == 3


async def test_r57_a_reply_that_never_ends_is_stopped_at_the_deadline_and_counted(flow):
    write(flow, "a", delay="20s")
    async with flow.up(grace_s=0.3):
        await flow.sim.say("app-a", "u-lilei", "one two three")
        (card,) = await flow.until(lambda: flow.cards("app-a"))
        write(flow, "a", app="app-x")
        await flow.until(lambda: apps(flow) == {"a": "app-x"})
        await flow.until(lambda: card.data["flowStatus"] == "3")
        counted = await flow.until(lambda: dict(flow.supervisor.counters.turns))
        await flow.until(lambda: not flow.supervisor.gateways._leaving)

    assert card.data["msgContent"].strip()
    assert [(bot, phase.value, count) for (bot, phase), count in counted.items()] == [("a", "stopped", 1)]


async def test_r58_a_change_while_connecting_abandons_the_attempt(flow):
    write(flow, "ready")
    async with flow.up():
        flow.sim.fail(OPEN, 200, delay_s=1.0, times=1)
        write(flow, "a", app="app-slow")
        await flow.until(lambda: flow.row("a") and flow.row("a").state == "connecting")
        write(flow, "a", app="app-right")
        await flow.until(lambda: flow.row("a").state == "connected")
        right = apps(flow)["a"]
        await asyncio.sleep(1.1)  # the answer to the abandoned attempt would be there by now
        left = flow.sim.connections("app-slow")

    assert right == "app-right"
    assert left == ()


async def test_r58_a_change_that_waits_for_its_app_is_abandoned_when_the_file_changes_again(flow):
    write(flow, "a")
    async with flow.up(), Watcher(flow.sim, "app-a", "app-x") as most:
        flow.sim.fail(OPEN, 503, times=1000)
        write(flow, "a", app="app-x")
        await flow.until(lambda: pending(flow, "a"))
        write(flow, "a")
        await flow.until(lambda: not flow.row("a").pending)
        mended(flow.sim)
        await asyncio.sleep(0.3)
        gone = not flow.supervisor.gateways.is_open(("dingtalk-stream", "app-x"))
        row = flow.row("a")

    assert (gone, most) == (True, {"app-a": 1, "app-x": 0})
    assert (row.generation, row.connections) == (1, 1)


async def test_r59_a_wrong_new_secret_leaves_the_old_generation_answering(flow):
    write(flow, "a", prefix="old: ")
    async with flow.up():
        write(flow, "a", secret="wr0ng-secret", prefix="new: ")
        await flow.until(lambda: flow.row("a").rejected)
        row = flow.row("a")
        tries = sum(TOKEN in call.path for call in flow.sim.calls)
        old = await flow.ask("app-a", "hello")
        write(flow, "a", prefix="healed: ")
        await flow.until(lambda: flow.row("a").generation == 2)
        new = await flow.ask("app-a", "hello")
        healed = flow.row("a")

    assert (row.generation, row.state) == (1, "connected")
    assert row.rejected.problems[0].code == "platform.refused"
    assert "wr0ng" not in str(row)
    assert tries <= 3
    assert old.data["msgContent"].strip() == "old: hello"
    assert new.data["msgContent"].strip() == "healed: hello"
    assert (healed.rejected, healed.connections) == (None, 1)


async def test_r59_a_wrong_identity_is_refused_without_a_connection(flow):
    flow.sim.add_app("app-x", "its-own-secret")
    write(flow, "a")
    async with flow.up():
        write(flow, "a", app="app-x", secret="wr0ng-secret")
        await flow.until(lambda: flow.row("a").rejected)
        asked = await opens(flow, "app-x")
        flow.sim.add_app("app-x", "wr0ng-secret")  # the platform's side is mended instead of the file
        await flow.until(lambda: apps(flow) == {"a": "app-x"}, 10)

    assert asked == 0


async def test_r60_an_unreachable_platform_holds_up_only_who_needs_it(flow, steps):
    write(flow, "a")
    write(flow, "b", layout="old")
    async with flow.up():
        flow.sim.fail(TOKEN, 503, times=1000)
        write(flow, "a", app="app-x")
        await flow.until(lambda: pending(flow, "a"))
        began = time.monotonic()
        write(flow, "b", layout="new")
        await flow.until(lambda: flow.row("b").generation == 2)
        took = time.monotonic() - began
        reason, generation = pending(flow, "a"), flow.row("a").generation
        mended(flow.sim)
        await flow.until(lambda: apps(flow)["a"] == "app-x", 10)
        rows = [flow.row("a"), flow.row("b")]

    assert took < 10
    assert "503" in reason
    assert generation == 1
    told = [problem.code for taken in steps for step in taken for problem in step.problems]
    assert told == ["change.pending"] * len(told) != []
    assert [(row.generation, row.connections, row.pending) for row in rows] == [(2, 1, None), (2, 1, None)]


async def test_r61_an_unreachable_agent_is_reported_and_does_not_hold_up_a_reload(flow, steps):
    write(flow, "a")
    async with flow.up():
        flow.write(
            "a.yaml",
            "credentials: {client_id: app-a, client_secret: s3cret-value}\n"
            "agent: {type: openai, base_url: 'http://127.0.0.1:9/v1', api_key: none, model: m}\n"
            "timeouts: {connect: 100ms}\n",
        )
        await flow.until(lambda: flow.row("a").generation == 2)
        row = await flow.until(lambda: flow.row("a").error and flow.row("a"))
        await flow.until(lambda: len(steps) == 2)
        await flow.sim.say("app-a", "u-lilei", "hello")
        (card,) = await flow.until(lambda: flow.cards("app-a"))
        await flow.until(lambda: card.data["flowStatus"] in ("3", "5"), 10)

    assert (row.rejected, row.pending, row.connections) == (None, None, 1)
    assert "cannot be reached" in row.error
    (step,) = steps[-1]
    (warning,) = step.problems
    assert (step.action, warning.code, warning.severity) == ("update", "agent.unreachable", "warning")


async def test_r62_of_rapid_edits_the_last_wins_and_connections_are_spaced(flow):
    write(flow, "a")
    began = time.monotonic()
    async with flow.up():
        for number in range(10):
            write(flow, "a", app=f"app-{number}")
            await asyncio.sleep(0.4)
        await flow.until(lambda: apps(flow) == {"a": "app-9"})
        took = time.monotonic() - began
        await flow.until(lambda: flow.row("a").state == "connected")
        await asyncio.sleep(0.2)
        left = [number for number in range(9) if flow.sim.connections(f"app-{number}")]
        made = sum([await opens(flow, f"app-{number}") for number in range(10)])

    assert left == []
    assert made <= 2 + took / REMAKE_S


async def test_r62_a_bot_that_comes_and_goes_does_not_storm_the_platform(flow):
    write(flow, "stays")
    async with flow.up(), Watcher(flow.sim, "app-a") as most:
        began = time.monotonic()
        for _ in range(3):
            write(flow, "a")
            await flow.until(lambda: flow.row("a"))
            (flow.folder / "a.yaml").unlink()
            await flow.until(lambda: "a" not in flow.supervisor.specs())
        write(flow, "a")
        await flow.until(lambda: flow.row("a") and flow.row("a").state == "connected")
        took = time.monotonic() - began
        made = await opens(flow, "app-a")

    assert most == {"app-a": 1}
    assert made <= 1 + took / REMAKE_S
