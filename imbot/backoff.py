"""Backoff: how long to wait between attempts, for reconnecting and for repeating calls."""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")


class Backoff:
    """A random delay whose bound doubles with every failure, so that many clients do not return in step."""

    def __init__(
        self, first_s: float = 1.0, cap_s: float = 60.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._chance = chance
        self._bound_s = first_s

    def next(self) -> float:
        """Seconds to wait after one more failure: a random time up to the bound, which then doubles."""
        delay_s = self._chance() * min(self._bound_s, self._cap_s)
        self._bound_s = min(self._bound_s * 2, self._cap_s)
        return delay_s

    def reset(self) -> None:
        """Begin with the first bound again, after a success."""
        self._bound_s = self._first_s


async def retrying(
    call: Callable[[], Awaitable[_T]],
    tries: int,
    backoff: Backoff,
    wait_s: Callable[[Exception], float | None],
) -> _T:
    """The result of ``call``, which is tried at most ``tries`` times. Raises the last error if none succeeds.

    ``wait_s`` gets the error, and returns how many seconds to wait at least; None: do not try again.
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
