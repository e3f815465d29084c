"""The gateways of the process, one per app, each with the task that keeps it connected."""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from imbot.bot import Bot
from imbot.errors import TransientError
from imbot.pacing import Backoff
from imbot.platforms import Gateway, open_gateway
from imbot.spec import BotSpec

log = logging.getLogger(__name__)

READY_S = 10.0  # how long a replacement may take to connect before the old one stays

LinkKey = tuple[str, str]  # platform type and identity


def key_of(spec: BotSpec) -> LinkKey:
    """Which app a bot file speaks for."""
    return (spec.type, spec.identity)


@dataclass(frozen=True, slots=True)
class _Link:
    gateway: Gateway
    task: asyncio.Task[None]


class Links:
    """Owns gateways from opening to closing. Opening is cheap and touches no other link."""

    def __init__(self, endpoint: str | None, grace_s: float) -> None:
        self._endpoint = endpoint
        self._grace_s = grace_s
        self._links: dict[LinkKey, _Link] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def gateway(self, key: LinkKey) -> Gateway:
        """The gateway of an app that was opened."""
        return self._links[key].gateway

    def open(self, spec: BotSpec) -> Gateway:
        """The gateway of a bot's app; it begins to connect where it is new."""
        key = key_of(spec)
        if key not in self._links:
            gateway = open_gateway(spec.type, spec.credentials, self._endpoint)
            self._links[key] = _Link(
                gateway, asyncio.create_task(_run(gateway, key[1]), name=f"gateway {key[1]}")
            )
        return self.gateway(key)

    async def ready(self, spec: BotSpec) -> None:
        """Return when a bot's app is connected. Raises TransientError with the reason it is not."""
        gateway = self.open(spec)
        try:
            async with asyncio.timeout(READY_S):
                await gateway.ready()
        except TimeoutError:
            reason = gateway.status.error or f"no connection within {READY_S:g} s"
            raise TransientError(reason) from None

    def deliver(self, holders: Mapping[LinkKey, Bot], users: Iterable[Bot]) -> None:
        """Each gateway delivers to the bot that holds it; one that nobody holds is let go.

        ``users`` are bots whose running turns may still need a gateway that is let go.
        """
        bots = list(users)
        for key, link in list(self._links.items()):
            link.gateway.attach(holders.get(key))
            if key not in holders:
                del self._links[key]
                self._leave(self._let_go(link, bots))

    async def disconnect(self) -> None:
        """Close every connection; cards can still be updated."""
        for link in self._links.values():
            link.gateway.attach(None)
        await _ended([link.task for link in self._links.values()])

    async def close(self) -> None:
        """Release every gateway."""
        await asyncio.gather(*self._leaving)
        await asyncio.gather(*(link.gateway.close() for link in self._links.values()))
        self._links.clear()

    async def _let_go(self, link: _Link, bots: list[Bot]) -> None:
        await _ended([link.task])
        await asyncio.gather(*(bot.left(link.gateway, self._grace_s) for bot in bots))
        await link.gateway.close()

    def _leave(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _run(gateway: Gateway, identity: str) -> None:
    """Run a gateway until cancelled: a defect must not leave its bot unreachable for good."""
    backoff = Backoff()
    while True:
        try:
            await gateway.run()
        except Exception:
            log.exception("%s: its connection failed and is made anew", identity)
        await asyncio.sleep(backoff.next())


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
