"""From figures to a page: goals and ratios first, then a table of medians and spreads for each scenario."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from statistics import median

from goals import GOALS

from imbot import __version__

ROWS = {
    "one user": ("ack_p50 ack_p95 ack_p99 first_p50 first_p95 first_p99 end_p50 end_p95 calls cpu_turn "
                 "turns_core peak loop_p99 lost doubled"),
    "crowd": ("rate ack_p50 ack_p95 ack_p99 first_p50 first_p95 first_p99 end_p50 end_p95 stale_mean "
              "stale_p95 calls cpu_turn turns_core peak loop_p99 lost doubled"),
    "burst": ("rate ack_p50 ack_p95 ack_p99 first_p50 first_p95 first_p99 calls cpu_turn turns_core peak "
              "loop_p99 platform_s lost doubled"),
    "long": "stale_mean stale_p95 freeze end_p50 calls lost doubled",
    "quota: crowd": "refused turns lost rate stale_mean stale_p95 first_p50 first_p99 end_p50 end_p95 calls cpu_turn doubled",
    "quota: stream": "refused turns lost stale_mean stale_p95 first_p50 first_p99 end_p50 end_p95 calls cpu_turn doubled",
    "idle bots": ("start start_cpu idle_cpu memory_bot asked_memory ack_p50 ack_p99 first_p50 first_p99 cpu_turn "
                  "lost doubled"),
    "reload under load": "reloads rate ack_p50 ack_p99 first_p50 first_p99 loop_p99 cpu_turn lost doubled",
    "reload of one": "live live_most turns first_p99 lost doubled other touched edited beyond reloads",
    "check": "files wall work",
    "check: start-up": "wall work",
}  # fmt: skip
LABELS = {
    "ack_p50": "ack p50, ms", "ack_p95": "ack p95, ms", "ack_p99": "ack p99, ms",
    "first_p50": "first card p50, ms", "first_p95": "first card p95, ms", "first_p99": "first card p99, ms",
    "end_p50": "complete after the last chunk p50, ms", "end_p95": "... p95, ms",
    "stale_mean": "staleness, mean, s", "stale_p95": "staleness p95, s",
    "calls": "calls per reply", "refused": "calls refused", "turns": "answers completed",
    "cpu_turn": "CPU per turn, ms", "turns_core": "turns per second per core", "peak": "peak memory, MB",
    "loop_p99": "event-loop delay p99, ms", "rate": "answers completed per second",
    "platform_s": "CPU of the platform meanwhile, s",
    "freeze": "longest standstill after 5 s, share of the time elapsed",
    "start": "start-up, s", "start_cpu": "CPU of the start-up, s",
    "memory_bot": "memory per added bot, KB", "asked_memory": "memory after a message each, MB",
    "lost": "answers lost or still waited for", "doubled": "answers or acks doubled or mixed up",
    "live": "from the write until live, beyond the time to settle, s", "live_most": "... at most, s",
    "idle_cpu": "CPU of a second in which nothing happens, ms",
    "other": "CPU of a while in which a file of no bot changes, ms",
    "touched": "... one of a bot is written anew as it was, ms", "edited": "... one of a bot is edited, ms",
    "beyond": "an edit beyond the scan, ms", "reloads": "reloads that took effect",
    "files": "files", "wall": "wall clock, s", "work": "CPU, s",
}  # fmt: skip
ORDER = list(ROWS)
MEDIANS = "Figures are medians over {} round(s), in brackets the least and the most."


def kind_of(scenario):
    """Whose rows and notes a scenario has: those of the longest name that begins its own."""
    return max((kind for kind in ROWS if scenario.startswith(kind)), key=len)


def shown(value):
    """A number with three figures that matter."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if float(value).is_integer():
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values):
    """Median, and in brackets the least and the most where there are several."""
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    if min(values) == max(values):
        return shown(values[0])
    return f"{shown(median(values))} ({shown(min(values))}–{shown(max(values))})"


def table(name, rounds):
    """One scenario: a row a figure, a column a system."""
    systems = list(dict.fromkeys(system for each in rounds for system in each))
    lines = [f"| | {' | '.join(systems)} |", "|---|" + "---:|" * len(systems)]
    for key in ROWS[kind_of(name)].split():
        cells = (spread([each[system].get(key) for each in rounds if system in each]) for system in systems)
        lines.append(f"| {LABELS[key]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def goal_row(goal, found):
    """A goal, its figure, what was wanted, and whether that is so."""
    name = f"{goal.scenario}: {goal.name}"
    values = goal.values(found)
    wanted = f"{'at least' if goal.at_least else 'at most'} {shown(goal.limit)}"
    if not values:
        return f"| {name} | not measured | {wanted} | – |"
    return f"| {name} | {spread(values)} | {wanted} | {'yes' if goal.met(values) else '**no**'} |"


def goal_table(found, names):
    """The goals of these scenarios."""
    rows = [goal_row(goal, found) for goal in GOALS if goal.scenario in names]
    return "\n".join(["| goal | figure | wanted | met |\n|---|---:|---:|---|", *rows])


def unmet(found, reasons):
    """For each goal that is not met: what limits it and what was tried."""
    for goal in GOALS:
        values = goal.values(found)
        if values and not goal.met(values):
            why = reasons.get((goal.scenario, goal.name), "Not explained yet.")
            yield f"- **{goal.scenario}: {goal.name}**, {spread(values)}. {why}"


def machine():
    """What it runs on, in one line."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def versions():
    """The versions that matter, in one line."""
    names = (
        "aiohttp",
        "websockets",
        "dingtalk-stream",
        "requests",
        "jsonschema",
        "check-jsonschema",
    )
    found = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"Python {platform.python_version()}, imbot {__version__}, {found}, SQLite {sqlite3.sqlite_version}"
    )


def sections(results, notes):
    """For each scenario how it is measured, its table, and the goals it has."""
    names = sorted(results.found, key=lambda name: ORDER.index(kind_of(name)))
    before = ""
    for name in names:
        note = notes[kind_of(name)]
        yield f"## {name[0].upper()}{name[1:]}\n"
        if note != before:
            yield f"{note}\n"
        yield f"{table(name, results.found[name])}\n"
        before = note


def failures(results):
    """A line for each scenario that has no figures, or fewer than it should."""
    return [f"**{name} failed: {why}**\n" for name, why in results.failed.items()]


def tables(results, notes):
    """What was measured and its goals (which are about the full sizes), without the rest of the page."""
    return "\n".join(
        [*sections(results, notes), *failures(results), goal_table(results.found, results.found)]
    )


def page(results, notes, reasons, method):
    """The whole of RESULTS.md."""
    rounds = max(map(len, results.found.values()), default=0)
    parts = [
        "# Measured\n",
        "Written by `make bench`; do not edit. Absolute times belong to the machine; look at the ratios.\n",
        f"- Machine: {results.machine}",
        f"- Versions: {results.versions}",
        f"- Took {results.took_s / 60:.1f} minutes. {MEDIANS.format(rounds)}\n",
        *failures(results),
        goal_table(results.found, {goal.scenario for goal in GOALS}),
    ]
    if reasons_given := list(unmet(results.found, reasons)):
        parts += ["\nWhere a goal is not met, what limits it and what was tried:\n", *reasons_given]
    parts.append("\n![Staleness over time, by pace](staleness.svg)\n\n![Start-up over bots](start_up.svg)\n")
    return "\n".join([*parts, *sections(results, notes), method.strip()]) + "\n"
