"""The runtime: starts store, loader, supervisor and reloader, and stops them in reverse order.

``run`` and ``dev`` keep ``running`` open until the first signal; leaving it stops everything.
"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from imbot.bot.recovery import OrphanFinder, beat, keep_beating
from imbot.config.loader import FolderMissingError, Loader, LoadResult, bot_files
from imbot.descriptors import ensure_room, raise_limit
from imbot.errors import StoreError
from imbot.log import redactor
from imbot.ops.address import AdminSettings
from imbot.ops.monitor import Monitor
from imbot.platforms import calendars
from imbot.problems import counted
from imbot.reload.last_good import LastGood
from imbot.reload.plan import Step
from imbot.reload.reloader import Reloader, StoppingError
from imbot.reload.report import ReloadReport
from imbot.reload.startup import OnBroken, Startup
from imbot.reload.supervisor import Supervisor
from imbot.reload.watch import SETTLE, Settle
from imbot.spec import secrets_of
from imbot.stores import Store, open_store
from imbot.tasks import chores
from imbot.usage.monthly import MonthlyUsage

log = logging.getLogger(__name__)

STORE_PATIENCE_S = 0.3  # answers wait for the store; what it cannot take so soon is recorded later
CLEAN_EVERY_S = 6 * 3600.0


@asynccontextmanager
async def running(
    folder: Path,
    *,
    store_url: str,
    endpoint: str | None = None,
    invent: bool = False,
    grace_s: float = 25.0,
    retention_s: float = 90 * 86400.0,
    announce: Callable[[LoadResult], None] = lambda _: None,
    reported: Callable[[ReloadReport], None] = lambda _: None,
    admin: AdminSettings | None = None,
    wish: asyncio.Event | None = None,
    settle: Settle = SETTLE,
    on_broken: OnBroken = "last-good",
    sockets_each: int = 1,
) -> AsyncIterator[tuple[Supervisor, list[Step]]]:
    """Run every bot of a folder, and apply changes of its files, while the block lasts.

    - ``endpoint`` replaces the platform's address, ``invent`` makes up missing credentials.
    - ``grace_s``: how long running answers may take at the end. ``retention_s``: how long chats are kept.
    - ``announce`` is called with every load before it is applied, ``reported`` with the report of every reload.
    - ``admin``: where to serve the admin endpoint; None: not at all.
    - ``wish``: setting it causes a reload.
    - ``sockets_each``: how many connections a bot takes of this process's file descriptors.
    - ``settle``: when a changed file counts. ``on_broken``: what to do at the start with a broken file.

    Yields the supervisor and the steps of the first reload. If there is no folder, it is waited for. Raises
    StoreError, ResourceError if the bots do not fit into the limit of file descriptors, and ConfigError if the
    folder or the ``.env`` beside it cannot be read, or if a file is broken and ``on_broken`` is "fail".
    """
    loader = Loader(folder, invent=invent)
    raise_limit()
    await asyncio.to_thread(_readable, folder, loader, sockets_each)
    store = await open_store(store_url, STORE_PATIENCE_S)
    supervisor = Supervisor(store, endpoint, grace_s)

    last_good = LastGood(folder, store, supervisor)

    hidden: set[str] = set()  # fingerprints of specs whose secrets the log knows already

    def meant(result: LoadResult) -> None:
        nonlocal hidden
        new = (spec for spec in result.specs if spec.fingerprint not in hidden)
        redactor.hide(secret for spec in new for secret in secrets_of(spec))
        hidden = {spec.fingerprint for spec in result.specs}
        announce(result)

    def heard(result: LoadResult) -> None:
        meant(result)
        last_good.note(result)

    reloader = Reloader(folder, loader, supervisor, heard, settle, reported)
    monthly_usage = MonthlyUsage(store, supervisor.counters.accounting, calendars(), supervisor.monthly)
    monitor = Monitor(store)
    failed = supervisor.counters.count_chore_failure
    orphan_finder = OrphanFinder(store, supervisor.bots)
    try:
        # The admin endpoint is outermost, so that it also answers while bots start and stop.
        async with (
            chores(
                failed,
                lease=partial(keep_beating, store),
                monthly_usage=monthly_usage.run,
                monitor=monitor.run,
            ),
            _admin(admin, folder, supervisor, reloader, monitor),
        ):
            try:
                await beat(store)
                await monthly_usage.save()
                await Startup(folder, last_good, loader, supervisor, meant).start(on_broken)
                report = await reloader.reload()
                async with chores(
                    failed,
                    reload=reloader.run,
                    orphan_finder=orphan_finder.run,
                    last_good=last_good.run,
                    retention=partial(_clean, store, retention_s),
                    wish=partial(_on_wish, reloader, wish or asyncio.Event()),
                ):
                    yield supervisor, list(report.steps)
            finally:
                await reloader.stop()
                await last_good.flush()
                await supervisor.stop()
    finally:
        await monthly_usage.save()
        await store.close()


def _admin(
    settings: AdminSettings | None,
    folder: Path,
    supervisor: Supervisor,
    reloader: Reloader,
    monitor: Monitor,
) -> AbstractAsyncContextManager[None]:
    if settings is None:
        return nullcontext()
    from imbot.ops.admin import serving

    return serving(settings, folder, supervisor, reloader, monitor)


def first_signal() -> asyncio.Future[signal.Signals]:
    """A future for the first SIGINT or SIGTERM from now on. The next one kills the process."""
    loop = asyncio.get_running_loop()
    got: asyncio.Future[signal.Signals] = loop.create_future()

    def heard(number: signal.Signals) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
            # Python's own handler would unwind, and wait for whatever hangs
            signal.signal(each, signal.SIG_DFL)
        got.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard, number)
    return got


def _readable(folder: Path, loader: Loader, sockets_each: int) -> None:
    """Raises ConfigError if the folder or ``.env`` cannot be read, ResourceError if there is no room for the bots.

    A reload survives that; a start has nothing to run.
    """
    with suppress(FolderMissingError):
        ensure_room(len(bot_files(folder)), sockets_each)
    loader.load(only=())


@contextmanager
def hangups() -> Iterator[asyncio.Event]:
    """An event that is set at each SIGHUP while the block lasts.

    SIGHUP also comes when the terminal is closed; then it counts as SIGTERM.
    """
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    terminal = os.isatty(0)

    def hung_up() -> None:
        if terminal and not os.isatty(0):
            signal.raise_signal(signal.SIGTERM)
        else:
            heard.set()

    loop.add_signal_handler(signal.SIGHUP, hung_up)
    try:
        yield heard
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def _on_wish(reloader: Reloader, wish: asyncio.Event) -> None:
    """Reload each time ``wish`` is set, until cancelled."""
    while True:
        await wish.wait()
        wish.clear()
        try:
            log.info("reload requested: %s", await reloader.reload())
        except StoppingError:
            return


async def _clean(store: Store, retention_s: float) -> None:
    """Remove chats older than ``retention_s``, now and every few hours."""
    while True:
        try:
            if gone := await store.expire(time.time() - retention_s):
                log.info("%s older than %g days removed", counted(gone, "turn"), retention_s / 86400)
        except StoreError as error:
            log.warning("old turns could not be removed: %s", error)
        await asyncio.sleep(CLEAN_EVERY_S)
