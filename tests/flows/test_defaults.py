"""Shared defaults on a running server: real files, real sockets."""

import json
import logging
import time

from click.testing import CliRunner

from imbot.cli.check import command as check

BOT = "credentials: {{client_id: app-{0}, client_secret: none}}\n"
SHARED = "agent: {{type: echo, delay: 0ms, prefix: '{0}: '}}\n"


def three(flow):
    """Two bots that answer as the defaults say, and one that says itself how."""
    flow.write("_defaults.yaml", SHARED.format("old"))
    flow.write("a.yaml", BOT.format("a"))
    flow.write("b.yaml", BOT.format("b"))
    flow.write("own.yaml", BOT.format("own") + SHARED.format("own"))


def rows(flow):
    return {name: (flow.row(name).generation, flow.row(name).connections) for name in ("a", "b", "own")}


async def answers(flow):
    return [(await flow.ask(f"app-{name}", "hi")).data["msgContent"] for name in ("a", "b", "own")]


async def test_r64_a_change_of_the_defaults_updates_only_whose_meaning_changes(flow):
    three(flow)
    async with flow.up():
        before = await answers(flow)
        began = time.monotonic()
        flow.write("_defaults.yaml", SHARED.format("new"))
        await flow.until(lambda: flow.row("a").generation == flow.row("b").generation == 2)
        took = time.monotonic() - began
        after = await answers(flow)
        now = rows(flow)

    assert before == ["old: hi", "old: hi", "own: hi"]
    assert after == ["new: hi", "new: hi", "own: hi"]
    assert now == {"a": (2, 1), "b": (2, 1), "own": (1, 1)}
    assert took < 10


async def test_r64_wrong_defaults_are_rejected_once_with_their_bots_and_stop_nobody(flow, caplog):
    three(flow)
    async with flow.up():
        with caplog.at_level(logging.ERROR):
            flow.write("_defaults.yaml", SHARED.format("new") + "throttle: {pace: fxied}\n")
            flow.write("own.yaml", BOT.format("own") + SHARED.format("own") + "throttle: {pace: fixed}\n")
            await flow.until(lambda: flow.row("a").rejected and flow.row("b").rejected)
            await flow.until(lambda: flow.row("own").generation == 2)
        problems = {flow.row(name).rejected.problems for name in ("a", "b")}
        during = await answers(flow)
        flow.write("_defaults.yaml", SHARED.format("new") + "throttle: {pace: fixed}\n")
        await flow.until(lambda: not (flow.row("a").rejected or flow.row("b").rejected))
        after = await answers(flow)
        now = rows(flow)

    lines = [record.getMessage() for record in caplog.records if ": rejected: " in record.getMessage()]
    assert [line.partition(": ")[0] for line in lines] == ["a, b"]
    ((found,),) = problems
    assert (found.path, found.line, found.column) == (str(flow.folder / "_defaults.yaml"), 2, 18)
    assert found.hint.endswith("inherited by a, b")
    assert during == ["old: hi", "old: hi", "own: hi"]
    assert after == ["new: hi", "new: hi", "own: hi"]
    assert now == {"a": (2, 1), "b": (2, 1), "own": (2, 1)}


async def test_r64_defaults_that_do_not_parse_keep_everybody_running_until_they_do(flow):
    three(flow)
    async with flow.up():
        flow.write("_defaults.yaml", "agent: {type: echo\n")
        await flow.until(lambda: all(flow.row(name).rejected for name in ("a", "b", "own")))
        during = await answers(flow)
        flow.write("_defaults.yaml", SHARED.format("old"))
        await flow.until(lambda: not any(flow.row(name).rejected for name in ("a", "b", "own")))
        now = rows(flow)

    assert during == ["old: hi", "old: hi", "own: hi"]
    assert now == {"a": (1, 1), "b": (1, 1), "own": (1, 1)}, "back to what ran: untouched"


async def test_r64_defaults_may_appear_and_go(flow):
    flow.write("a.yaml", BOT.format("a") + SHARED.format("own"))
    async with flow.up():
        flow.write("_defaults.yaml", "title: Common\n")
        await flow.until(lambda: flow.row("a").generation == 2)
        (flow.folder / "_defaults.yaml").unlink()
        await flow.until(lambda: flow.row("a").generation == 3)
        answer = await flow.ask("app-a", "hi")
        connections = flow.row("a").connections

    assert answer.data["msgContent"] == "own: hi"
    assert connections == 1


def test_what_check_says_of_the_defaults_is_what_run_rejects(tmp_path):
    folder = tmp_path / "bots"
    folder.mkdir()
    (folder / "_defaults.yaml").write_text(SHARED.format("x") + "throttle: {pace: fxied}\n")
    (folder / "a.yaml").write_text(BOT.format("a"))

    for path in (folder, folder / "a.yaml", folder / "_defaults.yaml"):
        result = CliRunner().invoke(check, [str(path), "--format", "json"])
        (found,) = json.loads(result.stdout)["problems"]
        assert (found["path"], found["line"]) == (str(folder / "_defaults.yaml"), 2)
        assert result.exit_code == 1
