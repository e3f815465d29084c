"""``imbot dev``: the simulator, the bots and a chat page in one process, without credentials."""

import logging
from collections import Counter, deque
from pathlib import Path

import click

from imbot import log
from imbot.cli.admin import serve_option, settings
from imbot.cli.common import (
    bots_folder,
    echo_for_people,
    relative_path,
    run_async,
    settle_options,
    state_file,
    store_at,
    store_option,
)
from imbot.cli.steps import Explained, Json, once
from imbot.config.loader import LoadResult
from imbot.ops.address import AdminAddress
from imbot.platforms import DEFAULT_TYPE, Simulator, open_simulator
from imbot.problems import counted, only_unset
from imbot.problems.records import problem_json
from imbot.reload.plan import Step
from imbot.reload.report import ReloadReport
from imbot.text.sanitize import printable

DEV_PORT = 8700
GRACE_S = 1.0
_MARKS = {"running": ("●", "green"), "waiting": ("○", "yellow"), "rejected": ("✗", "red")}  # in this order


@click.command("dev")
@bots_folder
@store_option("dev.db")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port of the chat page.  [default: {DEV_PORT}, or a free one]",
)
@settle_options
@serve_option("127.0.0.1:0", "a free port")
def command(
    bots: Path,
    store_url: str | None,
    port: int | None,
    settle_s: float,
    settle_at_most_s: float,
    admin: AdminAddress | None,
) -> None:
    """Try the bots in the folder BOTS in a chat page, and apply edits of their files.

    Connects to a simulator, never to the real platform. Credentials that are not set are made up.
    """
    log.set_up(formatter=Explained())
    endpoint = settings(admin, bots, dev=True)
    # Until the greeting, which lists all bots, the log would only repeat it.
    logging.getLogger("imbot").setLevel(logging.CRITICAL)

    async def main() -> int:
        from imbot.cli.chat_page import ChatPage
        from imbot.reload.watch import Settle
        from imbot.runtime import first_signal, running
        from imbot.tasks import chores

        ended = first_signal()
        reports: deque[ReloadReport] = deque(maxlen=1)
        simulator = open_simulator(DEFAULT_TYPE)
        await _listen(simulator, port)
        try:
            async with running(
                bots,
                store_url=store_url or store_at(state_file(bots, "dev.db")),
                endpoint=simulator.url,
                invent=True,
                sockets_each=2,  # both ends of each connection are here
                grace_s=GRACE_S,
                announce=lambda result: _register(simulator, result),
                reported=reports.append,
                admin=endpoint,
                settle=Settle(settle_s, settle_at_most_s),
                on_broken="skip",  # while editing, an older version that answers would hide the mistake
            ) as (supervisor, steps):
                page = ChatPage(simulator, supervisor, lambda: reports[-1].problems)
                page.update()
                echo_for_people(_greeting(simulator.page_url, bots, steps))
                logging.getLogger("imbot").setLevel(logging.INFO)
                async with chores(supervisor.counters.count_chore_failure, chat_page=page.run):
                    await ended
                click.echo("\nStopping.")
        finally:
            await simulator.stop()
        return 0

    run_async(main)


async def _listen(simulator: Simulator, port: int | None) -> None:
    try:
        await simulator.start(port=DEV_PORT if port is None else port)
    except OSError:
        if port is not None:
            raise click.ClickException(f"port {port} is in use; leave --port out to get a free one") from None
        await simulator.start(port=0)


def _register(simulator: Simulator, result: LoadResult) -> None:
    """Give the simulator's apps the titles of their bots."""
    for spec in result.specs:
        simulator.add_app(spec.identity, spec.credentials["client_secret"].reveal(), spec.title)


def _greeting(url: str, bots: Path, steps: list[Step]) -> str:
    """All bots with what is wrong with them, then the address: it stays on the screen below many bots."""
    lines = [""]
    for state, (mark, colour) in _MARKS.items():
        seen: list[Json] = []
        for step in steps:
            if _state(step) == state:
                name = printable(step.spec.title if step.spec else step.name)
                lines.append(f"  {click.style(mark, fg=colour)} {name}  {_about(step, state)}")
                if state == "rejected":
                    lines += once(list(map(problem_json, step.problems)), seen, "      ")
    if steps:
        counts = Counter(map(_state, steps))
        states = ", ".join(f"{counts[state]} {state}" for state in _MARKS if counts[state])
        lines += ["", f"  {counted(len(steps), 'bot')}: {states}"]
    else:
        lines.append(f"  {_nothing(bots)} Put a bot file there and it starts; `imbot init` writes one.")
    lines += ["", f"  Chat with your bots:  {click.style(url, bold=True)}"]
    lines += ["  Edit a file and its bot follows. Press Ctrl-C to stop.", ""]
    return "\n".join(lines)


def _nothing(bots: Path) -> str:
    return f"No bot files in {bots} yet." if bots.is_dir() else f"There is no folder {bots} yet."


def _state(step: Step) -> str:
    if step.spec is not None:
        return "running"
    return "waiting" if only_unset(step.problems) else "rejected"


def _about(step: Step, state: str) -> str:
    if state == "waiting":
        return "waits: " + "; ".join(
            f"{printable(p.message)} ({printable(p.path)}:{p.line})" for p in step.problems
        )
    path = printable(relative_path(Path(step.path)))
    if state == "running":
        return path
    named = step.name != step.path  # otherwise its path is all that is known
    return click.style(state, fg="red") + (f"  {path}" if named else "")
