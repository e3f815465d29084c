"""What people see when the process is killed at any point and started again: the real command, the simulator."""

import asyncio
import contextlib
import os
import random
import signal
import sqlite3
import sys

import pytest

BOT = """
credentials: {{client_id: app-{name}, client_secret: s3cret-value}}
agent: {{type: python, target: answers:reply}}
texts: {{interrupted: CUT OFF}}
{extra}
"""
# In its first life the agent hangs where a question says so; in its next one it answers everything.
ANSWERS = """
import asyncio, os, pathlib

async def reply(text):
    if text.startswith("slow"):
        for number in range(10):
            yield f"{text}, part {number}. "
            await asyncio.sleep(0.05)
        return
    if text == "final":
        while not pathlib.Path("go").exists():
            await asyncio.sleep(0.02)
    elif "HANG" in os.environ:
        if text == "streaming":
            yield "the first half"
        if text != "markdown":
            await asyncio.sleep(1000)
    yield f"answer to {text}"
"""


class Run:
    """``imbot run`` in a process of its own, which can be killed and started again."""

    def __init__(self, flow):
        self.flow = flow
        self.process = None

    async def start(self, **env):
        command = (sys.executable, "-m", "imbot", "run", "bots", "--store", f"sqlite:///{self.flow.database}")
        with (self.flow.folder.parent / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                cwd=self.flow.folder.parent,
                env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": self.flow.sim.url, **env},
                stdout=log,
                stderr=log,
            )
        apps = [path.stem for path in self.flow.folder.glob("*.yaml")]
        await self.flow.until(lambda: all(self.flow.sim.connections(f"app-{app}") for app in apps), 20)

    async def kill(self):
        await self.end(signal.SIGKILL)

    async def end(self, number=signal.SIGTERM):
        if self.process.returncode is None:
            self.process.send_signal(number)
        await asyncio.wait_for(self.process.wait(), 20)

    def journal(self):
        """Every turn of the journal, by its question."""
        with contextlib.closing(sqlite3.connect(self.flow.database)) as store:
            store.row_factory = sqlite3.Row
            return {row["question"]: row for row in store.execute("SELECT * FROM turns")}

    def let_leases_end(self):
        """As if ten seconds had passed."""
        with contextlib.closing(sqlite3.connect(self.flow.database, timeout=5)) as store, store:
            store.execute("UPDATE processes SET until = 0")


@pytest.fixture
async def run(flow):
    flow.sim.set(qps=None)
    (flow.folder.parent / "answers.py").write_text(ANSWERS, encoding="utf-8")
    running = Run(flow)
    yield running
    if running.process is not None:
        await running.end(signal.SIGKILL)


def a_bot(flow, name, extra=""):
    flow.write(f"{name}.yaml", BOT.format(name=name, extra=extra))


async def ask(flow, question, app="app-cards"):
    """Ask as a person of one's own, who goes by the question."""
    user = f"u-{question}"
    if user not in flow.sim.world.users:
        flow.sim.add_user(user, user)
    return await flow.sim.say(app, user, question)


async def test_after_kill_9_at_any_point_every_turn_has_exactly_one_end(flow, run):
    a_bot(flow, "cards")
    a_bot(flow, "plain", "card: {kind: markdown}")
    await run.start(HANG="1")

    asked = [await ask(flow, question) for question in ("thinking", "streaming", "final")]
    await flow.until(lambda: len(flow.cards("app-cards")) == 3)
    await flow.until(lambda: [c for c in flow.cards("app-cards") if "first half" in c.data["msgContent"]])
    await flow.until(lambda: run.journal()["streaming"]["answer"])
    made = {card.id for card in flow.cards("app-cards")}
    # From now on no card is made, and the end of what is there is shown, but the process never hears of that.
    flow.sim.fail("createAndDeliver", 503, times=100)
    flow.sim.fail("/v1.0/card/instances", 503, times=100, executed=True)
    (flow.folder.parent / "go").touch()
    await flow.until(lambda: [c for c in flow.cards("app-cards") if c.data.get("flowStatus") == "3"])
    # A message is on its way and arrives when there is nobody any more to hear of that.
    flow.sim.fail("sendBySession", 503, delay_s=1.0, executed=True)
    ordered = flow.sim._api.faults._ordered
    await ask(flow, "cardless")
    await ask(flow, "markdown", "app-plain")
    await flow.until(lambda: run.journal().get("markdown", {"shown": ""})["shown"] == "sending")
    await flow.until(lambda: not [fault for fault in ordered if fault.path_part == "sendBySession"])
    await flow.until(lambda: "cardless" in run.journal())
    await run.kill()
    await asyncio.sleep(1.1)
    flow.sim.mend()
    run.let_leases_end()

    await run.start()
    await flow.until(lambda: all(row["finished_at"] for row in run.journal().values()), 10)
    await asyncio.sleep(0.3)

    journal = run.journal()
    cards = {row["question"]: flow.sim.cards.get(row["card_id"]) for row in journal.values()}
    assert {question: row["phase"] for question, row in journal.items()} == {
        "thinking": "stopped",
        "streaming": "stopped",
        "final": "final",
        "cardless": "final",
        "markdown": "final",
    }
    assert cards["thinking"].data["msgContent"].strip() == "CUT OFF"
    assert cards["streaming"].data["msgContent"].split() == ["the", "first", "half", "CUT", "OFF"]
    assert "regenerate" in cards["streaming"].data["sys_full_json_obj"]
    assert cards["final"].data["msgContent"].strip() == "answer to final"
    assert cards["cardless"].data["msgContent"].strip() == "answer to cardless"
    assert {card.data["flowStatus"] for card in flow.cards("app-cards")} == {"3"}
    assert {card.id for card in flow.cards("app-cards")} == made | {journal["cardless"]["card_id"]}
    assert len(flow.said("answer to markdown")) == 1
    ours = [message for message in flow.sim.messages if message.sender is None]
    assert len(ours) == 5

    # What is delivered again is known, and who was cut off may ask again, once.
    await flow.sim.say("app-cards", "u-streaming", "streaming", msgId=asked[1])
    for _ in range(2):
        assert await flow.sim.click(cards["streaming"].id, "u-streaming", "regenerate")
    await flow.until(
        lambda: [c for c in flow.cards("app-cards") if "answer to streaming" in c.data["msgContent"]]
    )
    await asyncio.sleep(0.2)
    assert len(flow.cards("app-cards")) == 5
    assert "regenerate" not in cards["streaming"].data["sys_full_json_obj"]


async def test_a_process_leaves_the_living_turns_of_another_one_alone_and_takes_over_when_it_dies(flow, run):
    a_bot(flow, "cards")
    await run.start(HANG="1")
    await ask(flow, "streaming")
    await flow.until(lambda: run.journal().get("streaming", {"answer": ""})["answer"])
    async with flow.up():
        await asyncio.sleep(4.5)  # more than one look and one beat
        (card,) = flow.cards("app-cards")
        assert card.data["flowStatus"] == "2"
        await run.kill()
        run.let_leases_end()
        await flow.until(lambda: card.data["flowStatus"] == "3")

    assert "CUT OFF" in card.data["msgContent"]
    assert len(flow.cards("app-cards")) == 1


async def test_killed_at_random_moments_every_message_still_gets_exactly_one_end(flow, run):
    chance = random.Random(5)
    flow.sim.set(latency_ms=30, redelivery_s=1.0, redelivery_max=20)
    a_bot(flow, "cards")
    people = [f"u-{number}" for number in range(8)]
    for person in people:
        flow.sim.add_user(person, person)
    questions = []
    for life in range(4):
        await run.start()
        for person in people if life < 3 else ():
            questions.append(f"slow {life} of {person}")
            await flow.sim.say("app-cards", person, questions[-1])
            await asyncio.sleep(chance.random() * 0.05)
        if life < 3:
            await asyncio.sleep(chance.random() * 0.8)
            await run.kill()
            run.let_leases_end()
    await flow.until(lambda: run.journal().keys() == set(questions), 10)
    await flow.until(lambda: all(row["finished_at"] for row in run.journal().values()), 15)
    await asyncio.sleep(0.3)

    journal = run.journal()
    assert {row["phase"] for row in journal.values()} <= {"final", "stopped"}
    cards = {card.id: card for card in flow.cards("app-cards")}
    assert cards.keys() == {row["card_id"] for row in journal.values()}
    assert {card.data["flowStatus"] for card in cards.values()} == {"3"}
    for question, row in journal.items():
        text = cards[row["card_id"]].data["msgContent"]
        assert text.count(f"{question}, part 0. ") <= 1
        whole = f"{question}, part 9." in text
        assert whole == (row["phase"] == "final")
        assert ("CUT OFF" in text) != whole
    assert len([message for message in flow.sim.messages if message.sender is None]) == len(questions)


async def test_a_process_that_takes_the_place_of_a_killed_one_at_once_keeps_to_the_rate_too(flow, run):
    flow.sim.set(qps=3)
    a_bot(flow, "cards", "quota: {qps: 3}")
    await run.start()
    for life in (1, 2):
        for number in range(3):
            await ask(flow, f"{life}.{number}")
        await flow.until(lambda life=life: len(flow.cards("app-cards")) == 3 * life)
        if life == 1:
            await run.kill()
            await run.start()

    assert [call.path for call in flow.sim.calls if call.status == 403] == []


async def test_a_card_gets_its_end_also_when_its_bot_has_another_kind_by_now(flow, run):
    standard, own = "card: {kind: standard}", "card: {template_id: mine.schema, content_key: body}"
    plain = "card: {kind: markdown}"
    changes = {"a": ("", standard), "b": (standard, ""), "c": (own, ""), "d": ("", plain), "e": ("", own)}
    for name, (before, _) in changes.items():
        a_bot(flow, name, before)
    await run.start(HANG="1")
    for name in changes:
        await ask(flow, "streaming", f"app-{name}")
    cards = {name: await flow.until(lambda name=name: flow.cards(f"app-{name}")) for name in changes}
    await flow.until(lambda: all("first half" in str(card.data) for (card,) in cards.values()))
    await asyncio.sleep(0.3)
    await run.kill()
    run.let_leases_end()
    for name, (_, after) in changes.items():
        a_bot(flow, name, after)
    await run.start()
    await flow.until(lambda: all(card.state == "finished" for (card,) in cards.values()))

    assert all("first half" in str(card.data) and "CUT OFF" in str(card.data) for (card,) in cards.values())
    assert {name: len(flow.cards(f"app-{name}")) for name in changes} == dict.fromkeys(changes, 1)
