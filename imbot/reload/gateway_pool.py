"""The gateways of the process, one per app, each with the task that keeps it connected."""

import asyncio
import logging
import math
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from imbot.backoff import Backoff
from imbot.bot.bot import Bot
from imbot.platforms import Gateway, Spent, open_gateway, unseen
from imbot.spec import BotSpec
from imbot.usage.rate_limit import WINDOW_S, Quota, unknown_s

log = logging.getLogger(__name__)

REMAKE_S = 2.0  # between two connections of one app, or of one bot, that edits ask for

LinkKey = tuple[str, str]  # platform type and identity


def key_of(spec: BotSpec) -> LinkKey:
    """Which app a bot file speaks for."""
    return (spec.type, spec.identity)


@dataclass(slots=True)
class _Link:
    """A gateway, the bot it delivers to, and every bot whose turns may still need it."""

    gateway: Gateway
    quota: Quota
    holder: Bot | None = None
    users: WeakSet[Bot] = field(default_factory=WeakSet)
    task: asyncio.Task[None] | None = None
    began: float = -math.inf  # of the loop's clock


class Links:
    """Owns gateways from opening to closing. Opening is cheap and touches no other link."""

    def __init__(self, endpoint: str | None, grace_s: float, spent: Spent = unseen) -> None:
        self._endpoint = endpoint
        self._spent = spent
        self._grace_s = grace_s
        self._links: dict[LinkKey, _Link] = {}
        self._quotas: WeakValueDictionary[LinkKey, Quota] = WeakValueDictionary()  # also of apps that leave
        self._leaving: set[asyncio.Task[None]] = set()
        self._reconnects = 0  # of apps that were let go
        self._spacing: set[asyncio.Task[None]] = set()
        self._gone: dict[LinkKey, asyncio.Task[None]] = {}  # done when an app may be connected again

    @property
    def reconnects(self) -> int:
        """Connections made after the first one of each app so far."""
        return self._reconnects + sum(_reconnects(link) for link in self._links.values())

    def gateway(self, key: LinkKey) -> Gateway:
        """The gateway of an app that was opened."""
        return self._links[key].gateway

    def known(self, key: LinkKey) -> bool:
        """Whether an app was opened."""
        return key in self._links

    def holder(self, key: LinkKey) -> Bot | None:
        """Which bot an app delivers to."""
        link = self._links.get(key)
        return link.holder if link else None

    def open(self, spec: BotSpec) -> Gateway:
        """The gateway of a bot's app, made where there is none; who holds none yet gets these credentials."""
        key = key_of(spec)
        if key not in self._links:
            self._links[key] = self._made(spec)
        elif self.holder(key) is None:
            self.gateway(key).use(spec.credentials, spec.quota.qps)
        return self.gateway(key)

    def connect(self, key: LinkKey) -> None:
        """Let an app that was opened be connected from now on."""
        link = self._links[key]
        if link.task is None:
            work = _run(link, key[1], self._gone.get(key))
            link.task = asyncio.create_task(work, name=f"gateway {key[1]}")

    def hand(self, key: LinkKey, bot: Bot | None) -> None:
        """Deliver an app's messages to this bot from now on; an app for nobody is let go."""
        link = self._links[key]
        link.holder = bot
        link.gateway.attach(bot)
        if bot is None:
            self._let_go(key)
        else:
            link.users.add(bot)
            self.connect(key)

    def keep(self, wanted: Collection[LinkKey]) -> None:
        """Let go of every app that no bot holds and nobody waits for."""
        unheld = [key for key, link in self._links.items() if link.holder is None]
        for key in unheld:
            if key not in wanted:
                self._let_go(key)

    async def disconnect(self) -> None:
        """Close every connection; cards can still be updated."""
        for link in self._links.values():
            link.gateway.attach(None)
        await asyncio.gather(*(_ended(link) for link in self._links.values()))

    async def close(self) -> None:
        """Release every gateway."""
        for waiting in self._spacing:
            waiting.cancel()
        await asyncio.gather(*self._spacing, return_exceptions=True)
        await asyncio.gather(*self._leaving)
        await asyncio.gather(*(link.gateway.close() for link in self._links.values()))
        self._links.clear()

    def _made(self, spec: BotSpec) -> _Link:
        quota = self._quotas.get(key_of(spec)) or Quota(spec.quota.qps, rest_s=unknown_s())
        self._quotas[key_of(spec)] = quota
        return _Link(open_gateway(spec.type, spec.credentials, self._endpoint, self._spent, quota), quota)

    def _let_go(self, key: LinkKey) -> None:
        link = self._links.pop(key)
        self._reconnects += _reconnects(link)
        ended = _owned(self._leaving, _ended(link))
        closed = _owned(self._leaving, self._closed(link, ended))
        _owned(self._spacing, _forgotten(link.quota, closed))
        gone = _owned(self._spacing, _gone(link, ended, self._gone.get(key)))
        gone.add_done_callback(lambda _: self._gone.get(key) is gone and self._gone.pop(key))
        self._gone[key] = gone

    async def _closed(self, link: _Link, ended: asyncio.Task[None]) -> None:
        await ended
        await asyncio.gather(*(bot.drained(link.gateway, self._grace_s) for bot in list(link.users)))
        await link.gateway.close()


def _owned(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    """A task that is in the set until it is done."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return task


async def _run(link: _Link, identity: str, before: asyncio.Task[None] | None) -> None:
    """Run a gateway until cancelled: a defect must not leave its bot unreachable for good."""
    await _done(before)
    link.began = _now()
    backoff = Backoff()
    while True:
        try:
            await link.gateway.run()
        except Exception:
            log.exception("%s: its connection failed and is made anew", identity)
        await asyncio.sleep(backoff.next())


async def _ended(link: _Link) -> None:
    if link.task:
        link.task.cancel()
        await asyncio.wait([link.task])


async def _gone(link: _Link, ended: asyncio.Task[None], before: asyncio.Task[None] | None) -> None:
    """Return when the app of a link that is let go may be connected again."""
    await asyncio.wait([ended])
    await _done(before)
    await asyncio.sleep(link.began + REMAKE_S - _now())


async def _forgotten(quota: Quota, closed: asyncio.Task[None]) -> None:
    """Keep the quota of an app that is let go alive while its last calls count: the app may come back."""
    await asyncio.wait([closed])
    await asyncio.sleep(WINDOW_S)
    del quota


async def _done(task: asyncio.Task[None] | None) -> None:
    if task:
        await asyncio.wait([task])


def _reconnects(link: _Link) -> int:
    return max(0, link.gateway.status.opened - 1)


def _now() -> float:
    return asyncio.get_running_loop().time()
