import asyncio
import json
import logging
import re
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from imbot.errors import Problem
from imbot.ops.address import AdminAddress, AdminSettings, Beacon
from imbot.ops.admin import serving
from imbot.ops.status_json import row_json
from imbot.reload.plan import Step
from imbot.reload.reloader import StoppingError
from imbot.reload.report import ReloadReport
from imbot.reload.rollout import Pending
from imbot.reload.status import BotStatus, Rejected
from imbot.reload.watch import WatchState
from imbot.usage.counters import Counters

PROBLEM = Problem("bots/a.yaml", 1, 2, 1, 3, "", "x", "error", "broken", "mend it")
UP = BotStatus("a", "bots/a.yaml", "fake", "connected", 3, "f", 1700000000.0, 1, 2, 9)


class FakeReloader:
    def __init__(self):
        self.last = ReloadReport(0.0, 0.1, (Step("start", "a", "bots/a.yaml"),))
        self.stopping = False
        self.counts = {"ok": 1, "rejected": 0, "failed": 0}
        self.succeeded_at = 1.0
        self.failure = None
        self.asked = []
        self.watching = WatchState("events", 0.0)

    async def reload(self, prune):
        self.asked.append("prune" if prune else "reload")
        if self.failure:
            raise self.failure
        return self.last

    async def plan(self):
        self.asked.append("plan")
        return self.last


class World:
    """An admin endpoint over a real socket, with what it asks replaced."""

    def __init__(self, folder, http):
        self.file = folder / ".imbot/admin.json"
        self.folder = folder
        self.http = http
        self.reloader = FakeReloader()
        self.rows = [UP]

    def serving(self, host="127.0.0.1", port=0, token="", or_free=False):
        supervisor = SimpleNamespace(status=lambda: self.rows, counters=Counters(), reconnects=0)
        settings = AdminSettings(AdminAddress(host, port), self.file, token, or_free)
        return serving(settings, self.folder, supervisor, self.reloader)

    async def ask(self, method, path, **headers):
        port = Beacon.read(self.file).address.rpartition(":")[2]
        async with self.http.request(method, f"http://127.0.0.1:{port}{path}", headers=headers) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            return answer.status, json.loads(text) if is_json else text

    async def get(self, path, **headers):
        return await self.ask("GET", path, **headers)


@pytest.fixture
async def world(tmp_path):
    async with aiohttp.ClientSession() as http:
        yield World(tmp_path, http)


async def test_status_has_every_bot_and_the_last_reload(world):
    async with world.serving():
        status, got = await world.get("/status")

    assert status == 200
    assert got["folder"] == str(world.folder)
    assert got["reload"] == {
        "outcome": "ok", "at": "1970-01-01T00:00:00.000+00:00", "took_s": 0.1, "problems": [], "notes": []
    }  # fmt: skip
    assert got["bots"] == [row_json(UP)]


def test_a_row_says_what_runs_also_while_a_newer_file_is_rejected():
    rejected = Rejected("a", 1700000001.0, (PROBLEM,))
    row = BotStatus("a", "bots/a.yaml", "fake", "connected", 3, "f", 1700000000.0, 1, 2, 9, rejected=rejected)
    got = row_json(row)
    shape = {
        "name": "a", "path": "bots/a.yaml", "type": "fake", "state": "running", "generation": 3,
        "fingerprint": "f", "connected_since": "2023-11-14T22:13:20.000+00:00", "connections": 1,
        "turns_running": 2, "turns_total": 9, "error": "", "held": None,
        "rejected": {
            "since": "2023-11-14T22:13:21.000+00:00",
            "problems": [
                {
                    "path": "bots/a.yaml", "line": 1, "column": 2, "end_line": 1, "end_column": 3,
                    "pointer": "", "code": "x", "severity": "error", "message": "broken", "hint": "mend it",
                }
            ],
        },
    }  # fmt: skip
    assert {key: got[key] for key in shape} == shape


def test_a_row_has_the_keys_of_the_documents():
    document = Path(__file__).parents[2] / "docs/operate.md"
    table = document.read_text(encoding="utf-8").partition("\n## Status")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)

    assert row_json(UP).keys() == set(re.findall(r"`(\w+)`", " ".join(cells)))


@pytest.mark.parametrize(
    ("state", "shown"),
    [("connected", "running"), ("connecting", "connecting"), ("draining", "draining"), ("down", "down")],
)
def test_states_have_the_words_of_the_documents(state, shown):
    assert row_json(BotStatus("a", "a.yaml", state=state))["state"] == shown


def test_what_a_platform_said_is_told_without_credentials():
    said = "GET /x?access_token=abc failed"
    row = row_json(BotStatus("a", "a.yaml", error=said, pending=Pending("a", "a.yaml", 1.0, said)))

    assert row["error"] == row["pending"]["reason"] == "GET /x?access_token=*** failed"


async def test_no_answer_commands_a_terminal(world):
    odd = "a\x1b[2J\x9b\u202e\u2028\udcff"
    world.rows = [BotStatus(odd, odd, error=odd, pending=Pending(odd, odd, 1.0, odd))]
    async with world.serving():
        port = Beacon.read(world.file).address.rpartition(":")[2]
        for path in ("status", "metrics", "readyz", "odd%1b%5b2J"):
            async with world.http.get(f"http://127.0.0.1:{port}/{path}") as answer:
                assert all(line.isprintable() for line in (await answer.text()).split("\n"))


async def test_reload_and_plan_give_the_report(world):
    async with world.serving():
        reloaded = await world.ask("POST", "/reload")
        planned = await world.get("/plan")

    assert reloaded == planned
    assert (reloaded[0], reloaded[1]["bots"][0]["action"]) == (200, "start")
    assert world.reloader.asked == ["reload", "plan"]


@pytest.mark.parametrize(
    ("query", "status", "asked"),
    [
        ("?prune=1", 200, ["prune"]),
        ("?prune=0", 200, ["reload"]),
        ("?prune=yes", 400, []),
        ("?prune", 400, []),
    ],
)
async def test_a_reload_may_be_asked_to_prune(world, query, status, asked):
    async with world.serving():
        assert (await world.ask("POST", f"/reload{query}"))[0] == status
    assert world.reloader.asked == asked


async def test_status_and_readiness_say_how_changes_are_found(world):
    world.reloader.watching = WatchState("scanning", 0.0, "no inotify watches left")
    async with world.serving():
        (_, status), (_, ready) = await world.get("/status"), await world.get("/readyz")

    assert status["watch"] == ready["watch"] == {
        "method": "scanning", "since": "1970-01-01T00:00:00.000+00:00", "degraded": True,
        "reason": "no inotify watches left", "every_s": 2.0,
    }  # fmt: skip


async def test_a_held_bot_is_shown_beside_what_runs(world):
    world.rows = [replace(UP, held_since=0.0), UP]
    async with world.serving():
        (_, status), (_, ready) = await world.get("/status"), await world.get("/readyz")

    assert [bot["held"] for bot in status["bots"]] == [{"since": "1970-01-01T00:00:00.000+00:00"}, None]
    assert (status["bots"][0]["state"], ready["bots"]["held"], ready["ready"]) == ("running", 1, True)


async def test_a_reload_at_the_end_of_the_process_is_refused(world):
    world.reloader.failure = StoppingError("the process is ending")
    async with world.serving():
        assert await world.ask("POST", "/reload") == (503, {"error": "the process is ending"})


async def test_a_bug_is_logged_and_told_without_details(world, caplog):
    world.reloader.failure = RuntimeError("an inner detail")
    async with world.serving():
        status, got = await world.ask("POST", "/reload")

    assert status == 500
    assert "inner detail" not in json.dumps(got)
    assert "an inner detail" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nope", 404), ("GET", "/reload", 405), ("POST", "/status", 405)]
)
async def test_wrong_questions_are_answered_in_json(world, method, path, status):
    async with world.serving():
        got, body = await world.ask(method, path)

    assert (got, list(body)) == (status, ["error"])
    assert world.reloader.asked == []


READY = {
    "one bot is connected": ([UP, BotStatus("b", "b.yaml")], {}, ""),
    "an empty folder": ([], {}, ""),
    "before the first reload": ([], {"last": None}, "the bots are starting"),
    "at the end": ([UP], {"stopping": True}, "the process is ending"),
    "a folder that cannot be read": ([], {"last": ReloadReport(0, 0, (), (PROBLEM,))}, str(PROBLEM)),
    "nothing is connected": (
        [
            BotStatus("a", "a", state="connecting"),
            BotStatus("b", "b", rejected=Rejected("b", 1.0, (PROBLEM,))),
        ],
        {},
        "no bot is connected: 1 connecting, 1 down, 1 rejected",
    ),
}


@pytest.mark.parametrize("case", READY)
async def test_readiness_says_why_not(world, case):
    world.rows, reloader, reason = READY[case]
    for name, value in reloader.items():
        setattr(world.reloader, name, value)
    async with world.serving():
        status, got = await world.get("/readyz")
        alive = await world.get("/livez")

    assert (status, got["ready"], got["reason"]) == (503 if reason else 200, not reason, reason)
    assert alive == (200, {"alive": True})


async def test_metrics_are_served(world):
    async with world.serving():
        status, text = await world.get("/metrics")

    assert status == 200
    assert "imbot_rejected_bots 0.0" in text


@pytest.mark.parametrize("path", ["/status", "/plan", "/metrics"])
@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic t0ken"}, 401),
        ({"Authorization": "Bearer t0ken\xe9"}, 401),
        ({"Authorization": "Bearer t0ken"}, 200),
        ({"Authorization": "bearer  t0ken "}, 200),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_a_token_is_asked_for_wherever_there_is_one(world, host, path, header, status):
    async with world.serving(host, token="t0ken"):
        assert (await world.get(path, **header))[0] == status


async def test_a_reload_without_the_token_does_nothing(world):
    async with world.serving(token="t0ken"):
        assert (await world.ask("POST", "/reload"))[0] == 401
    assert world.reloader.asked == []


async def test_a_probe_without_the_token_learns_yes_or_no_and_nothing_more(world):
    async with world.serving(token="t0ken"):
        assert await world.get("/livez") == (200, {"alive": True})
        assert await world.get("/readyz") == (200, {"ready": True})
        assert "bots" in (await world.get("/readyz", Authorization="Bearer t0ken"))[1]


@pytest.mark.parametrize(
    "name", ["evil.com", "evil.com:80", "127.0.0.1.evil.com:80", "[::2]", "0.0.0.0:1", ""]
)
async def test_a_name_that_was_rebound_to_loopback_is_refused(world, name):
    async with world.serving():
        assert (await world.get("/status", Host=name))[0] == 403
        assert (await world.ask("POST", "/reload", Host=name))[0] == 403
    assert world.reloader.asked == []


@pytest.mark.parametrize(
    "name", ["localhost", "localhost:9000", "127.0.0.1", "[::1]", "[::1]:9000", "LOCALHOST:1"]
)
async def test_loopback_may_be_called_by_any_of_its_names(world, name):
    async with world.serving():
        assert (await world.get("/status", Host=name))[0] == 200


async def test_elsewhere_any_name_will_do_with_the_token(world):
    async with world.serving("0.0.0.0", token="t"):
        assert (await world.get("/status", Host="bots.example", Authorization="Bearer t"))[0] == 200


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.com"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_web_page_may_not_ask(world, header):
    async with world.serving():
        assert (await world.ask("POST", "/reload", **header))[0] == 403
        assert (await world.get("/plan", **header))[0] == 403
    assert world.reloader.asked == []


async def test_a_person_may_type_the_address_into_a_browser(world):
    async with world.serving():
        assert (await world.get("/status", **{"Sec-Fetch-Site": "none"}))[0] == 200


async def test_a_question_to_another_process_is_not_answered(world):
    async with world.serving():
        process = Beacon.read(world.file).process
        assert (await world.ask("POST", "/reload", **{"Imbot-Process": "another"}))[0] == 421
        assert (await world.get("/status", **{"Imbot-Process": process}))[0] == 200
    assert world.reloader.asked == []


async def test_the_address_is_told_by_a_file_while_it_can_be_asked(world):
    async with world.serving():
        address = Beacon.read(world.file).address
        assert address.startswith("127.0.0.1:")
        assert not address.endswith(":0")
    assert not world.file.exists()


async def test_a_taken_port_is_a_warning_and_the_bots_run(world, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with world.serving(port=taken.getsockname()[1]):
            assert not world.file.exists()
    assert "Address already in use" in caplog.text
    assert "--admin" in caplog.text


async def test_a_free_port_is_taken_where_nobody_asked_for_the_one_that_is_in_use(world, caplog):
    with socket.socket() as taken, caplog.at_level(logging.INFO):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with world.serving(port=port, or_free=True):
            assert (await world.get("/livez"))[0] == 200
            address = Beacon.read(world.file).address
    lacking, had = (record.getMessage() for record in caplog.records if record.name == "imbot.ops.admin")
    assert lacking.startswith(
        f"127.0.0.1:{port}: Address already in use; the admin endpoint uses a free port"
    )
    assert had == f"admin endpoint: http://{address}"


async def test_without_any_free_port_the_bots_run_all_the_same(world, caplog):
    async with world.serving("192.0.2.1", token="t", or_free=True):
        assert not world.file.exists()
    assert "no admin endpoint: cannot listen on 192.0.2.1:0" in caplog.text


async def test_an_address_this_machine_does_not_have_is_a_warning(world, caplog):
    async with world.serving("192.0.2.1", token="t"):
        assert not world.file.exists()
    assert "cannot listen on 192.0.2.1:0" in caplog.text


async def test_a_file_that_cannot_be_written_is_a_warning_that_names_the_cure(world, caplog):
    world.file.parent.write_text("in the way")
    with caplog.at_level(logging.INFO):
        async with world.serving():
            pass
    assert "--admin 127.0.0.1:" in caplog.text


async def test_a_visitor_who_says_nothing_holds_up_no_end(world):
    async with world.serving():
        port = int(Beacon.read(world.file).address.rpartition(":")[2])
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /status HT")
        await writer.drain()
    writer.close()
