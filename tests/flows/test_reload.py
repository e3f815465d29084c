"""An edit becomes a running bot: real files, real sockets."""

import asyncio
import re
import time

from click.testing import CliRunner

from imbot.cli.check import command as check

FAQ = """
credentials: {client_id: app-faq, client_secret: s3cret}
agent: {type: faq, knowledge: knowledge, delay: 0ms}
"""
GREETER = """
credentials: {client_id: app-greeter, client_secret: s3cret}
agent: {type: echo, delay: 0ms, prefix: "<<GREETING>> "}
"""


async def test_an_edit_is_live_within_three_seconds_without_a_reconnect(flow):
    flow.echo()
    async with flow.up():
        before, took = flow.row("echo"), []
        for generation in (2, 3, 4):
            began = time.monotonic()
            flow.echo(extra=f"title: Renamed {generation}\n")
            await flow.until(lambda wanted=generation: flow.row("echo").generation == wanted)
            took.append(time.monotonic() - began)
        after = flow.row("echo")

    assert min(took) < 3
    assert after.connected_since == before.connected_since
    assert after.connections == 1


async def test_an_edited_template_is_live_without_a_reconnect(flow):
    flow.echo(extra="card: {templates: {final: {file: cards/final.yaml}}}\n")
    flow.write("cards/final.yaml", 'msgContent: "old {{ answer }}"\n')
    async with flow.up():
        first = await flow.ask("app-echo", "hello")
        flow.write("cards/final.yaml", 'msgContent: "new {{ answer }}"\n')
        await flow.until(lambda: flow.row("echo").generation == 2)
        second = await flow.ask("app-echo", "hello")
        connections = flow.row("echo").connections

    assert first.data["msgContent"].startswith("old")
    assert second.data["msgContent"].startswith("new")
    assert connections == 1


async def test_edited_and_added_knowledge_is_live_without_a_reconnect(flow):
    flow.write("faq.yaml", FAQ)
    flow.write("knowledge/hours.md", "## When are you open?\n\nFrom nine to five.\n")
    async with flow.up():
        first = await flow.ask("app-faq", "When are you open?")
        flow.write("knowledge/hours.md", "## When are you open?\n\nDay and night.\n")
        flow.write("knowledge/more/returns.md", "## Can I return it?\n\nWithin seven days.\n")
        await flow.until(lambda: flow.row("faq").generation == 2)
        second = await flow.ask("app-faq", "When are you open?")
        third = await flow.ask("app-faq", "Can I return it?")
        (flow.folder / "knowledge/more/returns.md").unlink()
        await flow.until(lambda: flow.row("faq").generation == 3)
        connections = flow.row("faq").connections

    assert "nine to five" in first.data["msgContent"]
    assert "Day and night" in second.data["msgContent"]
    assert "seven days" in third.data["msgContent"]
    assert connections == 1


async def test_an_edited_env_file_is_live_without_a_reconnect_and_touches_only_who_uses_it(flow):
    env = flow.folder.parent / ".env"
    env.write_text("GREETING=old\n", encoding="utf-8")
    flow.write("greeter.yaml", GREETER)
    flow.echo("other")
    async with flow.up():
        first = await flow.ask("app-greeter", "hello")
        env.write_text("GREETING=new\n", encoding="utf-8")
        await flow.until(lambda: flow.row("greeter").generation == 2)
        second = await flow.ask("app-greeter", "hello")
        env.unlink()
        await flow.until(lambda: flow.row("greeter").rejected)
        third = await flow.ask("app-greeter", "hello")
        env.write_text("GREETING=new\n", encoding="utf-8")
        await flow.until(lambda: not flow.row("greeter").rejected)
        rows = [(flow.row(name).generation, flow.row(name).connections) for name in ("greeter", "other")]

    answers = [card.data["msgContent"] for card in (first, second, third)]
    assert answers == ["old hello", "new hello", "new hello"]
    assert rows == [(2, 1), (1, 1)]


async def test_invariant_1_a_broken_file_keeps_the_last_good_and_hurts_nobody(flow):
    flow.echo("a")
    flow.echo("b")
    async with flow.up():
        flow.write("a.yaml", "agent: {type: echo\n")
        await flow.until(lambda: flow.row("a").rejected)
        problem = flow.row("a").rejected.problems[0]
        answers = [await flow.ask("app-a", "hello"), await flow.ask("app-b", "hello")]
        connections = [flow.row("a").connections, flow.row("b").connections]
        flow.echo("a")
        await flow.until(lambda: not flow.row("a").rejected)
        generation = flow.row("a").generation

    assert problem.path.endswith("a.yaml")
    assert problem.line >= 1
    assert [card.data["flowStatus"] for card in answers] == ["3", "3"]
    assert connections == [1, 1]
    assert generation == 1, "back to what ran: untouched"


async def test_a_new_file_starts_a_bot_and_a_removed_one_drains_it(flow):
    flow.echo("a", delay="400ms")
    async with flow.up():
        flow.echo("b")
        await flow.until(lambda: flow.row("b") and flow.row("b").state == "connected")
        await flow.sim.say("app-a", "u-lilei", "hello while it is removed, a few more words")
        await flow.until(lambda: flow.cards("app-a"))
        (flow.folder / "a.yaml").unlink()
        await flow.until(lambda: flow.row("a") is None)
        await flow.until(lambda: flow.cards("app-a")[0].data["flowStatus"] == "3")
        await flow.until(lambda: not flow.sim.connections("app-a"))
        assert flow.row("b").connections == 1


async def test_invariant_2_a_save_that_changes_nothing_touches_nothing(flow):
    path = flow.echo()
    async with flow.up():
        path.write_text("# a comment\n" + path.read_text(), encoding="utf-8")
        flow.echo("other")  # so that a reload surely happened
        await flow.until(lambda: flow.row("other"))
        row = flow.row("echo")

    assert (row.generation, row.connections) == (1, 1)


async def test_a_turn_finishes_as_it_began_while_its_bot_is_edited(flow):
    flow.echo(delay="300ms", extra='card: {templates: {final: {msgContent: "old {{ answer }}"}}}\n')
    async with flow.up():
        await flow.sim.say("app-echo", "u-lilei", "a b c d e f g h")
        await flow.until(lambda: flow.cards("app-echo"))
        flow.echo(delay="20ms", extra='card: {templates: {final: {msgContent: "new {{ answer }}"}}}\n')
        await flow.until(lambda: flow.row("echo").generation == 2)
        await flow.until(lambda: flow.cards("app-echo")[0].data["flowStatus"] == "3", 10)
        second = await flow.ask("app-echo", "hello")

    assert flow.cards("app-echo")[0].data["msgContent"].startswith("old")
    assert second.data["msgContent"].startswith("new")


async def test_invariant_3_what_check_passes_run_accepts(flow):
    flow.echo("good")
    flow.echo("bad", extra="card: {templates: {final: {msgContent: '{{ nothing }}'}}}\n")
    checked = await asyncio.to_thread(CliRunner().invoke, check, [str(flow.folder)])
    async with flow.up() as steps:
        actions = {step.name: step.action for step in steps}

    assert checked.exit_code == 1
    assert "bad.yaml" in checked.output
    assert not re.search(r"good\.yaml:\d+:\d+: error", checked.output)
    assert actions == {"good": "start", "bad": "rejected"}


async def test_a_bot_waits_for_the_first_file_in_an_empty_folder(flow):
    async with flow.up() as steps:
        assert steps == []
        flow.echo()
        await flow.until(lambda: flow.row("echo") and flow.row("echo").state == "connected")
