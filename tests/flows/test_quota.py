import logging
import re

from imbot.usage import monthly

CROWD = 60
MONTH = "quota: {{qps: {qps}, monthly: {monthly}}}\n"
STREAM, PUT = "/v1.0/card/streaming", "/v1.0/card/instances"


def refused(flow):
    return [call for call in flow.sim.calls if call.status == 403]


def about(flow, card):
    return [call for call in flow.sim.calls if call.card == card.id]


def finals(flow, app="app-echo"):
    return [card for card in flow.cards(app) if card.data.get("flowStatus") == "3"]


async def crowd(flow, count=CROWD, words=30):
    """As many people ask at once; each gets a long answer. Returns how long the slowest final took, in s."""
    users = [f"u-{number}" for number in range(count)]
    for user in users:
        flow.sim.add_user(user, user)
    for user in users:
        await flow.sim.say("app-echo", user, f"{user} " + "word " * words)
    return await flow.until(lambda: len(finals(flow)) == count, 20)


async def test_a_crowd_on_one_app_stays_below_its_limit_and_every_card_is_final(flow):
    flow.echo(delay="100ms")
    async with flow.up():
        await crowd(flow)
        await flow.until(lambda: not flow.row("echo").turns_running)
        row = flow.row("echo")

    assert not refused(flow)
    assert len(flow.cards("app-echo")) == CROWD
    assert row.calls_total == len([call for call in flow.sim.calls if call.card])


async def test_calls_that_come_late_at_the_platform_do_not_meet_too_many_others_there(flow):
    flow.sim.set(latency_ms=40)
    flow.echo(delay="60ms")
    async with flow.up():
        for delay_s in (0.3, 0.9, 0.6):
            flow.sim.fail("/card/", 200, {"success": True}, 12, delay_s=delay_s, executed=True)
        await crowd(flow, 40)

    assert not refused(flow)
    assert len(flow.cards("app-echo")) == 40


async def test_an_app_with_a_higher_limit_is_served_faster_and_a_reload_changes_it_without_reconnecting(flow):
    flow.sim.set(qps=None)
    flow.echo(delay="1ms", extra="quota: {qps: 5}\n")
    async with flow.up():
        for number in range(12):
            await flow.sim.say("app-echo", "u-lilei", f"question {number}")
        await flow.until(lambda: len(finals(flow)) > 5)
        made = sorted(card.created for card in flow.cards("app-echo"))
        flow.echo(delay="1ms", extra="quota: {qps: 1000}\n")
        await flow.until(lambda: flow.row("echo").generation == 2 and len(finals(flow)) == 12)
        row = flow.row("echo")

    assert made[5] - made[0] > 900  # ms
    assert (row.generation, row.connections) == (2, 1)


async def test_68_an_app_that_may_make_fewer_calls_than_its_file_says_answers_everybody_all_the_same(flow):
    flow.sim.set(qps=6)
    flow.echo(delay="20ms")
    async with flow.up():
        await crowd(flow, 15, words=5)

    assert refused(flow), "else this shows nothing"
    assert len(flow.cards("app-echo")) == 15
    assert all(card.data["msgContent"].count("word") == 5 for card in finals(flow))


async def test_calls_are_counted_as_the_platform_does_it(flow, caplog):
    caplog.set_level(logging.INFO)
    flow.echo(delay="30ms", extra="throttle: {interval: 100ms}\n")
    async with flow.up():
        card = await flow.ask("app-echo", "one two three four five six seven eight")
        await flow.until(lambda: not flow.row("echo").turns_running)
        calls = len(about(flow, card))
        row = flow.row("echo")

    assert calls > 2
    assert re.search(rf"echo: turn \w+ final in .* {calls} calls", caplog.text)
    assert (row.calls_total, row.calls_month, row.month.used) == (calls, calls, calls)
    assert flow.sim.world.quota.used == calls


async def test_only_calls_that_the_platform_may_have_taken_are_counted(flow):
    flow.echo(delay="1ms")
    too_fast = {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}
    flow.sim.fail("createAndDeliver", 403, too_fast)
    flow.sim.fail("createAndDeliver", 0, executed=True)
    async with flow.up():
        await flow.ask("app-echo", "hello")
        await flow.until(lambda: not flow.row("echo").turns_running)
        made = [call.status for call in flow.sim.calls if "/card/" in call.path]
        counted = flow.row("echo").calls_total

    assert made[:2] == [403, 0], "refused unseen, then done without an answer"
    assert counted == len(made) - 1


async def test_a_month_that_runs_out_leaves_the_end_of_each_answer_and_survives_a_restart(
    flow, caplog, monkeypatch
):
    monkeypatch.setattr(monthly, "SAVE_EVERY_S", 0.05)
    flow.echo(delay="30ms", extra=MONTH.format(qps=1000, monthly=10) + "throttle: {interval: 100ms}\n")
    spent = []
    for _ in range(2):
        async with flow.up():
            for _ in range(4):
                card = await flow.ask("app-echo", "one two three four five six seven eight nine ten")
                await flow.until(lambda: not flow.row("echo").turns_running)
                spent.append(len(about(flow, card)))
        used = flow.supervisor.counters.accounting.used["dingsimulator0000"]

    assert spent[0] > 2
    assert spent[3:] == [2] * 5, "created and ended"
    assert used == sum(spent) == flow.sim.world.quota.used
    assert "of the month's 10 calls used; until the month ends, cards show only their end" in caplog.text


async def test_bots_of_one_organisation_spend_from_one_month(flow):
    flow.echo("a", delay="30ms", extra="throttle: {interval: 100ms}\n")
    flow.echo("b", delay="30ms", extra=MONTH.format(qps=1000, monthly=3) + "throttle: {interval: 100ms}\n")
    async with flow.up():
        await flow.ask("app-a", "one two three four five six seven eight nine ten")
        card = await flow.ask("app-b", "one two three four five six seven eight nine ten")
        await flow.until(lambda: not flow.row("b").turns_running)

    assert len(about(flow, card)) == 2
