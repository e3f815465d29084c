"""Limits the size of a card. DingTalk does not tell its limit, so ours is a guess that its refusals correct."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from imbot.errors import FatalError, TransientError
from imbot.model import CardView
from imbot.platforms.dingtalk.calls import is_standard, template_id
from imbot.platforms.dingtalk.codes import CARD_TOO_LARGE
from imbot.platforms.dingtalk.markdown import as_platform_markdown
from imbot.text.markdown import LEAST, size

T = TypeVar("T")

log = logging.getLogger(__name__)

CARD_BYTES = 14_000  # documented are 3 KB, which everybody exceeds; a message may have 15,000


class CardSize:
    """The largest size of an app's cards, in bytes."""

    def __init__(self) -> None:
        self._bytes = CARD_BYTES

    def overflow_bytes(self, view: CardView) -> int:
        """How many bytes a view is beyond the limit; 0: it fits."""
        return max(0, _bytes_of(view) - self._bytes)

    async def call_within_limit(self, call: Awaitable[T], sent: Callable[[], CardView]) -> T:
        """Await a call that sends a card, and return its result; lower the limit if the card is refused as too large.

        ``sent`` returns the view that was sent. If the view was within the limit, the limit becomes half of its
        size, and TransientError is raised: the caller may repeat the call with a shorter answer. If the view was
        beyond the limit, its answer had been shortened already and something else is too large. Then the limit
        stays, and the FatalError is raised as it is.
        """
        believed = self._bytes
        try:
            return await call
        except FatalError as error:
            weight = _bytes_of(sent()) if error.code in CARD_TOO_LARGE else 0
            if not LEAST < weight <= believed:
                raise
            self._bytes = min(self._bytes, max(weight // 2, LEAST))
            log.warning(
                "DingTalk refused a card as too large: cards are limited to %d bytes from now on", self._bytes
            )
            raise TransientError(str(error), code=error.code, retry_after_s=0.0) from error


def _bytes_of(view: CardView) -> int:
    """The bytes that the limit applies to: the whole layout of a StandardCard, else the largest variable."""
    if not template_id(view):  # a message, which is sent in as many messages as it needs
        return 0
    if is_standard(view):
        return size(json.dumps(as_platform_markdown(view.data), ensure_ascii=False))
    return max(map(size, as_platform_markdown(view.data).values()), default=0)
