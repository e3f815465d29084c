"""Which pushes were taken lately, so that a repeated one is not taken twice."""

import asyncio

LIMIT = 10_000


class Seen:
    """Ids of pushes for a while, oldest first; bounded."""

    def __init__(self, forget_s: float) -> None:
        self._forget_s = forget_s
        self._ids: dict[str, float] = {}

    def first(self, push_id: str | None) -> bool:
        """Whether this push is new, which it is not the next time; one without id always is."""
        if not push_id:
            return True
        now = asyncio.get_running_loop().time()
        self._expire(now)
        if push_id in self._ids:
            return False
        self._ids[push_id] = now
        return True

    def forget(self, push_id: str | None) -> None:
        """Let a push come again: it could not be taken."""
        self._ids.pop(push_id or "", None)

    def _expire(self, now: float) -> None:
        while self._ids:
            oldest = next(iter(self._ids))
            if len(self._ids) < LIMIT and now - self._ids[oldest] < self._forget_s:
                return
            del self._ids[oldest]
