import json
import os
import shutil

import pytest
from click import unstyle
from click.testing import CliRunner

from imbot.cli import main
from imbot.cli import status as status_command
from imbot.cli.status import _fitting, status_lines
from imbot.errors import Problem
from imbot.ops.monitor import Resources
from imbot.ops.status_json import resources_json, row_json
from imbot.reload.status import BotStatus, Rejected
from imbot.text.width import width
from imbot.usage.accounting import Month
from imbot.usage.agent_failures import Failing

UP = {"state": "connected", "generation": 1, "fingerprint": "f"}
FAILING = Failing(1795392000.0, 5, "bad \x1b[2J key", "the agent does not accept the key", "check it")
BROKEN = Problem("a.yaml", 1, 1, 1, 1, "", "x", "error", "broken")


def status_of(*rows, problems=None):
    return {
        "folder": "bots", "version": "1", "pid": 1, "started_at": "2026-11-22T00:00:00+00:00",
        "reload": None if problems is None else {"problems": problems},
        "watch": {"degraded": False}, "bots": [row_json(row) for row in rows],
    }  # fmt: skip


def shown(*rows):
    status = status_of(*rows)
    return [unstyle(line) for line in status_lines(status, 1795392000.0)]


def test_the_calls_of_each_bot_and_of_each_month_with_a_limit_are_shown():
    text = shown(
        BotStatus("a", "a.yaml", **UP, turns_total=7, calls_total=43, month=Month("ding1", 4900, 5000)),
        BotStatus("b", "b.yaml", **UP, calls_total=9, month=Month("ding1", 4900, 5000)),
        BotStatus("c", "c.yaml", **UP, month=Month("ding1", 4900, None)),
        BotStatus("d", "d.yaml", **UP),
    )

    assert any(line.split()[1:6] == ["a", "running", "7", "43", "1"] for line in text)
    assert [line for line in text if "month" in line] == ["ding1: 4900 of the month's 5000 calls used"]


@pytest.mark.parametrize(
    ("organisation", "name"), [("", "unknown organisation"), ("ding\x1b[2J", "ding\\x1b[2J")]
)
def test_an_odd_organisation_is_shown_in_one_line(organisation, name):
    text = shown(BotStatus("a", "a.yaml", **UP, month=Month(organisation, 1, 10)))

    assert f"{name}: 1 of the month's 10 calls used" in text


def test_a_bot_that_fails_is_shown_with_its_error_cause_and_cure():
    text = shown(BotStatus("a", "a.yaml", **UP, failing=FAILING), BotStatus("b", "b.yaml", **UP))

    (line,) = [line for line in text if "failing since" in line]
    assert ", in all 5 answers: bad \\x1b[2J key" in line
    assert text[text.index(line) + 1].strip() == "cause: the agent does not accept the key"
    assert text[text.index(line) + 2].strip() == "cure:  check it"
    assert text[-1] == "2 bots: 2 running, 1 failing"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (status_of(), 0),
        (status_of(BotStatus("a", "a.yaml", **UP)), 0),
        (status_of(BotStatus("a", "a.yaml", **(UP | {"state": "connecting"}))), 0),
        (status_of(BotStatus("a", "a.yaml", **UP), BotStatus("b", "b.yaml", **UP, failing=FAILING)), 1),
        (status_of(BotStatus("a", "a.yaml", **UP, rejected=Rejected("a", 1.0, (BROKEN,)))), 1),
        (status_of(BotStatus("a", "a.yaml", **UP, held_since=1.0)), 1),
        (status_of(BotStatus("a", "a.yaml", **(UP | {"state": "down"}))), 1),
        (status_of(BotStatus("a", "a.yaml", **UP), problems=[]), 0),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_fail_exits_with_1_for_what_is_wrong(monkeypatch, status, code, options):
    monkeypatch.setattr(status_command, "ask", lambda *_: json.loads(json.dumps(status)))

    assert CliRunner().invoke(main, ["status", "--fail", *options]).exit_code == code
    assert CliRunner().invoke(main, ["status", *options]).exit_code == 0


def test_fail_exits_with_1_if_the_folder_cannot_be_read(monkeypatch):
    from imbot.problems.records import problem_json

    status = status_of(BotStatus("a", "a.yaml", **UP), problems=[problem_json(BROKEN)])
    monkeypatch.setattr(status_command, "ask", lambda *_: status)

    assert CliRunner().invoke(main, ["status", "--fail"]).exit_code == 1


def drawn(monkeypatch, columns, *rows):
    """What ``--watch`` draws on a terminal of that width: its lines without codes."""
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))
    text = _fitting("\n".join(status_lines(status_of(*rows), 1795392000.0, columns)))
    return [unstyle(line) for line in text.replace("\x1b[2K", "").splitlines()]


LONG = Problem("bots/hr.yaml", 1, 1, 1, 2, "", "x", "error", "a key that is not known " * 5)
ROWS = (
    BotStatus("assistant", "bots/assistant.yaml", **UP, error="智能助理 " * 20),
    BotStatus("小满客服", "bots/support.yaml", **UP),
    BotStatus("hr", "bots/hr.yaml", rejected=Rejected("hr", 1.0, (LONG,))),
)


@pytest.mark.parametrize("columns", [200, 80, 68, 60, 50, 40, 30, 20, 2])
def test_no_line_of_the_watch_is_wider_than_the_terminal(monkeypatch, columns):
    lines = drawn(monkeypatch, columns, *ROWS)

    assert [line for line in lines if width(line) > columns] == []
    assert len(lines) >= 7, "nothing else is left out"


def test_a_narrow_watch_does_without_files_and_then_without_generations(monkeypatch):
    heads = {columns: drawn(monkeypatch, columns, *ROWS)[2].split() for columns in (90, 60, 50)}

    assert heads[90][-2:] == ["GENERATION", "FILE"]
    assert heads[60][-2:] == ["CALLS", "GENERATION"]
    assert heads[50] == ["BOT", "STATE", "SINCE", "TURNS", "CALLS"]


def test_tokens_are_shown_where_an_agent_reports_them():
    told = BotStatus("a", "a.yaml", **UP, prompt_tokens=120, completion_tokens=30)
    text = shown(told, BotStatus("b", "b.yaml", **UP))

    assert text[2].split()[5] == "TOKENS"
    assert text[3].split()[1:6] == ["a", "running", "0", "0", "150"]
    assert "TOKENS" not in "".join(shown(BotStatus("b", "b.yaml", **UP)))


def test_what_the_process_is_short_of_is_shown_with_the_cure_and_nothing_else():
    full = Resources(
        descriptors=1000, descriptor_limit=1024, store_error="disk full\x1b[2J", store_write_s=0.1
    )
    status = status_of(BotStatus("a", "a.yaml", **UP))
    lines = [
        unstyle(line) for line in status_lines(status | {"resources": resources_json(full)}, 1795392000.0)
    ]

    first, second = (line for line in lines if line.startswith("starving: "))
    assert first.startswith("starving: 1000 of 1024 file descriptors are open; run `ulimit -n 4096` before")
    assert second == "starving: the store cannot be written; disk full\\x1b[2J"
    well = status | {"resources": resources_json(Resources(10, 1024, "", 0.01, 2**40, 0.1))}
    assert not [line for line in status_lines(well, 1795392000.0) if "starving" in line]
