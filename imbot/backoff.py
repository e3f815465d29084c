"""Backoff: how long to wait after a failure, for whoever reconnects or repeats."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")


class Backoff:
    """A delay that grows with every failure, spread at random so that nobody returns in step."""

    def __init__(
        self, first_s: float = 1.0, cap_s: float = 60.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._chance = chance
        self._bound_s = first_s

    def next(self) -> float:
        """Seconds to wait after one more failure: anything up to a bound that doubles each time."""
        delay_s = self._chance() * min(self._bound_s, self._cap_s)
        self._bound_s = min(self._bound_s * 2, self._cap_s)
        return delay_s

    def reset(self) -> None:
        """It worked: start small again."""
        self._bound_s = self._first_s


async def retrying(
    call: Callable[[], Awaitable[_T]],
    tries: int,
    backoff: Backoff,
    wait_s: Callable[[Exception], float | None],
) -> _T:
    """What a call brings, given at most so many tries; the last try's error where none succeeds.

    ``wait_s`` tells after an error how long to wait at least before the next try; None: no try would help.
    """
    import asyncio  # not at the top: `check` imports agents, which back off, and runs no event loop

    for left in range(tries - 1, -1, -1):
        try:
            return await call()
        except Exception as error:
            least_s = wait_s(error)
            if least_s is None or not left:
                raise
            await asyncio.sleep(max(least_s, backoff.next()))
    raise ValueError("at least one try")
