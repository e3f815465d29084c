"""Makes a call when the rate limit lets it. Its content is decided then, not when the call is requested.

``openapi.py`` and ``dry_run.py`` make their calls this way, for ``cards.py`` and ``texts.py``.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from imbot.platforms.dingtalk.calls import Call
from imbot.platforms.gateway import Going, Priority
from imbot.usage.rate_limit import RateLimiter

T = TypeVar("T")


async def in_turn(
    limiter: RateLimiter,
    apis: Sequence[str],
    make: Callable[[str], Call | None],
    send: Callable[[Call], Awaitable[T]],
    priority: Priority,
    since: float,
    going: Going | None,
) -> T | None:
    """As ``Caller.call``; ``send`` makes the call."""
    while True:
        async with limiter.slot(*apis, priority=priority, since=since) as slot:
            call = make(slot.api)
            if call is None:
                return None
            if call.api == slot.api:
                if going:
                    await going()
                slot.used = True
                return await send(call)
        apis = (call.api,)
