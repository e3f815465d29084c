"""The runtime: wires store, loader, supervisor and reloader together, and takes them apart again.

One straight function from start to end; signals end it by the ladder of ``Supervisor.stop``.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from imbot.loader import Loader, LoadResult
from imbot.log import redactor
from imbot.plan import Step
from imbot.reload import Reloader
from imbot.spec import Secret
from imbot.stores import Store, open_store
from imbot.supervisor import Supervisor

log = logging.getLogger(__name__)

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
) -> AsyncIterator[tuple[Supervisor, list[Step]]]:
    """Every bot of a folder, running and following its files, while the block lasts.

    ``endpoint`` replaces the platform's address, ``invent`` makes up missing credentials, ``announce``
    hears of every load. Yields the supervisor and the first report. Raises StoreError.
    """
    store = await open_store(store_url)
    supervisor = Supervisor(store, endpoint, grace_s)

    def heard(result: LoadResult) -> None:
        redactor.hide(_secrets(result))
        announce(result)

    reloader = Reloader(folder, Loader(folder, invent=invent), supervisor, heard)
    try:
        steps = await reloader.reload()
        chores = [
            asyncio.create_task(reloader.run(), name="reload"),
            asyncio.create_task(_clean(store, retention_s), name="retention"),
        ]
        try:
            yield supervisor, steps
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
    finally:
        await supervisor.stop()
        await store.close()


async def until_signal() -> signal.Signals:
    """Return at the first SIGINT or SIGTERM; the next one ends the process the hard way."""
    loop = asyncio.get_running_loop()
    got: asyncio.Future[signal.Signals] = loop.create_future()

    def heard(number: signal.Signals) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(each)
        got.set_result(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard, number)
    return await got


async def _clean(store: Store, retention_s: float) -> None:
    """Remove chats that are older than they may be, now and a few times a day."""
    while True:
        with contextlib.suppress(Exception):
            if gone := await store.expire(time.time() - retention_s):
                log.info("%d turns older than %.0f days removed", gone, retention_s / 86400)
        await asyncio.sleep(CLEAN_EVERY_S)


def _secrets(result: LoadResult) -> Iterator[str]:
    for spec in result.specs:
        yield from _revealed(spec.credentials)
        yield from _revealed(spec.agent.settings)
        yield from _revealed(spec.card.vars)


def _revealed(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _revealed(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _revealed(part)
