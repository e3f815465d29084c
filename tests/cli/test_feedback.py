"""What ``feedback`` shows and ``forget`` removes, out of a store that ``run`` has left."""

import asyncio
import csv
import io
import json
import time

import pytest
from click.testing import CliRunner
from store_contract import KEY, finished

from imbot.cli import main
from imbot.model import Feedback
from imbot.stores.sqlite import SqliteStore

DAY_S = 86400.0


@pytest.fixture
def place(tmp_path):
    """A bots folder, and beside it what two people said to two bots, a day and a month ago."""

    async def fill():
        store = await SqliteStore.open(tmp_path / ".imbot/imbot.db")
        for number, (bot, user, days) in enumerate([("faq", "li", 30), ("hr", "wang", 1)]):
            await finished(store, number, bot=bot)
            at = time.time() - days * DAY_S
            await store.rate(Feedback(f"turn{number}", bot, user, "good", at))
        await store.close()

    (tmp_path / "bots").mkdir()
    asyncio.run(fill())
    return tmp_path / "bots"


def shown(place, *options):
    got = CliRunner().invoke(main, ["feedback", "--bots", str(place), *options])
    assert got.exit_code == 0, got.output
    return got.stdout


def people(place, *options):
    return [json.loads(line)["user_id"] for line in shown(place, "--format", "jsonl", *options).splitlines()]


def test_ratings_are_shown_by_bot_and_by_time(place):
    assert people(place) == ["li", "wang"]
    assert people(place, "--since", "7d") == ["wang"]
    assert people(place, "--since", "2020-01-01", "--bot", "faq") == ["li"]


def test_each_format_has_question_and_answer(place):
    (first, _) = csv.DictReader(io.StringIO(shown(place, "--format", "csv")))
    assert (first["question"], first["answer"], first["rating"]) == ("question 0", "answer 0", "good")
    assert json.loads(shown(place, "--format", "jsonl").splitlines()[0]) == first
    assert "Q: question 0\n    A: answer 0" in shown(place)


def test_a_person_is_forgotten_with_all_they_said(place):
    got = CliRunner().invoke(main, ["forget", "--user", KEY.sender_id, "--bots", str(place)])

    assert (got.exit_code, got.stdout) == (0, f"2 turns of {KEY.sender_id} removed\n")
    assert shown(place) == "No ratings yet.\n"
