"""How much one card takes: a bound of our own, for the platform tells none, and what it says to a card beyond its own."""

import json
import logging
from collections.abc import Awaitable

from imbot.errors import FatalError, TransientError
from imbot.markdown import LEAST, size
from imbot.model import CardView
from imbot.platforms.dingtalk.codes import CARD_TOO_LARGE
from imbot.platforms.dingtalk.markdown import shown

log = logging.getLogger(__name__)

CARD_BYTES = 14_000  # documented are 3 KB, which everybody exceeds; a message may have 15,000


class Room:
    """What a card of one app may weigh."""

    def __init__(self) -> None:
        self._bytes = CARD_BYTES

    def excess(self, view: CardView) -> int:
        """How many bytes a view is beyond that; 0: it fits."""
        if view.kind == "markdown":  # which is sent in as many messages as it needs
            return 0
        if view.kind == "standard":
            return max(0, size(json.dumps(shown(view.data), ensure_ascii=False)) - self._bytes)
        return max(0, max(map(size, shown(view.data).values()), default=0) - self._bytes)

    async def heeded(self, call: Awaitable[None]) -> None:
        """Make a call; where it is refused as too large, less has to do from now on, and it may be repeated."""
        try:
            await call
        except FatalError as error:
            if error.code not in CARD_TOO_LARGE or self._bytes <= LEAST:
                raise
            self._bytes = max(self._bytes // 2, LEAST)
            log.warning("cards of more than %d bytes are refused from now on", self._bytes)
            raise TransientError(str(error), code=error.code, retry_after_s=0.0) from error
