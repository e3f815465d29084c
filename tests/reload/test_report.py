import json

import pytest

from imbot.errors import ConfigError, Problem
from imbot.log import redactor
from imbot.reload.diff import Change
from imbot.reload.plan import Step
from imbot.reload.report import ReloadReport, iso, reload_report, report_json

BROKEN = Problem("bots/a.yaml", 3, 5, 3, 9, "/agent", "schema.type", "error", "broken", "mend it")


def outcome(*steps, problems=()):
    return ReloadReport(0.0, 0.12345, steps, problems)


@pytest.mark.parametrize(
    ("got", "word", "line"),
    [
        (outcome(), "ok", "no bots"),
        (outcome(Step("start", "a", "a"), Step("unchanged", "b", "b")), "ok", "1 start, 1 unchanged"),
        (
            outcome(Step("rejected", "a", "a"), Step("stop", "b", "b"), Step("rejected", "c", "c")),
            "rejected",
            "1 stop, 2 rejected",
        ),
        (outcome(Step("unchanged", "a", "a", held=True)), "rejected", "1 held"),
        (outcome(problems=(BROKEN,)), "failed", str(BROKEN)),
    ],
)
def test_an_outcome_has_a_word_and_a_line(got, word, line):
    assert (got.result, str(got)) == (word, line)


def test_the_shape_is_json_with_places_and_changes():
    changes = (Change("agent.model", "m", None), Change("credentials.client_secret", told=False))
    shape = report_json(outcome(Step("update", "a", "bots/a.yaml", None, (BROKEN,), changes)))

    assert json.loads(json.dumps(shape)) == {
        "outcome": "ok",
        "at": "1970-01-01T00:00:00.000+00:00",
        "took_s": 0.123,
        "bots": [
            {
                "name": "a",
                "path": "bots/a.yaml",
                "action": "update",
                "held": False,
                "changes": [
                    {"key": "agent.model", "before": "m", "after": None},
                    {"key": "credentials.client_secret"},
                ],
                "problems": [
                    {
                        "path": "bots/a.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 9,
                        "pointer": "/agent", "code": "schema.type", "severity": "error",
                        "message": "broken", "hint": "mend it",
                    }
                ],
            }
        ],
        "problems": [],
        "notes": [],
    }  # fmt: skip


def test_a_credential_in_a_plain_value_is_cut_out():
    redactor.hide(["sk-known-secret"])
    values = Change("body", {"url": "http://x/?access_token=abcdef"}, ["sk-known-secret", 1])
    (bot,) = report_json(outcome(Step("update", "a", "a", changes=(values,))))["bots"]

    assert bot["changes"] == [{"key": "body", "before": {"url": "http://x/?***"}, "after": ["***", 1]}]


async def test_a_folder_that_cannot_be_read_is_an_outcome_too():
    async def unreadable():
        raise ConfigError([BROKEN])

    async def readable():
        return [Step("start", "a", "a")]

    assert (await reload_report(unreadable)).problems == (BROKEN,)
    assert (await reload_report(readable)).steps == (Step("start", "a", "a"),)


def test_a_time_is_told_in_utc():
    assert iso(1700000000.25) == "2023-11-14T22:13:20.250+00:00"


def test_a_secret_that_a_slip_made_part_of_a_key_is_not_told_in_its_pointer():
    slip = Problem("a", 3, 3, 3, 9, "/credentials/client_secret s3cr3t", "schema.unknown-key", "error", "x")
    (bot,) = report_json(outcome(Step("rejected", "a", "a", None, (slip,))))["bots"]
    assert bot["problems"][0]["pointer"] == "/credentials/client_secret…"
