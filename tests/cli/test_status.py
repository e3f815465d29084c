import pytest
from click import unstyle

from imbot.cli.status import status_lines
from imbot.ops.admin import row_json
from imbot.reload.status import BotStatus
from imbot.usage.accounting import Month

UP = {"state": "connected", "generation": 1, "fingerprint": "f"}


def shown(*rows):
    status = {
        "folder": "bots", "version": "1", "pid": 1, "started_at": "2026-11-22T00:00:00+00:00", "reload": None,
        "watch": {"degraded": False}, "bots": [row_json(row) for row in rows],
    }  # fmt: skip
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
