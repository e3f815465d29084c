"""What people and machines ask a running process: real sockets, real files, real commands."""

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import sys
import termios

import pytest
from click.testing import CliRunner

from imbot.cli import main
from imbot.cli.admin import DEFAULT
from imbot.ops.address import AdminAddress, AdminSettings, Beacon
from imbot.reload.watch import Watch

NOWHERE = AdminAddress("127.0.0.1", 1)


@pytest.fixture
def by_hand(monkeypatch):
    """Nothing is followed but on request."""

    async def none(_):
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr(Watch, "hints", none)


def file_of(flow):
    return flow.folder.parent / ".imbot/admin.json"


def up(flow, token="", **options):
    return flow.up(admin=AdminSettings(AdminAddress("127.0.0.1", 0), file_of(flow), token), **options)


async def imbot(flow, *words, **env):
    words = (words[0], str(flow.folder), *words[1:])
    got = await asyncio.to_thread(CliRunner().invoke, main, words, env=env)
    assert got.exception is None or isinstance(got.exception, SystemExit), got.exception
    return got


async def asked(flow, *words, **env):
    got = await imbot(flow, *words, "--json", **env)
    return json.loads(got.stdout)


async def test_status_shows_what_runs_and_what_was_answered(flow):
    flow.echo("a")
    flow.write("b.yaml", "agent: {type: echoo}\n")
    async with up(flow):
        await flow.ask("app-a", "hello")
        await flow.until(lambda: not flow.row("a").turns_running)
        got = await asked(flow, "status")
        text = (await imbot(flow, "status")).output
        row = flow.row("a")

    a, b = got["bots"]
    assert (a["name"], a["state"], a["generation"], a["rejected"]) == ("a", "running", 1, None)
    assert (a["turns_total"], a["turns_running"], a["fingerprint"]) == (1, 0, row.fingerprint)
    assert (b["state"], b["generation"], b["connected_since"]) == ("down", 0, None)
    assert "schema" in b["rejected"]["problems"][-1]["code"]
    assert got["reload"]["outcome"] == "rejected"
    assert re.search(r"● a +running +\d+ s +1 +\d +1 +\S+a.yaml", text)
    assert "b.yaml:1:" in text
    assert "2 bots: 1 running, 1 down, 1 rejected" in text


async def test_r65_a_reload_on_request_is_live_when_it_is_answered(flow, by_hand):
    flow.echo("a")
    async with up(flow):
        flow.echo("a", extra="title: Renamed\n")
        flow.echo("b")
        got = await imbot(flow, "reload")
        rows = [flow.row("a").generation, flow.row("b").generation, flow.row("a").connections]

    assert (got.exit_code, rows) == (0, [2, 1, 1])
    assert re.search(r"update +a .*\n +title: a → Renamed", got.output)
    assert "1 start, 1 update" in got.output


async def test_r65_a_reload_that_rejects_ends_with_one_and_the_bot_goes_on(flow, by_hand):
    flow.echo("a")
    async with up(flow):
        flow.echo("a", extra="titel: Renamed\n")
        got = await imbot(flow, "reload")
        status = await asked(flow, "status")
        answer = await flow.ask("app-a", "hello")
        generation = flow.row("a").generation

    assert got.exit_code == 1
    assert "a.yaml:7:1: error: unknown key `titel`" in got.output
    assert (generation, answer.data["flowStatus"]) == (1, "3")
    bot = status["bots"][0]
    assert (bot["state"], bot["rejected"]["problems"][0]["line"]) == ("running", 7)


async def test_held_bots_are_shown_and_stop_when_told_to_also_without_a_folder(flow, by_hand):
    for name in "abc":
        flow.echo(name)
    async with up(flow):
        flow.folder.rename(flow.folder.with_name("elsewhere"))
        plan, held = await imbot(flow, "plan"), await imbot(flow, "reload")
        status, shown = await asked(flow, "status"), (await imbot(flow, "status")).output
        metrics = await scraped(flow)
        pruned = await imbot(flow, "reload", "--prune")
        left = await asked(flow, "status")

    assert [(got.exit_code, "3 held" in got.output) for got in (plan, held)] == [(1, True)] * 2
    assert [(bot["state"], bool(bot["held"])) for bot in status["bots"]] == [("running", True)] * 3
    assert "3 bots: 3 running, 3 held (`imbot reload --prune` stops them)" in shown
    assert metrics["imbot_held_bots"] == 3
    assert (pruned.exit_code, "3 stop" in pruned.output) == (0, True)
    assert [bot["state"] for bot in left["bots"] if bot["state"] != "draining"] == []


async def test_r65_reloads_asked_for_at_once_are_merged(flow, by_hand):
    flow.echo("a")
    async with up(flow):
        flow.echo("b")
        got = await asyncio.gather(*(reloaded(flow) for _ in range(8)))
        status = await asked(flow, "status")
        metrics = await scraped(flow)

    assert {bot["action"] for one in got for bot in one["bots"] if bot["name"] == "b"} <= {
        "start",
        "unchanged",
    }
    assert all("b" in [bot["name"] for bot in one["bots"]] for one in got), "each began after its request"
    assert [bot["connections"] for bot in status["bots"]] == [1, 1]
    assert 2 <= metrics['imbot_reloads_total{outcome="ok"}'] <= 9


async def test_r65_a_plan_tells_everything_and_changes_nothing(flow, by_hand):
    for name in ("same", "edited", "moved", "gone", "broken"):
        flow.echo(name)
    async with up(flow):
        flow.echo("edited", extra="texts: {thinking: Hm}\n").write_text(
            (flow.folder / "edited.yaml").read_text().replace("s3cret-value", "n3w-s3cret")
        )
        flow.echo("moved", app="app-other")
        (flow.folder / "gone.yaml").unlink()
        flow.echo("broken", extra="card: {templates: {final: {msgContent: '{{ nothing }}'}}}\n")
        flow.echo("new")
        plan = await asked(flow, "plan")
        text = await imbot(flow, "plan")
        generations = [row.generation for row in flow.supervisor.status()]
        report = await asked(flow, "reload")

    actions = {bot["name"]: bot["action"] for bot in plan["bots"]}
    assert actions == {
        "same": "unchanged", "edited": "update", "moved": "replace", "gone": "stop", "broken": "rejected",
        "new": "start",
    }  # fmt: skip
    changes = {bot["name"]: bot["changes"] for bot in plan["bots"]}
    assert changes["edited"] == [
        {"key": "credentials.client_secret"},
        {"key": "texts.thinking", "before": "正在思考…", "after": "Hm"},
    ]
    assert changes["moved"][0] == {
        "key": "credentials.client_id", "before": "app-moved", "after": "app-other"
    }  # fmt: skip
    assert generations == [1] * 5
    assert text.exit_code == 1
    assert "credentials.client_secret: changed" in text.output
    assert "compared with what runs" in text.output
    for secret in ("s3cret-value", "n3w-s3cret"):
        assert secret not in text.output + json.dumps(plan) + json.dumps(report)


async def test_a_plan_without_a_process_lists_starts(flow):
    flow.echo("a")
    flow.write("b.yaml", "agent: {type: echoo}\n")
    got = await asked(flow, "plan")
    text = await imbot(flow, "plan")

    assert {bot["name"]: bot["action"] for bot in got["bots"]} == {"a": "start", "b": "rejected"}
    assert "every bot counts as new" in text.output
    assert not flow.sim.connections("app-a")


async def test_a_plan_for_an_address_where_nothing_answers_is_no_plan(flow):
    flow.echo("a")
    got = await imbot(flow, "plan", "--admin", str(NOWHERE))

    assert (got.exit_code, "nothing answers at 127.0.0.1:1" in got.output) == (1, True)


@pytest.mark.parametrize("command", ["status", "reload"])
async def test_a_command_says_when_nothing_runs(flow, command):
    got = await imbot(flow, command)
    Beacon(str(NOWHERE), 1, "gone").write(file_of(flow))
    stale = await imbot(flow, command)

    assert (got.exit_code, stale.exit_code) == (1, 1)
    assert "not started" in got.output
    assert got.output == stale.output


async def test_a_file_left_behind_never_reloads_another_folder(flow, by_hand, tmp_path):
    flow.echo("a")
    async with up(flow):
        address = Beacon.read(file_of(flow)).address
        (tmp_path / "other/bots").mkdir(parents=True)
        Beacon(address, 1, "gone").write(tmp_path / "other/.imbot/admin.json")
        got = await asyncio.to_thread(CliRunner().invoke, main, ["reload", str(tmp_path / "other/bots")])
        reloads = (await scraped(flow))['imbot_reloads_total{outcome="ok"}']

    assert got.exit_code == 1
    assert reloads == 1


async def test_the_process_of_dev_is_found_too(flow):
    flow.echo("a")
    settings = AdminSettings(AdminAddress("127.0.0.1", 0), file_of(flow).with_name("dev-admin.json"))
    Beacon(str(NOWHERE), 1, "gone").write(file_of(flow))
    async with flow.up(admin=settings):
        assert (await asked(flow, "status"))["bots"][0]["name"] == "a"


async def test_a_token_is_taken_from_the_environment(flow):
    flow.echo("a")
    async with up(flow, token="t0ken"):
        right = await imbot(flow, "status", IMBOT_ADMIN_TOKEN="t0ken")
        wrong = await imbot(flow, "status", IMBOT_ADMIN_TOKEN="other")
        none = await imbot(flow, "status")
        odd = await imbot(flow, "status", IMBOT_ADMIN_TOKEN="pässword")

    assert (right.exit_code, wrong.exit_code, none.exit_code, odd.exit_code) == (0, 1, 1, 2)
    assert "IMBOT_ADMIN_TOKEN is wrong" in wrong.output
    assert "set IMBOT_ADMIN_TOKEN" in none.output
    assert "t0ken" not in wrong.output + none.output


async def test_something_else_at_the_address_is_recognised(flow):
    got = await imbot(flow, "status", "--admin", flow.sim.url.removeprefix("http://"))

    assert (got.exit_code, "not an admin endpoint of imbot" in got.output) == (1, True)


async def test_a_wish_reloads_and_many_wishes_at_once_do_too(flow, by_hand):
    flow.echo("a")
    wish = asyncio.Event()
    async with flow.up(wish=wish):
        for title in ("One", "Two"):
            flow.echo("a", extra=f"title: {title}\n")
            generation = flow.row("a").generation
            wish.set()
            wish.set()
            await flow.until(lambda then=generation: flow.row("a").generation == then + 1)


async def test_a_removed_bot_is_shown_while_it_drains(flow, by_hand):
    flow.echo("a", delay="300ms")
    async with up(flow, grace_s=20):
        await flow.sim.say("app-a", "u-lilei", "a few words that take a while to say")
        await flow.until(lambda: flow.cards("app-a"))
        (flow.folder / "a.yaml").unlink()
        report = await asked(flow, "reload")
        draining = (await asked(flow, "status"))["bots"]
        await flow.until(lambda: not flow.supervisor.status())

    assert report["bots"][0]["action"] == "stop"
    assert [(bot["state"], bot["turns_running"]) for bot in draining] == [("draining", 1)]
    assert flow.cards("app-a")[0].data["flowStatus"] == "3"


async def test_the_end_of_the_process_is_shown_and_takes_no_more_reloads(flow):
    flow.echo("a", delay="300ms")
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(up(flow, grace_s=20))
        await flow.sim.say("app-a", "u-lilei", "a few words that take a while to say")
        await flow.until(lambda: flow.cards("app-a"))
        address = Beacon.read(file_of(flow)).address
        ending = asyncio.create_task(stack.pop_all().aclose())
        async with asyncio.timeout(15):
            while (await asked(flow, "status", IMBOT_ADMIN=address))["bots"][0]["state"] != "draining":
                pass
        reload = await imbot(flow, "reload")
        await ending

    assert "the process is ending" in reload.output
    assert flow.cards("app-a")[0].data["flowStatus"] == "3"
    assert not file_of(flow).exists()


async def raw(flow, request):
    """What is answered to a request without a body, which has to be 200."""
    host, _, port = Beacon.read(file_of(flow)).address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"{request} HTTP/1.0\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    assert " 200 " in head.splitlines()[0]
    return body


async def reloaded(flow):
    return json.loads(await raw(flow, "POST /reload"))


async def scraped(flow):
    """The metrics by name and labels."""
    text = await raw(flow, "GET /metrics")
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines if name.startswith("imbot_")}


async def test_metrics_count_answers_calls_and_failures(flow):
    flow.echo("good")
    flow.echo("bad").write_text(
        (flow.folder / "bad.yaml").read_text().replace("delay: 20ms", "fail_after: 1"), encoding="utf-8"
    )
    async with up(flow):
        for app in ("app-good", "app-good", "app-bad"):
            await flow.ask(app, "hello there")
        await flow.until(lambda: not any(row.turns_running for row in flow.supervisor.status()))
        flow.write("bad.yaml", "{")
        await flow.until(lambda: flow.row("bad").rejected)
        got = await scraped(flow)

    assert got['imbot_turns_total{bot="good",phase="final"}'] == 2
    assert got['imbot_turns_total{bot="bad",phase="error"}'] == 1
    assert got['imbot_agent_errors_total{bot="bad"}'] == 1
    assert got['imbot_card_calls_total{call="create",result="ok"}'] == 3
    assert got['imbot_card_calls_total{call="finish",result="ok"}'] == 3
    assert got["imbot_first_card_seconds_count"] == 3
    assert got['imbot_connections{state="connected"}'] == 2
    assert (got["imbot_rejected_bots"], got['imbot_reloads_total{outcome="rejected"}']) == (1, 1)


class Run:
    """``imbot run`` as a process of its own, its log read as it comes."""

    def __init__(self, process):
        self.process = process
        self.log = ""

    async def until(self, text):
        async with asyncio.timeout(15):
            while text not in self.log:
                line = await self.process.stderr.readline()
                assert line, f"ended without {text!r}:\n{self.log}"
                self.log += line.decode()

    async def end(self, number=None):
        if number:
            self.process.send_signal(number)
        self.log += (await self.process.stderr.read()).decode()
        return await asyncio.wait_for(self.process.wait(), 15)


@contextlib.asynccontextmanager
async def run(flow, *words, **options):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "imbot", "run", str(flow.folder), *words, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": flow.sim.url}, **options,
    )  # fmt: skip
    try:
        yield Run(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_r65_sighup_reloads_and_the_process_goes_on(flow):
    flow.echo("a")
    async with run(flow, "--admin", "127.0.0.1:0") as process:
        await process.until("a: connected")
        process.process.send_signal(signal.SIGHUP)
        await process.until("reload requested: 1 unchanged")
        status = await asked(flow, "status")
        code = await process.end(signal.SIGTERM)

    assert (status["pid"], status["bots"][0]["state"]) == (process.process.pid, "running")
    assert (code, file_of(flow).exists()) == (0, False)


async def test_a_closed_terminal_ends_the_process_instead_of_reloading(flow):
    flow.echo("a")
    screen, keyboard = pty.openpty()

    def own_terminal():
        os.setsid()
        fcntl.ioctl(keyboard, termios.TIOCSCTTY, 0)

    async with run(flow, "--admin", "off", stdin=keyboard, preexec_fn=own_terminal) as process:
        await process.until("a: connected")
        os.close(keyboard)
        os.close(screen)
        code = await process.end()

    assert (code, "SIGTERM: stopping" in process.log) == (0, True)


async def test_run_goes_on_where_the_admin_port_is_taken(flow):
    flow.echo("a")
    taken = flow.sim.url.removeprefix("http://")
    async with run(flow, "--admin", taken) as process:
        await process.until("a: connected")
        assert await process.end(signal.SIGTERM) == 0

    assert f"no admin endpoint: cannot listen on {taken}" in process.log


async def test_a_second_run_on_a_machine_takes_a_free_port_and_each_is_found_by_its_folder(
    flow, flows, tmp_path
):
    (tmp_path / "second").mkdir()
    async with flows(tmp_path / "second/bots") as other, contextlib.AsyncExitStack() as stack:
        started = []
        for name, each in (("a", flow), ("b", other)):
            each.echo(name)
            process = await stack.enter_async_context(run(each))
            await process.until(f"{name}: connected")
            started.append(process)
        shown = [await asked(each, "status") for each in (flow, other)]
        addresses = [Beacon.read(file_of(each)).address for each in (flow, other)]
        codes = [await process.end(signal.SIGTERM) for process in started]

    assert [(got["pid"], got["bots"][0]["name"]) for got in shown] == [
        (started[0].process.pid, "a"), (started[1].process.pid, "b"),
    ]  # fmt: skip
    assert addresses[0] != addresses[1]
    for process, address in zip(started, addresses, strict=True):
        # which of them has the default is not decided: others on this machine may have it too
        assert (f"{DEFAULT}: Address already in use" in process.log) == (address != DEFAULT)
        assert f"admin endpoint: http://{address}" in process.log
    assert (codes, [file_of(each).exists() for each in (flow, other)]) == ([0, 0], [False, False])


@pytest.mark.parametrize(("address", "token", "code"), [("0.0.0.0:0", "", 2), ("0.0.0.0:0", "t0ken", 0)])
async def test_other_machines_are_served_only_with_a_token(flow, address, token, code, monkeypatch):
    flow.echo("a")
    monkeypatch.setenv("IMBOT_ADMIN_TOKEN", token)
    async with run(flow, "--admin", address) as process:
        if not code:
            await process.until("a: connected")
            assert (await asked(flow, "status"))["bots"][0]["state"] == "running"
            process.process.send_signal(signal.SIGTERM)
        assert await process.end() == code

    assert ("IMBOT_ADMIN_TOKEN" in process.log) is bool(code)
    assert "t0ken" not in process.log


async def test_status_can_be_watched_over_a_restart(flow):
    flow.echo("a")
    watching = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "imbot", "status", str(flow.folder), "--watch", "--json",
        stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        first = await asyncio.wait_for(watching.stdout.readline(), 10)
        async with up(flow), asyncio.timeout(20):
            while not (bots := json.loads(await watching.stdout.readline())["bots"]):
                pass
        watching.send_signal(signal.SIGINT)
        await watching.stdout.read()
        code = await asyncio.wait_for(watching.wait(), 10)
    finally:
        if watching.returncode is None:
            watching.kill()
            await watching.wait()

    assert b"not started" in first
    assert bots[0]["name"] == "a"
    assert code == 0


@pytest.mark.parametrize("terminal", [True, False])
async def test_run_shows_the_source_of_a_rejected_file_on_a_terminal_alone(flow, terminal):
    flow.echo("a", extra="tilte: x\nagnet: y\n")
    screen, keyboard = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "imbot", "run", str(flow.folder), "--admin", "off",
        stderr=keyboard if terminal else asyncio.subprocess.PIPE,
        env={**os.environ, "DINGTALK_OPENAPI_ENDPOINT": flow.sim.url, "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(keyboard)
    text = ""
    try:
        async with asyncio.timeout(15):
            while text.count("^~~~~" if terminal else "did you mean") < 2:
                got = os.read(screen, 4096) if terminal else await process.stderr.readline()
                text += got.decode()
    finally:
        process.kill()
        await process.wait()
        os.close(screen)

    lines = [line for line in text.splitlines() if "tilte" in line or "agnet" in line]
    if terminal:
        assert "a: rejected" in text
        assert any(re.fullmatch(r" +\d+ \| tilte: x", line) for line in lines)
    else:
        assert len(lines) == 2, "a line for each problem"
        for line in lines:
            assert re.match(
                r"\d\d:\d\d:\d\d a: rejected: \S+a.yaml:\d+:1: unknown key .*\(.*\) \[schema\.", line
            )
