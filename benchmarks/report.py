"""From figures to a page: medians and spreads over the rounds, ratios and goals first."""

import os
import platform
import re
import sqlite3
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from procs import known_keys

ROWS = {
    "one user": ("ack_p50 ack_p95 ack_p99 first_p50 first_p95 first_p99 end_p50 end_p95 calls cpu_turn "
                 "turns_core peak loop_p99 lost doubled"),
    "crowd": ("rate ack_p50 ack_p95 ack_p99 first_p50 first_p95 first_p99 end_p50 end_p95 stale_mean "
              "stale_p95 calls cpu_turn turns_core peak loop_p99 lost doubled"),
    "burst": ("rate ack_p50 ack_p95 ack_p99 first_p50 first_p95 first_p99 calls cpu_turn turns_core peak "
              "loop_p99 platform_s lost doubled"),
    "long": "stale_mean stale_p95 freeze end_p50 calls lost doubled",
    "idle bots": ("start start_cpu memory_bot asked_memory ack_p50 ack_p99 first_p50 first_p99 cpu_turn "
                  "lost doubled"),
    "quota": "refused stale_mean stale_p95 rate first_p50 first_p99 end_p50 calls cpu_turn lost doubled",
    "reload under load": "reloads rate ack_p50 ack_p99 first_p50 first_p99 loop_p99 cpu_turn lost doubled",
    "reload of one": "quiet touched edited beyond above_quiet reloads",
}  # fmt: skip
LABELS = {
    "ack_p50": "ack p50, ms", "ack_p95": "ack p95, ms", "ack_p99": "ack p99, ms",
    "first_p50": "first card p50, ms", "first_p95": "first card p95, ms", "first_p99": "first card p99, ms",
    "end_p50": "complete after the last chunk p50, ms", "end_p95": "... p95, ms",
    "stale_mean": "staleness, mean, s", "stale_p95": "staleness p95, s",
    "calls": "calls per reply", "refused": "calls refused",
    "cpu_turn": "CPU per turn, ms", "turns_core": "turns per second per core", "peak": "peak memory, MB",
    "loop_p99": "event-loop delay p99, ms", "rate": "answers completed per second",
    "platform_s": "CPU of the platform meanwhile, s",
    "freeze": "longest standstill after 5 s, share of the time elapsed",
    "start": "start-up, s", "start_cpu": "CPU of the start-up, s",
    "memory_bot": "memory per added bot, KB", "asked_memory": "memory after a message each, MB",
    "lost": "answers lost or still waited for", "doubled": "answers or acks doubled or mixed up",
    "quiet": "CPU of 5 quiet s, ms", "touched": "... with one file touched, ms",
    "edited": "... with one file edited, ms", "beyond": "edited beyond touched, ms",
    "above_quiet": "edited beyond quiet, ms",
    "reloads": "reloads that took effect",
}  # fmt: skip


def shown(value):
    """A number with three figures that matter."""
    if value is None:
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    if float(value).is_integer() and abs(value) < 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values):
    """Median, and in brackets the least and the most where there are several."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    if len(values) == 1 or min(values) == max(values):
        return shown(median(values))
    return f"{shown(median(values))} ({shown(min(values))}–{shown(max(values))})"


def table(name, rounds):
    """One scenario: a row a figure, a column a system."""
    systems = list(rounds[0])  # some are measured in the first round alone
    lines = [f"| | {' | '.join(systems)} |", "|---|" + "---:|" * len(systems)]
    for key in ROWS["long" if name.startswith("long") else name].split():
        cells = (spread([each[system].get(key) for each in rounds if system in each]) for system in systems)
        lines.append(f"| {LABELS[key]} | {' | '.join(cells)} |")
    return "\n".join(lines)


QUOTA_SET = "Outside the quota scenario imbot's `quota.qps` is set out of the way."
QUOTA_FIXED = (
    "**This version's bot file has no `quota` key: imbot keeps to 20 calls a second in every scenario**, so its "
    "crowd and burst show that limit and cannot be compared."
)
MEDIANS = "Figures are medians over {} round(s), in brackets the least and the most."


@dataclass(frozen=True)
class Goal:
    """Something promised: the figure of each round, and the most (or least) it should be."""

    name: str
    values: list
    limit: float
    at_least: bool = False

    def row(self):
        values = [value for value in self.values if value is not None]
        if not values:
            return f"| {self.name} | – | | – |"
        met = self.met(values)
        word = "at least" if self.at_least else "at most"
        limit = shown(self.limit) if self.limit else "0"
        return f"| {self.name} | {spread(values)} | {word} {limit} | {'yes' if met else '**no**'} |"

    def met(self, values):
        """By the median; but what must never happen has to hold in the worst round too."""
        if not self.limit:
            return max(values) == 0
        return median(values) >= self.limit if self.at_least else median(values) <= self.limit


def ratios(rounds, key, system, other):
    return [ratio(each[system].get(key), each[other].get(key)) for each in rounds]


def ratio(ours, theirs):
    return ours / theirs if ours is not None and theirs else None


def plain(rounds, key, system="imbot"):
    return [each[system].get(key) for each in rounds]


def goals(found, check):
    """Every goal that this run has figures for."""
    return [*(goal for name, rounds in found.items() for goal in goals_of(name, rounds)), *check_goals(check)]


def check_goals(check):
    """From what ``check.py`` prints: a row for each kind of folder, with a ratio at its end."""
    for kind, times in re.findall(r"^  (\S.*?)  .* ([\d.]+) times theirs$", check, re.MULTILINE):
        yield Goal(
            f"check: speed per file over check-jsonschema's, {kind}", [1 / float(times)], 3, at_least=True
        )


def goals_of(name, rounds):
    match name:
        case "one user":
            for p in ("p50", "p99"):
                values = ratios(rounds, f"first_{p}", "imbot", "floor")
                yield Goal(f"one user: first card {p}, over the floor's", values, 1.3)
        case "crowd":
            for p in ("p50", "p99"):
                values = ratios(rounds, f"first_{p}", "imbot", "floor")
                yield Goal(f"crowd: first card {p}, over the floor's", values, 1.5)
            yield Goal(
                "crowd: completion rate, over the floor's",
                ratios(rounds, "rate", "imbot", "floor"),
                0.9,
                True,
            )
            yield Goal(
                "crowd: CPU per turn, over the floor's", ratios(rounds, "cpu_turn", "imbot", "floor"), 2
            )
            yield Goal("crowd: CPU per turn, over the SDK's", ratios(rounds, "cpu_turn", "imbot", "sdk"), 1)
        case "burst":
            yield Goal(
                "burst: turns per second, over the floor's",
                ratios(rounds, "rate", "imbot", "floor"),
                0.6,
                True,
            )
            yield Goal(
                "burst: turns per second, over the SDK's", ratios(rounds, "rate", "imbot", "sdk"), 1, True
            )
        case "idle bots":
            yield Goal(
                "idle bots: memory per added bot, over the floor's",
                ratios(rounds, "memory_bot", "imbot", "floor"),
                1.5,
            )
            yield Goal("idle bots: start-up, over the floor's", ratios(rounds, "start", "imbot", "floor"), 3)
        case "quota":
            best = [
                ratio(
                    each["imbot"]["stale_mean"],
                    min(each[field]["stale_mean"] for field in each if field != "imbot"),
                )
                for each in rounds
            ]
            yield Goal("20 QPS: calls refused", plain(rounds, "refused"), 0)
            yield Goal("20 QPS: mean staleness, over the better field policy's", best, 0.7)
        case "reload of one":
            yield Goal("reload of one bot: CPU beyond the scan and load, ms", rounds[0]["imbot"]["pairs"], 50)
    if name.startswith("long"):
        seconds = int(name.split()[1])
        if seconds < 100:
            fresh = ratios(rounds, "stale_mean", "imbot", "threads")
            yield Goal(f"{name}: mean staleness, over the fixed rule's", fresh, 1 / 6)
            yield Goal(
                f"{name}: calls, over the fixed rule's", ratios(rounds, "calls", "imbot", "threads"), 1
            )
        else:
            shares = [value / seconds for value in plain(rounds, "stale_mean")]
            yield Goal(f"{name}: mean staleness, share of the answer's length", shares, 1 / 12)
            frozen = plain(rounds, "freeze")
            yield Goal(f"{name}: longest standstill, share of the time elapsed", frozen, 0.25)
    if name != "reload of one":
        lost = [each["imbot"]["lost"] + each["imbot"]["doubled"] for each in rounds]
        yield Goal(f"{name}: lost or doubled", lost, 0)


def machine():
    """What it ran on, in one line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def versions():
    """The versions that matter, in one line."""
    names = ("imbot", "aiohttp", "websockets", "dingtalk-stream", "requests", "jsonschema")
    found = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Python {platform.python_version()}, {found}, SQLite {sqlite3.sqlite_version}"


def page(found, notes, check, took_s):
    """The whole of RESULTS.md."""
    summary = "\n".join(goal.row() for goal in goals(found, check))
    parts = [
        "# Measured\n",
        "Written by `make bench`; do not edit. Absolute times belong to the machine; look at the ratios.\n",
        f"- Machine: {machine()}",
        f"- Versions: {versions()}",
        f"- Took {took_s / 60:.1f} minutes. {MEDIANS.format(len(found['crowd']))}",
        f"- {QUOTA_SET if 'quota' in known_keys() else QUOTA_FIXED}\n",
        "| goal | figure | wanted | met |\n|---|---:|---:|---|",
        summary,
        "\n![Staleness over time](staleness.svg)\n\n![Start-up over bots](start_up.svg)\n",
    ]
    for name, rounds in found.items():
        parts.append(f"## {name[0].upper()}{name[1:]}\n\n{notes[name.split()[0]]}\n\n{table(name, rounds)}\n")
    parts.append(f"## Check\n\n{notes['check']}\n\n```\n{check.strip()}\n```\n")
    parts.append(notes["method"])
    return "\n".join(parts) + "\n"
