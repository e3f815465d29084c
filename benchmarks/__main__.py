"""``python benchmarks``: how fast imbot is beside what people would use instead.

Without options everything is measured and written to ``benchmarks/RESULTS.md`` with two plots;
``--quick`` measures a small version in a minute and prints the page. ``--only NAME`` runs one scenario.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import plots
import report
import scenarios
from notes import NOTES
from procs import HERE, start
from scenarios import FULL, QUICK

EACH_ROUND = {
    "one user": scenarios.one_user,
    "crowd": scenarios.crowd,
    "burst": scenarios.burst,
    "quota": scenarios.quota,
    "reload under load": scenarios.reload_under_load,
}


class Measured:
    """The figures so far, and what the plots need."""

    def __init__(self, only):
        self.only = only
        self.found = {}
        self.curves = {}

    def wants(self, name):
        return not self.only or name.startswith(self.only)

    def add(self, name, figures):
        self.found.setdefault(name, []).append(figures)
        print(f"{time.strftime('%H:%M:%S')} {name} done", file=sys.stderr, flush=True)


async def one_round(run, size, measured, number):
    for name, scenario in EACH_ROUND.items():
        if measured.wants(name):
            measured.add(name, await scenario(run, size))
    if measured.wants("idle bots"):
        measured.add("idle bots", await scenarios.idle_bots(run, size, first=number == 0))


async def long(run, measured, answer_s):
    if answer_s and measured.wants(name := f"long {answer_s} s"):
        figures, curves = await scenarios.long_answers(run, answer_s)
        measured.add(name, figures)
        measured.curves[answer_s] = curves


async def quiet(run, size, measured):
    """What hardly loads the machine, while the longest answers go on."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(long(run, measured, size.longest_s))
        for _ in range(size.rounds):
            await long(run, measured, size.long_s)
        if measured.wants("reload of one"):
            measured.add("reload of one", await scenarios.reload_one(run, size))


async def everything(size, only):
    measured = Measured(only)
    async with start(size.warm_up) as run:
        for number in range(size.rounds):
            await one_round(run, size, measured, number)
        await quiet(run, size, measured)
    check = await scenarios.check(size) if not only else ""
    return measured, check


def started(rounds, size):
    """Start-up over bots, by system."""
    return {name: [(count, rounds[0][name][f"start_{count}"]) for count in size.bots] for name in rounds[0]}


def write(folder, page, measured, size):
    longest = max(measured.curves)
    (folder / "staleness.svg").write_text(plots.staleness(longest, measured.curves[longest]))
    (folder / "start_up.svg").write_text(plots.start_up(started(measured.found["idle bots"], size)))
    (folder / "RESULTS.md").write_text(page)


def main():
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small version in about a minute")
    parser.add_argument("--only", metavar="NAME", help="one scenario, printed")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write RESULTS.md and the plots")
    options = parser.parse_args()
    began = time.monotonic()
    size = QUICK if options.quick else FULL
    measured, check = asyncio.run(everything(size, options.only))
    if options.only:
        for name, rounds in measured.found.items():
            print(report.table(name, rounds))
            print("\n".join(goal.row() for goal in report.goals_of(name, rounds)))
        return
    page = report.page(measured.found, NOTES, check, time.monotonic() - began)
    if folder := options.out or (None if options.quick else HERE):
        write(folder, page, measured, size)
    print(page)


if __name__ == "__main__":
    main()
