from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from imbot.errors import Problem
from imbot.meter import Meter
from imbot.metrics import Metrics
from imbot.model import CardPhase
from imbot.supervisor import BotStatus, Rejected

BROKEN = Rejected("b", 1.0, (Problem("b.yaml", 1, 1, 1, 1, "", "x", "error", "broken"),))
ROWS = [
    BotStatus("a", "a.yaml", state="connected", fingerprint="f", turns_running=2),
    BotStatus("a", "a.yaml", state="draining", fingerprint="f", turns_running=1),
    BotStatus("b", "b.yaml", state="connecting", fingerprint="f", rejected=BROKEN),
    BotStatus("c", "c.yaml", rejected=BROKEN),
]


async def samples(rows=ROWS, meter=None, **reloader):
    reloader = {"counts": {"ok": 0, "rejected": 0, "failed": 0}, "succeeded_at": None} | reloader
    supervisor = SimpleNamespace(status=lambda: rows, meter=meter or Meter())
    body, content_type = await Metrics(supervisor, SimpleNamespace(**reloader)).text("text/plain")
    assert content_type.startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


async def test_reloads_are_told_by_outcome_with_the_last_good_one():
    got = await samples(counts={"ok": 3, "rejected": 2, "failed": 1}, succeeded_at=1700000000.5)

    assert [got["imbot_reloads_total", word] for word in ("ok", "rejected", "failed")] == [3, 2, 1]
    assert got["imbot_last_successful_reload_timestamp_seconds",] == 1700000000.5
    assert (await samples())["imbot_last_successful_reload_timestamp_seconds",] == 0


async def test_the_gauge_to_alert_on_counts_files_that_are_not_followed():
    assert (await samples())["imbot_rejected_bots",] == 2
    assert (await samples(rows=ROWS[:1]))["imbot_rejected_bots",] == 0


async def test_links_are_counted_by_state_and_what_never_ran_is_none():
    got = await samples()

    states = {state: got["imbot_connections", state] for state in ("connected", "connecting", "down")}
    assert states == {"connected": 1, "connecting": 1, "down": 0}
    assert got["imbot_turns_running", "a"] == 3, "the one that drains and the one that runs"


async def test_what_the_meter_counted_is_shown():
    meter = Meter()
    meter.turn("a", CardPhase.FINAL)
    meter.turn("a", CardPhase.ERROR)
    meter.agent_error("a")
    meter.card_call("create")
    for seconds in (0.05, 0.4, 100):
        meter.first_card.add(seconds)
    got = await samples(meter=meter)

    assert (got["imbot_turns_total", "a", "final"], got["imbot_turns_total", "a", "error"]) == (1, 1)
    assert got["imbot_agent_errors_total", "a"] == 1
    assert got["imbot_card_calls_total", "create", "ok"] == 1
    buckets = [got["imbot_first_card_seconds_bucket", bound] for bound in ("0.1", "0.5", "30.0", "+Inf")]
    assert buckets == [1, 2, 2, 3]
    assert got["imbot_first_card_seconds_count",] == 3


async def test_two_processes_in_one_do_not_share_a_registry():
    await samples()
    await samples()


async def test_an_awkward_name_stays_one_label():
    rows = [BotStatus('客"服\n\\', "x.yaml", state="connected", fingerprint="f", turns_running=1)]
    assert (await samples(rows=rows))["imbot_turns_running", '客"服\n\\'] == 1


async def test_openmetrics_is_spoken_to_who_asks_for_it():
    supervisor = SimpleNamespace(status=list, meter=Meter())
    reloader = SimpleNamespace(counts={"ok": 1, "rejected": 0, "failed": 0}, succeeded_at=None)
    body, content_type = await Metrics(supervisor, reloader).text(
        "application/openmetrics-text; version=1.0.0"
    )

    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
