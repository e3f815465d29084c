"""``python benchmarks``: how fast imbot is beside what people would use instead.

Without options everything is measured and written beside this file: ``results.json`` (every figure, after
each scenario), ``RESULTS.md`` and two plots. ``--quick`` measures a small version in a minute and prints the
page. ``--only NAME`` runs the scenarios whose names begin so, printed; ``--page`` writes the page anew from
``results.json``, for instance after a change in ``notes.py``. A scenario that fails costs its own figures.
"""

import argparse
import asyncio
import compileall
import signal
import sys
from dataclasses import replace
from pathlib import Path

import check
import plots
import report
import scenarios
from notes import METHOD, NOTES, REASONS
from procs import HERE, ROOT, start
from results import Recorder, Results
from scenarios import FULL, PACES, QUICK, SYSTEMS

import bots

EACH_ROUND = {
    "one user": scenarios.one_user,
    "crowd": scenarios.crowd,
    "burst": scenarios.burst,
    "reload under load": bots.reload_under_load,
}
LIMITED = {"quota: crowd": scenarios.quota_crowd, "quota: stream": scenarios.quota_stream}


async def rounds(run, size, recorder):
    """What needs the machine for itself: the systems in turn, and all of it again."""
    for number in range(size.rounds):
        for name, scenario in EACH_ROUND.items():
            await recorder.take(name, lambda scenario=scenario: scenario(run, size))
        await recorder.take("idle bots", lambda number=number: bots.idle(run, size, first=number == 0))


async def meanwhile(run, size, recorder):
    """What hardly loads it, side by side with the longest answers."""
    async with asyncio.TaskGroup() as tasks:
        if size.longest_s:
            tasks.create_task(long(run, recorder, size.longest_s, SYSTEMS))
        tasks.create_task(longs(run, size, recorder))
        tasks.create_task(limited(run, size, recorder))


async def longs(run, size, recorder):
    for _ in range(size.rounds):
        await long(run, recorder, size.long_s, (*SYSTEMS, *PACES))
    for _ in range(size.rounds):
        await recorder.take("reload of one", lambda: bots.reload_one(run, size))


async def limited(run, size, recorder):
    for _ in range(size.rounds):
        for name, scenario in LIMITED.items():
            await recorder.take(name, lambda scenario=scenario: scenario(run, size))


async def long(run, recorder, answer_s, systems):
    await recorder.take(f"long {answer_s} s", lambda: scenarios.long_answers(run, answer_s, systems))


async def checks(size, recorder):
    """The command line, with nothing else under way."""
    for _ in range(size.rounds):
        for kind in check.KINDS:
            await recorder.take(
                f"check: {kind}", lambda kind=kind: asyncio.to_thread(check.of_folder, kind, size.files)
            )
        await recorder.take("check: start-up", lambda: asyncio.to_thread(check.of_starts, size.starts))


async def everything(size, recorder):
    # A run that is broken off keeps what it has.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    async with start(size.warm_up) as run:
        await rounds(run, size, recorder)
        await meanwhile(run, size, recorder)
    await checks(size, recorder)


def write(folder, results):
    """The page and its plots."""
    for name, svg in plots.all_of(results.found).items():
        (folder / name).write_text(svg)
    (folder / "RESULTS.md").write_text(report.page(results, NOTES, REASONS, METHOD))


def main():
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small version in about a minute")
    parser.add_argument("--only", metavar="NAME", default="", help="scenarios that begin so, printed")
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="how often; the longest answers once all the same"
    )
    parser.add_argument("--page", action="store_true", help="write the page again from what was measured")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write the results")
    options = parser.parse_args()
    if options.page:
        folder = options.out or HERE
        write(folder, Results.read(folder))
        return
    # As pip does with all others, and with imbot from its wheel.
    compileall.compile_dir(ROOT / "imbot", quiet=1)
    size = QUICK if options.quick else FULL
    partly = options.quick or options.only
    folder = options.out or (None if partly else HERE)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    results = Results(report.machine(), report.versions())
    recorder = Recorder(results, options.only, folder)
    try:
        asyncio.run(everything(replace(size, rounds=options.rounds or size.rounds), recorder))
    finally:
        if folder:
            write(folder, results)
        print(report.tables(results, NOTES) if partly else report.page(results, NOTES, REASONS, METHOD))
    sys.exit(bool(results.failed))


if __name__ == "__main__":
    main()
