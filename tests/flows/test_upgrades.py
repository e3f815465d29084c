"""What an earlier release left behind when it was killed is taken over: the store, the bots, the cards out there."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner
from dotenv import dotenv_values

from imbot.cli import main
from imbot.model import CardPhase, ConversationKey, Exchange
from imbot.ops.address import AdminAddress, AdminSettings
from imbot.stores import open_store, schema

RELEASES = Path(__file__).with_name("upgrades")
HOME, PLATFORM = "/srv/imbot", "http://platform.invalid"  # where bots and platform were, see README.md there
LONG_AGO_S = 1000 * 365 * 86400.0  # how long chats are kept here: those of a release only grow older
CUT_OFF = "一句很长的话，正说到一半的时候，进程被杀掉了，后面的话谁也没有听到。"
RETURNS = "签收后七天内，在“我的订单”里申请退货。"
INVOICE = "在订单详情里点“开发票”，一天内发到邮箱。"


class Left:
    """A copy of what a release left behind, at its place beside a flow's bots."""

    def __init__(self, release, flow):
        self.release = RELEASES / release
        self.flow = flow
        self.home = flow.folder.parent
        self.admin = AdminSettings(AdminAddress("127.0.0.1", 0), self.home / ".imbot/admin.json")

    def copy(self):
        shutil.copytree(self.release / "bots", self.flow.folder, dirs_exist_ok=True)
        shutil.copyfile(self.release / "env", self.home / ".env")
        self.admin.file.parent.mkdir(mode=0o700)
        shutil.copyfile(self.release / "admin.json", self.admin.file)
        self.flow.database = self.home / ".imbot/imbot.db"
        self._restore()

    def _restore(self):
        sql = (self.release / "imbot.sql").read_text(encoding="utf-8")
        there, here = (os.fsencode(home).hex().upper() for home in (HOME, self.home))
        with contextlib.closing(sqlite3.connect(self.flow.database)) as store:
            store.executescript(sql.replace(there, here).replace(PLATFORM, self.flow.sim.url))

    async def platform_remembers(self):
        """Make the cards of then in the simulator of now."""
        cards = json.loads((self.release / "cards.json").read_text(encoding="utf-8"))
        async with aiohttp.ClientSession(self.flow.sim.url) as http:
            for card in cards:
                keys = {"appKey": card["app"], "appSecret": self._secret(card["app"])}
                async with http.post("/v1.0/oauth2/accessToken", json=keys) as answer:
                    token = (await answer.json())["accessToken"]
                headers = {"x-acs-dingtalk-access-token": token}
                async with http.post("/v1.0/card/instances", json=card, headers=headers) as answer:
                    assert answer.status == 200, await answer.text()

    def _secret(self, app):
        return dotenv_values(self.home / ".env")[f"{app.removeprefix('app-').upper()}_SECRET"]

    def up(self, **options):
        return self.flow.up(retention_s=LONG_AGO_S, admin=self.admin, **options)

    def rows(self, question):
        """The turns of a question, the oldest first."""
        with contextlib.closing(sqlite3.connect(self.flow.database)) as store:
            store.row_factory = sqlite3.Row
            return store.execute(
                "SELECT * FROM turns WHERE question = ? ORDER BY row", (question,)
            ).fetchall()

    def forgotten(self):
        """The message of the person who is not known any more."""
        with contextlib.closing(sqlite3.connect(self.flow.database)) as store:
            ((message,),) = store.execute("SELECT message_id FROM forgotten")
        return message

    def version(self):
        """The version of the store's file."""
        with contextlib.closing(sqlite3.connect(self.flow.database)) as store:
            ((version,),) = store.execute("PRAGMA user_version")
        return version

    @contextlib.asynccontextmanager
    async def store(self):
        store = await open_store(f"sqlite:///{self.flow.database}")
        try:
            yield store
        finally:
            await store.close()

    async def imbot(self, *words):
        got = await asyncio.to_thread(CliRunner().invoke, main, words)
        assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
        return got


@pytest.fixture(params=["0.1"])
async def left(request, flow):
    left = Left(request.param, flow)
    left.copy()
    await left.platform_remembers()
    return left


async def test_every_turn_is_there_with_its_people_its_answer_and_its_card(left):
    assert left.version() <= len(schema.STEPS)
    async with left.store() as store:
        found = {}
        for question in ("怎么退货？", "/new", "怎么开发票？", "hello there", "no card, please", CUT_OFF):
            for row in left.rows(question):
                turn = await store.turn(row["id"])
                assert turn == await store.turn_of_card(turn.card.id)
                assert turn.card.address
                found.setdefault(question, []).append((turn.bot, turn.sender.id, turn.phase, turn.answer))
        ((_, _, _, heard),) = found.pop(CUT_OFF)
        cut_off = await store.orphans("slow", 2e9)
        stopped = await store.turn(left.rows("不用说完，听到一半就行")[0]["id"])

    assert left.version() == len(schema.STEPS)
    assert found == {
        "怎么退货？": [
            ("support", "u-lilei", "final", RETURNS),
            ("support", "u-hanmeimei", "final", RETURNS),
        ],
        "/new": [("support", "u-lilei", "final", "")],
        "怎么开发票？": [("support", "u-lilei", "final", INVOICE)],
        "hello there": [("broken", "u-alex", "error", "he")],
        "no card, please": [("plain", "u-alex", "final", "no card, please")],
    }
    assert [turn.question for turn in cut_off] == [CUT_OFF]
    assert heard
    assert CUT_OFF.startswith(heard)
    assert stopped.phase is CardPhase.STOPPED
    assert stopped.answer


async def test_ratings_history_seen_messages_and_calls_are_there(left):
    (new,), (last,) = left.rows("/new"), left.rows("怎么开发票？")
    key = ConversationKey("support", new["conversation_id"], "u-lilei")
    async with left.store() as store:
        ratings = [(row.user_id, row.rating, row.question) async for row in store.feedback()]
        known = await store.rating(last["id"], "u-lilei")
        history = await store.history(key, 10, idle_s=3600.0, now=last["finished_at"])
        calls = await store.calls("2026-11")
        row = await store.turn(last["id"])
        again = (replace(row, id="a"), replace(row, id="b", message_id=left.forgotten()))
        accepted = [await store.accept(turn) for turn in again]

    assert ratings == [
        ("u-lilei", "good", "怎么退货？"),
        ("u-lilei", "bad", "怎么开发票？"),
        ("u-hanmeimei", "good", "怎么退货？"),
    ]
    assert known == "bad"
    assert history == [Exchange("怎么开发票？", INVOICE)], "what was said before /new is no part of it"
    assert {bot: number for (bot, _), number in calls.items()} == {
        "support": 8, "slow": 2, "plain": 1, "broken": 1,
    }  # fmt: skip
    assert accepted == [False, False]


async def test_what_bots_last_ran_with_is_there(left):
    folder = str(left.flow.folder)
    async with left.store() as store:
        digests = await store.generations(folder)
        kept = {path: await store.generation(folder, path) for path in digests}

    assert {path: each.digest for path, each in kept.items()} == digests
    assert {path: sorted(each.files) for path, each in kept.items()} == {
        "broken.yaml": ["_defaults.yaml", "broken.yaml"],
        "plain.yaml": ["_defaults.yaml", "plain.yaml"],
        "slow.yaml": ["_defaults.yaml", "slow.yaml"],
        "support.yaml": [
            "_defaults.yaml", "cards/foot.j2", "cards/support.yaml", "knowledge/returns.md", "support.yaml",
        ],
    }  # fmt: skip
    assert kept["plain.yaml"].files["plain.yaml"].cut == ("/credentials/client_secret",)


async def test_the_answer_that_was_cut_off_gets_its_end_and_can_be_asked_for_again(left):
    (cut_off,) = left.rows(CUT_OFF)
    async with left.up():
        card = left.flow.sim.cards[cut_off["card_id"]]
        await left.flow.until(lambda: card.data["flowStatus"] == "3")
        (row,) = await left.flow.until(lambda: ended(left.rows(CUT_OFF)))
        assert card.data["msgContent"].split() == [cut_off["answer"], "刚才中断了，请再问一次。"]
        assert row["phase"] == "stopped"

        assert await left.flow.sim.click(card.id, "u-hanmeimei", "regenerate")
        _, again = await left.flow.until(lambda: len(rows := ended(left.rows(CUT_OFF))) == 2 and rows)
        assert (again["phase"], again["answer"]) == ("final", CUT_OFF)


async def test_old_cards_take_ratings_and_old_messages_are_not_answered_again(left):
    sim = left.flow.sim
    sim.add_user("u-gone", "小王")
    (invoice,), (_, in_group) = left.rows("怎么开发票？"), left.rows("怎么退货？")
    async with left.up():
        assert await sim.click(invoice["card_id"], "u-lilei", "feedback:good")
        assert await sim.click(in_group["card_id"], "u-alex", "feedback:bad")
        before = set(sim.cards)
        await sim.say("app-support", "u-lilei", "怎么开发票？", msgId=invoice["message_id"])
        await sim.say("app-support", "u-gone", "怎么开发票？", msgId=left.forgotten())
        card = await left.flow.ask("app-support", "怎么退货？", user="u-alex")
        made = set(sim.cards) - before
    shown = await left.imbot("feedback", "--bots", str(left.flow.folder), "--format", "jsonl")

    assert made == {card.id}
    assert card.data["msgContent"].startswith(RETURNS)
    assert "谢谢！" in sim.cards[in_group["card_id"]].private["u-alex"]["msgContent"]
    ratings = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(row["user_id"], row["rating"], row["question"]) for row in ratings] == [
        ("u-lilei", "good", "怎么退货？"),
        ("u-hanmeimei", "good", "怎么退货？"),
        ("u-lilei", "good", "怎么开发票？"),
        ("u-alex", "bad", "怎么退货？"),
    ]


async def test_its_bots_are_without_a_problem_and_a_reload_takes_them(left):
    folder = left.flow.folder
    checked = await left.imbot("check", str(folder))
    async with left.up():
        whole = await left.imbot("reload", str(folder))
        path = folder / "support.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("小满客服", "大满客服"), encoding="utf-8")
        edited = await left.imbot("reload", str(folder))
        rows = {row.name: (row.state, row.generation) for row in left.flow.supervisor.status()}

    assert (checked.exit_code, checked.output) == (0, "4 bot files: no problems\n")
    assert (whole.exit_code, whole.output) == (0, "4 unchanged\n")
    assert edited.exit_code == 0
    assert rows == {
        "broken": ("connected", 1),
        "plain": ("connected", 1),
        "slow": ("connected", 1),
        "support": ("connected", 2),
    }


async def test_a_bot_whose_file_is_broken_by_now_runs_with_what_was_accepted_then(left):
    for name in ("support.yaml", "plain.yaml"):
        path = left.flow.folder / name
        path.write_text(path.read_text(encoding="utf-8") + "title: 'open\n", encoding="utf-8")
    async with left.up():
        await left.flow.until(lambda: all(row.state == "connected" for row in left.flow.supervisor.status()))
        rows = [left.flow.row(name) for name in ("support", "plain")]
        card = await left.flow.ask("app-support", "怎么退货？")

    assert [bool(row.rejected) and bool(row.accepted_at) for row in rows] == [True, True]
    assert card.data["msgContent"].split() == [RETURNS, "---", "人工热线", "400-000-0000"]


def ended(rows):
    return [row for row in rows if row["finished_at"]]
