"""The gateways of the process: one for each app, with the task that keeps it connected."""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakSet

from imbot.bot.bot import Bot, delivered_ids
from imbot.platforms import open_gateway, platform_type
from imbot.platforms.gateway import Gateway, Spent
from imbot.platforms.recent_ids import RecentIds
from imbot.spec import BotSpec
from imbot.tasks import Task, TaskSet, keep_alive
from imbot.usage.accounting import CallAccounting
from imbot.usage.rate_limit import WINDOW_S, RateLimiter, unknown_s

log = logging.getLogger(__name__)

REMAKE_S = 2.0  # the least time between two connections of one app that edits cause, however often you edit

AppKey = tuple[str, str]  # platform type and identity


def app_key(spec: BotSpec) -> AppKey:
    """Which app a bot file is for."""
    return (spec.type, spec.identity)


@dataclass(slots=True)
class _Pooled:
    """A gateway, the bot it delivers to, and every bot whose running turns may still need it."""

    gateway: Gateway
    limiter: RateLimiter
    holder: Bot | None = None
    # A platform may deliver a message again after the app has gone to another bot
    delivered: RecentIds = field(default_factory=delivered_ids)
    users: WeakSet[Bot] = field(default_factory=WeakSet)
    task: Task | None = None
    began: float = -math.inf  # when it was first connected, by the loop's clock


class GatewayPool:
    """Owns the gateways from opening to closing. Opening one is cheap and touches no other."""

    def __init__(
        self, endpoint: str | None, grace_s: float, accounting: CallAccounting | None = None
    ) -> None:
        self._endpoint = endpoint
        self._accounting = accounting or CallAccounting()
        self._grace_s = grace_s
        self._pooled: dict[AppKey, _Pooled] = {}
        # An app that is closed and opened again keeps its limiter: its last calls still count at the platform
        self._limiters: dict[AppKey, RateLimiter] = {}
        # by app, how many closed gateways have calls that still count
        self._lingering: Counter[AppKey] = Counter()
        self._running = TaskSet()
        self._leaving = TaskSet()
        self._reconnects = 0  # of gateways that were closed
        self._spacing = TaskSet()
        self._gone: dict[AppKey, Task] = {}  # done when an app may be connected again

    @property
    def reconnects(self) -> int:
        """How many connections were made so far, without the first one of each app."""
        return self._reconnects + sum(_reconnects(pooled) for pooled in self._pooled.values())

    def gateway(self, key: AppKey) -> Gateway:
        """The gateway of an app that was opened."""
        return self._pooled[key].gateway

    def is_open(self, key: AppKey) -> bool:
        """Whether an app has a gateway."""
        return key in self._pooled

    def holder(self, key: AppKey) -> Bot | None:
        """The bot that an app delivers to."""
        pooled = self._pooled.get(key)
        return pooled.holder if pooled else None

    def open(self, spec: BotSpec) -> Gateway:
        """The gateway of a bot's app. A new one, or one without a bot, uses the bot's credentials."""
        key = app_key(spec)
        if key not in self._pooled:
            self._pooled[key] = self._pooled_gateway(spec)
        elif self.holder(key) is None:
            self.gateway(key).use_credentials(spec.credentials, spec.quota.qps)
        return self.gateway(key)

    def connect(self, key: AppKey) -> None:
        """Begin to connect an app that was opened, if that has not begun yet."""
        pooled = self._pooled[key]
        if pooled.task is None:
            name = f"gateway of {key[1]}"
            pooled.task = self._running.start(_run(pooled, name, self._gone.get(key)), name)

    def assign(self, key: AppKey, bot: Bot | None) -> None:
        """Deliver an app's messages to this bot from now on; None: disconnect and close the app."""
        pooled = self._pooled[key]
        pooled.holder = bot
        pooled.gateway.attach(bot)
        if bot is None:
            self._let_go(key)
        else:
            bot.delivered = pooled.delivered
            pooled.users.add(bot)
            self.connect(key)

    def release_unused(self, wanted: Collection[AppKey]) -> None:
        """Close every app that delivers to no bot, and that none of the ``wanted`` changes waits for."""
        unheld = [key for key, pooled in self._pooled.items() if pooled.holder is None]
        for key in unheld:
            if key not in wanted:
                self._let_go(key)

    async def disconnect(self) -> None:
        """Close every connection; cards can still be updated."""
        for pooled in self._pooled.values():
            pooled.gateway.attach(None)
        await asyncio.gather(*(_disconnected(pooled) for pooled in self._pooled.values()))

    async def close(self) -> None:
        """Release every gateway."""
        await self._spacing.close()
        await self._leaving.join()
        await asyncio.gather(*(pooled.gateway.close() for pooled in self._pooled.values()))
        self._pooled.clear()

    def _pooled_gateway(self, spec: BotSpec) -> _Pooled:
        limiter = self._limiters.get(app_key(spec)) or RateLimiter(spec.quota.qps, rest_s=unknown_s())
        self._limiters[app_key(spec)] = limiter
        return _Pooled(
            open_gateway(spec.type, spec.credentials, self._endpoint, self._count(spec.type), limiter),
            limiter,
        )

    def _count(self, type_name: str) -> Spent:
        """What hears of the calls of an app."""
        month = platform_type(type_name).month
        return lambda key, organisation: self._accounting.count_call(key, organisation, month)

    def _let_go(self, key: AppKey) -> None:
        pooled = self._pooled.pop(key)
        self._reconnects += _reconnects(pooled)
        ended = self._leaving.start(_disconnected(pooled), f"disconnecting {key[1]}")
        closed = self._leaving.start(self._closed(pooled, ended), f"closing {key[1]}")
        self._lingering[key] += 1
        self._spacing.start(_window_after(closed), f"last calls of {key[1]}", lambda _: self._forget(key))
        gone = _gone(pooled, ended, self._gone.get(key))
        self._gone[key] = self._spacing.start(gone, f"spacing of {key[1]}", partial(self._may_return, key))

    def _may_return(self, key: AppKey, gone: Task) -> None:
        if self._gone.get(key) is gone:
            del self._gone[key]

    def _forget(self, key: AppKey) -> None:
        """Drop the limiter of an app once the last calls of its gateways do not count any more."""
        self._lingering[key] -= 1
        if not self._lingering[key]:
            del self._lingering[key]
            if key not in self._pooled:
                del self._limiters[key]

    async def _closed(self, pooled: _Pooled, ended: Task) -> None:
        await ended
        await asyncio.gather(*(bot.drained(pooled.gateway, self._grace_s) for bot in list(pooled.users)))
        await pooled.gateway.close()


async def _run(pooled: _Pooled, name: str, before: Task | None) -> None:
    """Run a gateway until cancelled.

    A defect in it must not leave its bot unreachable, so it is restarted.
    """
    await _done(before)
    pooled.began = _now()
    await keep_alive(name, pooled.gateway.run)


async def _disconnected(pooled: _Pooled) -> None:
    if pooled.task:
        pooled.task.cancel()
        await asyncio.wait([pooled.task])


async def _gone(pooled: _Pooled, ended: Task, before: Task | None) -> None:
    """Return when an app that was let go may be connected again."""
    await asyncio.wait([ended])
    await _done(before)
    await asyncio.sleep(pooled.began + REMAKE_S - _now())


async def _window_after(closed: Task) -> None:
    """Return when the last calls of a closed gateway do not count any more."""
    await asyncio.wait([closed])
    await asyncio.sleep(WINDOW_S)


async def _done(task: Task | None) -> None:
    if task:
        await asyncio.wait([task])


def _reconnects(pooled: _Pooled) -> int:
    return max(0, pooled.gateway.status.opened - 1)


def _now() -> float:
    return asyncio.get_running_loop().time()
