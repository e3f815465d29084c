"""The metrics of a process for Prometheus, collected when they are requested.

Only ``admin`` imports this module, so that other commands need not load the library.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from imbot import __version__
from imbot.ops.monitor import Monitor, Resources
from imbot.reload.reloader import Reloader
from imbot.reload.report import ReloadResult
from imbot.reload.status import BotState, BotStatus
from imbot.reload.supervisor import Supervisor
from imbot.text.sanitize import printable
from imbot.usage.accounting import CallAccounting
from imbot.usage.counters import Counters, Durations

_WORDS: tuple[ReloadResult, ...] = ("ok", "rejected", "failed")
_STATES: tuple[BotState, ...] = ("connected", "connecting", "down")


class Metrics:
    """The metrics of this process."""

    def __init__(self, supervisor: Supervisor, reloader: Reloader, monitor: Monitor | None = None) -> None:
        self._supervisor = supervisor
        self._reloader = reloader
        self._monitor = monitor or Monitor()
        self._process = ProcessCollector(registry=None)

    async def text(self, accept: str) -> tuple[bytes, str]:
        """The metrics in a format that the ``Accept`` header allows, and their content type."""
        registry = CollectorRegistry()
        registry.register(self._now(await asyncio.to_thread(self._monitor.read)))
        # In a thread: with a thousand bots it takes tens of milliseconds, for which no message should wait.
        encode, content_type = choose_encoder(accept)
        return await asyncio.to_thread(encode, registry), content_type

    def _now(self, resources: Resources) -> "_Scrape":
        return _Scrape(
            tuple(self._supervisor.status()),
            self._supervisor.counters.copy(),
            dict(self._reloader.counts),
            self._reloader.succeeded_at or 0,
            bool(self._reloader.watching.trouble),
            self._supervisor.reconnects,
            resources,
            self._process,
        )


@dataclass(frozen=True, slots=True, eq=False)  # a registry keeps its collectors by identity
class _Scrape(Collector):
    """The numbers of one moment, for a registry that reads them in another thread."""

    rows: tuple[BotStatus, ...]
    counters: Counters
    reloads: Mapping[ReloadResult, int]
    succeeded_at: float
    degraded: bool
    reconnects: int
    resources: Resources
    process: ProcessCollector

    def describe(self) -> Iterable[Metric]:
        """Nothing: the names are not needed in advance."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All metrics, with labels that can be shown, whatever the name of a bot's file."""
        for metric in self._metrics():
            metric.samples = [
                sample._replace(labels={name: _shown(value) for name, value in sample.labels.items()})
                for sample in metric.samples
            ]
            yield metric

    def _metrics(self) -> Iterator[Metric]:
        yield InfoMetricFamily("imbot", "The version that runs.", value={"version": __version__})
        yield from _of_reloads(self.reloads, self.succeeded_at)
        yield GaugeMetricFamily(
            "imbot_watch_degraded",
            "1 while file notifications fail and changes are found by scanning alone.",
            value=self.degraded,
        )
        yield from _of_bots(self.rows)
        yield CounterMetricFamily(
            "imbot_reconnects",
            "Connections made after the first one of an app, to replace lost, silent or moved ones.",
            value=self.reconnects,
        )
        yield _counter(
            "imbot_chore_failures",
            "Background chores that died and were restarted: alert when it grows.",
            _single(self.counters.chore_failures),
            "chore",
        )
        yield from _of_turns(self.counters)
        yield from _of_calls(self.counters.accounting, self.rows)
        yield from _of_resources(self.resources)
        yield from self.process.collect()


def _of_resources(resources: Resources) -> Iterator[Metric]:
    store_up = None if resources.store_write_s is None else not resources.store_error
    for name, text, value in (
        ("imbot_store_up", "0 while the store cannot be written: alert when 0.", store_up),
        (
            "imbot_store_write_seconds",
            "How long the last write into the store took.",
            resources.store_write_s,
        ),
        (
            "imbot_store_free_bytes",
            "Free on the disk of the store: alert when low.",
            resources.store_free_bytes,
        ),
        (
            "imbot_loop_delay_seconds",
            "The longest time within a minute for which the event loop let work wait: alert above 0.5.",
            resources.loop_delay_s,
        ),
    ):
        gauge = GaugeMetricFamily(name, text)
        if value is not None:
            gauge.add_metric([], value)
        yield gauge


def _shown(label: str) -> str:
    """A label without what a terminal obeys; the format has an escape of its own for line breaks."""
    return "\n".join(map(printable, label.split("\n")))


def _of_reloads(counts: Mapping[ReloadResult, int], succeeded_at: float) -> Iterator[Metric]:
    reloads = CounterMetricFamily("imbot_reloads", "Reloads by outcome.", labels=["outcome"])
    for word in _WORDS:
        reloads.add_metric([word], counts.get(word, 0))
    yield reloads
    yield GaugeMetricFamily(
        "imbot_last_successful_reload_timestamp_seconds",
        "When a reload last accepted everything; 0: never.",
        value=succeeded_at,
    )


def _of_bots(rows: Sequence[BotStatus]) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "imbot_rejected_bots",
        "Bot files that are not followed because of their problems: alert when not 0.",
        value=sum(row.rejected is not None for row in rows),
    )
    yield GaugeMetricFamily(
        "imbot_held_bots",
        "Bots that keep running though their files are gone: alert when not 0.",
        value=sum(row.held_since is not None for row in rows),
    )
    yield GaugeMetricFamily(
        "imbot_pending_bots",
        "Bots with a valid change that waits for the platform.",
        value=sum(row.pending is not None for row in rows),
    )
    failing = GaugeMetricFamily(
        "imbot_bot_failing", "1 while a bot's agent fails in every answer: alert when 1.", labels=["bot"]
    )
    for row in rows:
        if row.generation and row.state != "draining":
            failing.add_metric([row.name], row.failing is not None)
    yield failing
    states = Counter(row.state for row in rows if row.fingerprint)
    links = GaugeMetricFamily("imbot_connections", "Connections of running bots by state.", labels=["state"])
    for state in _STATES:
        links.add_metric([state], states[state])
    yield links
    running = GaugeMetricFamily(
        "imbot_turns_running", "Answers under way, waiting ones included.", labels=["bot"]
    )
    for name, turns in _running(rows).items():
        running.add_metric([name], turns)
    yield running


def _running(rows: Iterable[BotStatus]) -> Counter[str]:
    """Turns by bot: a draining bot may have the same name as a running one."""
    turns: Counter[str] = Counter()
    for row in rows:
        if row.fingerprint:
            turns[row.name] += row.turns_running
    return turns


def _of_turns(counters: Counters) -> Iterator[Metric]:
    yield _counter("imbot_turns", "Answers by the phase they ended in.", counters.turns, "bot", "phase")
    yield _counter(
        "imbot_turned_away",
        "Questions that never reached the agent, by reason.",
        counters.turned_away,
        "bot",
        "why",
    )
    yield _counter(
        "imbot_card_calls",
        "Calls that show an answer, by result; a transient failure is tried again.",
        counters.card_calls,
        "call",
        "result",
    )
    yield _counter(
        "imbot_agent_tokens", "Tokens that agents reported, by kind.", counters.tokens, "bot", "kind"
    )
    yield _counter("imbot_agent_errors", "Turns whose agent failed.", _single(counters.agent_errors), "bot")
    yield _histogram(
        "imbot_first_card_seconds",
        "Time from the beginning of an answer until its card is shown.",
        counters.first_card,
    )


def _of_calls(accounting: CallAccounting, rows: Iterable[BotStatus]) -> Iterator[Metric]:
    yield _counter(
        "imbot_calls", "Calls that the platform counts, of this process.", _single(accounting.total), "bot"
    )
    used = GaugeMetricFamily(
        "imbot_month_calls",
        "Calls of this month that the store knows of, of all bots of an organisation.",
        labels=["organisation"],
    )
    for organisation, count in accounting.used.items():
        used.add_metric([organisation], count)
    yield used
    left = GaugeMetricFamily(
        "imbot_month_calls_left", "What is left of `quota.monthly`: alert when low.", labels=["organisation"]
    )
    for organisation, count in _left(rows).items():
        left.add_metric([organisation], count)
    yield left


def _left(rows: Iterable[BotStatus]) -> Mapping[str, int]:
    """Calls left by organisation, by the lowest ``quota.monthly`` of its bots."""
    left: dict[str, int] = {}
    for row in rows:
        if (month := row.month) and month.limit is not None:
            here = max(0, month.limit - month.used)
            left[month.organisation] = min(here, left.get(month.organisation, here))
    return left


def _single(counts: Mapping[str, int]) -> Mapping[tuple[str, ...], int]:
    """Counts by one label, in the form that ``_counter`` takes."""
    return {(label,): count for label, count in counts.items()}


def _counter(name: str, text: str, counts: Mapping[Any, int], *labels: str) -> Metric:
    metric = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts.items():
        metric.add_metric(values, count)
    return metric


def _histogram(name: str, text: str, durations: Durations) -> Metric:
    total, buckets = 0, []
    bounds = [*map(str, durations.bounds_s), "+Inf"]
    for bound, count in zip(bounds, durations.counts, strict=True):
        total += count
        buckets.append((bound, total))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=durations.sum_s)
