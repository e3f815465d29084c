"""What ``feedback`` and ``unanswered`` show and ``forget`` removes, out of a store that ``run`` has left."""

import asyncio
import csv
import io
import json
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner
from store_contract import KEY, finished, new_turn

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
            await store.accept(
                new_turn(
                    number + 10, sender=user, accepted_at=at, not_found=True,
                    key=replace(KEY, bot=bot), question=f'=HYPERLINK("{number}")\x1b[2J',
                )
            )  # fmt: skip
        await store.close()

    (tmp_path / "bots").mkdir()
    asyncio.run(fill())
    return tmp_path / "bots"


def shown(place, *options, command="feedback"):
    got = CliRunner().invoke(main, [command, "--bots", str(place), *options])
    assert got.exit_code == 0, got.output
    return got.stdout


def people(place, *options, command="feedback"):
    text = shown(place, "--format", "jsonl", *options, command=command)
    return [json.loads(line)["user_id"] for line in text.splitlines()]


@pytest.mark.parametrize("command", ["feedback", "unanswered"])
def test_rows_are_shown_by_bot_and_by_time(place, command):
    assert people(place, command=command) == ["li", "wang"]
    assert people(place, "--since", "7d", command=command) == ["wang"]
    assert people(place, "--since", "2020-01-01", "--bot", "faq", command=command) == ["li"]
    assert "is neither a date" in CliRunner().invoke(main, [command, str(place), "--since", "soon"]).output


def test_questions_without_an_answer_are_shown_in_each_format(place):
    (first, _) = csv.DictReader(io.StringIO(shown(place, "--format", "csv", command="unanswered")))
    assert list(first) == ["at", "bot", "user_id", "question", "turn_id"]
    assert first["question"].startswith("'=HYPERLINK"), "no formula for a spreadsheet"
    line = json.loads(shown(place, "--format", "jsonl", command="unanswered").splitlines()[0])
    assert line == {**first, "question": '=HYPERLINK("0")\x1b[2J'}
    assert 'faq  li  =HYPERLINK("0")\\x1b[2J\n' in shown(place, command="unanswered")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_no_cell_of_csv_is_a_formula(tmp_path, text, cell):
    async def fill():
        store = await SqliteStore.open(tmp_path / "x.db")
        await finished(store, 1, question=text)
        await store.rate(Feedback("turn1", "faq", "li", "good", 1.0))
        await store.close()

    asyncio.run(fill())
    url = f"sqlite:///{tmp_path}/x.db"
    (row,) = csv.DictReader(io.StringIO(shown(tmp_path / "bots", "--store", url, "--format", "csv")))
    assert row["question"] == cell


def test_who_asks_where_nothing_is_stored_is_told(tmp_path):
    (tmp_path / "bots").mkdir()
    got = CliRunner().invoke(main, ["unanswered", "--bots", str(tmp_path / "bots")])
    assert (got.exit_code, "nothing is stored beside" in got.output) == (1, True)


def test_each_format_has_question_and_answer(place):
    (first, _) = csv.DictReader(io.StringIO(shown(place, "--format", "csv")))
    assert (first["question"], first["answer"], first["rating"]) == ("question 0", "answer 0", "good")
    assert json.loads(shown(place, "--format", "jsonl").splitlines()[0]) == first
    assert "Q: question 0\n    A: answer 0" in shown(place)


def test_a_person_is_forgotten_with_all_they_said(place):
    got = CliRunner().invoke(main, ["forget", "--user", KEY.sender_id, "--bots", str(place)])

    assert (got.exit_code, got.stdout) == (0, f"3 turns of {KEY.sender_id} removed\n")
    assert shown(place) == "No ratings yet.\n"
    assert people(place, command="unanswered") == ["wang"]


FORGED = "a\x1b[2J\x9b\u202eb\u2028c"


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_what_people_write_commands_no_terminal(tmp_path, form):
    async def fill():
        store = await SqliteStore.open(tmp_path / ".imbot/imbot.db")
        bot = f"shop\nforged{FORGED}"
        await finished(store, 1, bot=bot, question=f"=1+1\n{FORGED}")
        await store.update_turn("turn1", answer=FORGED)
        await store.rate(Feedback("turn1", bot, f"li\n{FORGED}", f"good{FORGED}", 1.0))
        await store.close()

    (tmp_path / "bots").mkdir()
    asyncio.run(fill())
    text = shown(tmp_path / "bots", "--format", form)

    assert all(line.isprintable() for line in text.replace("\r\n", "\n").split("\n"))
    if form == "csv":
        (row,) = csv.DictReader(io.StringIO(text))
        assert row["question"].startswith("'=1+1\n"), "no formula for a spreadsheet"
    else:
        assert "forged" in text
