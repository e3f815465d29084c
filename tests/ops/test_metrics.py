import re
from pathlib import Path
from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from imbot.errors import Problem
from imbot.model import CardPhase, Usage
from imbot.ops.metrics import Metrics
from imbot.ops.monitor import Monitor
from imbot.reload.rollout import Pending
from imbot.reload.status import BotStatus, Rejected
from imbot.reload.watch import WatchState
from imbot.stores import StoreHealth
from imbot.usage.accounting import Calendar, Month
from imbot.usage.agent_failures import Failing
from imbot.usage.counters import Counters

BROKEN = Rejected("b", 1.0, (Problem("b.yaml", 1, 1, 1, 1, "", "x", "error", "broken"),))
ROWS = [
    BotStatus("a", "a.yaml", state="connected", fingerprint="f", turns_running=2),
    BotStatus("a", "a.yaml", state="draining", fingerprint="f", turns_running=1),
    BotStatus("b", "b.yaml", state="connecting", fingerprint="f", rejected=BROKEN),
    BotStatus("c", "c.yaml", rejected=BROKEN),
]


EVENTS = WatchState("events", 0.0)


DOCUMENT = Path(__file__).parents[2] / "docs/operate.md"


async def samples(rows=ROWS, counters=None, **reloader):
    known = {"counts": {"ok": 0, "rejected": 0, "failed": 0}, "succeeded_at": None, "watching": EVENTS}
    reloader = known | reloader
    supervisor = SimpleNamespace(status=lambda: rows, counters=counters or Counters(), reconnects=7)
    body, content_type = await Metrics(supervisor, SimpleNamespace(**reloader)).text("text/plain")
    assert content_type.startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


async def test_the_metrics_are_those_of_the_documents():
    supervisor = SimpleNamespace(status=lambda: ROWS, counters=Counters(), reconnects=0)
    reloader = SimpleNamespace(counts={}, succeeded_at=None, watching=EVENTS)
    body, _ = await Metrics(supervisor, reloader).text("text/plain")
    served = {
        name for name in re.findall(r"^# TYPE (\w+)", body.decode(), re.MULTILINE) if name.startswith("imbot")
    }

    text = DOCUMENT.read_text(encoding="utf-8").partition("## Metrics")[2].partition("\n## ")[0]
    assert served == set(re.findall(r"^\| `(imbot_\w+)", text, re.MULTILINE))


async def test_reloads_are_told_by_outcome_with_the_last_good_one():
    got = await samples(counts={"ok": 3, "rejected": 2, "failed": 1}, succeeded_at=1700000000.5)

    assert [got["imbot_reloads_total", word] for word in ("ok", "rejected", "failed")] == [3, 2, 1]
    assert got["imbot_last_successful_reload_timestamp_seconds",] == 1700000000.5
    assert (await samples())["imbot_last_successful_reload_timestamp_seconds",] == 0


async def test_the_gauge_to_alert_on_counts_files_that_are_not_followed():
    assert (await samples())["imbot_rejected_bots",] == 2
    assert (await samples(rows=ROWS[:1]))["imbot_rejected_bots",] == 0


async def test_a_bot_that_fails_can_be_alerted_on_by_name():
    failing = Failing(1.0, 3, "x", "y", "z")
    rows = [
        BotStatus("a", "a.yaml", state="connected", generation=1, failing=failing),
        BotStatus("b", "b.yaml", state="connected", generation=1),
        BotStatus("c", "c.yaml", rejected=BROKEN),
        BotStatus("d", "d.yaml", state="draining", generation=1),
    ]
    got = await samples(rows=rows)

    values = {name[1]: value for name, value in got.items() if name[0] == "imbot_bot_failing"}
    assert values == {"a": 1, "b": 0}, "of bots that run"


async def test_what_the_process_has_left_is_always_there():
    store = SimpleNamespace(health=lambda: StoreHealth(0.25, "disk full", 1000))
    supervisor = SimpleNamespace(status=list, counters=Counters(), reconnects=0)
    reloader = SimpleNamespace(counts={}, succeeded_at=None, watching=EVENTS)
    body, _ = await Metrics(supervisor, reloader, Monitor(store)).text("text/plain")

    lines = body.decode().splitlines()
    for line in (
        "store_up 0.0",
        "store_write_seconds 0.25",
        "store_free_bytes 1000.0",
        "loop_delay_seconds 0.0",
    ):
        assert f"imbot_{line}" in lines


async def test_held_bots_and_a_degraded_watch_can_be_alerted_on():
    rows = [*ROWS, BotStatus("d", "d.yaml", held_since=1.0)]
    got = await samples(rows=rows, watching=WatchState("scanning", 0.0, "no watches left"))

    assert (got["imbot_held_bots",], got["imbot_watch_degraded",]) == (1, 1)
    quiet = await samples(watching=WatchState("scanning", 0.0))
    assert (quiet["imbot_held_bots",], quiet["imbot_watch_degraded",]) == (0, 0)


async def test_reconnects_and_changes_that_wait_are_counted():
    waiting = BotStatus("d", "d.yaml", pending=Pending("d", "d.yaml", 1.0, "no route"))
    got = await samples(rows=[*ROWS, waiting])

    assert (got["imbot_pending_bots",], got["imbot_reconnects_total",]) == (1, 7)


async def test_links_are_counted_by_state_and_what_never_ran_is_none():
    got = await samples()

    states = {state: got["imbot_connections", state] for state in ("connected", "connecting", "down")}
    assert states == {"connected": 1, "connecting": 1, "down": 0}
    assert got["imbot_turns_running", "a"] == 3, "the one that drains and the one that runs"


async def test_what_the_meter_counted_is_shown():
    counters = Counters()
    counters.count_turn("a", CardPhase.FINAL)
    counters.count_turn("a", CardPhase.ERROR)
    counters.count_turned_away("a", "busy")
    counters.count_agent_error("a")
    counters.count_usage("a", Usage(120, 30))
    counters.count_card_call("create")
    for seconds in (0.05, 0.4, 100):
        counters.first_card.add(seconds)
    got = await samples(counters=counters)

    assert (got["imbot_turns_total", "a", "final"], got["imbot_turns_total", "a", "error"]) == (1, 1)
    assert got["imbot_turned_away_total", "a", "busy"] == 1
    assert got["imbot_agent_errors_total", "a"] == 1
    tokens = [got["imbot_agent_tokens_total", "a", kind] for kind in ("prompt", "completion")]
    assert tokens == [120, 30]
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


async def test_a_label_commands_no_terminal_and_can_be_encoded():
    rows = [BotStatus("a\x1b[2J\x9b\u202e\udcff", "x", state="connected", fingerprint="f", turns_running=1)]
    assert (await samples(rows=rows))["imbot_turns_running", r"a\x1b[2J\x9b\u202e\udcff"] == 1


async def test_openmetrics_is_spoken_to_who_asks_for_it():
    supervisor = SimpleNamespace(status=list, counters=Counters(), reconnects=0)
    reloader = SimpleNamespace(
        counts={"ok": 1, "rejected": 0, "failed": 0}, succeeded_at=None, watching=EVENTS
    )
    body, content_type = await Metrics(supervisor, reloader).text(
        "application/openmetrics-text; version=1.0.0"
    )

    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


async def test_calls_are_told_by_bot_and_what_is_left_of_each_month():
    counters = Counters()
    counters.accounting.open_turn("c1", "a")
    counters.accounting.set_month(Calendar(8), {("b", "ding1"): 90, ("c", "ding2"): 5})
    for _ in range(3):
        counters.accounting.count_call("c1", "ding1", Calendar(8))
    rows = [
        BotStatus("a", "a.yaml", month=Month("ding1", 93, 100)),
        BotStatus("b", "b.yaml", month=Month("ding1", 93, 50)),
        BotStatus("c", "c.yaml", month=Month("ding2", 5, None)),
        BotStatus("d", "d.yaml"),
    ]
    got = await samples(rows=rows, counters=counters)

    assert got["imbot_calls_total", "a"] == 3
    assert (got["imbot_month_calls", "ding1"], got["imbot_month_calls", "ding2"]) == (93, 5)
    assert got["imbot_month_calls_left", "ding1"] == 0, "as the strictest file has it"
    assert ("imbot_month_calls_left", "ding2") not in got
