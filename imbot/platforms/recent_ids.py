"""Ids seen lately, to notice what comes twice: messages, pushes, refusals."""

from collections import OrderedDict
from collections.abc import Callable


class RecentIds:
    """The ids of the last ``keep_s`` seconds by ``clock``, at most ``most``.

    The oldest are forgotten first.
    """

    def __init__(self, keep_s: float, most: int, clock: Callable[[], float]) -> None:
        self._keep_s = keep_s
        self._most = most
        self._clock = clock
        self._added_at: OrderedDict[str, float] = OrderedDict()

    def add(self, id_: str) -> bool:
        """Remember an id; False if it is known already. Adding it again does not keep it longer."""
        now = self._clock()
        self._forget_old(now)
        if id_ in self._added_at:
            return False
        if len(self._added_at) >= self._most:
            self._added_at.popitem(last=False)
        self._added_at[id_] = now
        return True

    def discard(self, id_: str) -> None:
        """Forget an id, so that it counts as new the next time."""
        self._added_at.pop(id_, None)

    def _forget_old(self, now: float) -> None:
        while self._added_at and now - next(iter(self._added_at.values())) >= self._keep_s:
            self._added_at.popitem(last=False)
