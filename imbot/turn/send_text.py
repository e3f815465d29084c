"""Saying: an answer, or the rest of one, as a text message, which is never sent twice.

A message has no idempotency key, so that it is on its way is journalled first: what may have arrived is
not repeated, not by another process either.
"""

import asyncio
import logging

from imbot.backoff import Backoff
from imbot.errors import PlatformError, TakenOverError, TransientError
from imbot.model import TurnRecord
from imbot.platforms import Gateway
from imbot.turn.journal import Journal
from imbot.usage.counters import Counters

log = logging.getLogger(__name__)

SEND_TRIES = 8  # with the backoff below: about half a minute


async def send_text_once(
    gateway: Gateway, turn: TurnRecord, title: str, text: str, journal: Journal, counters: Counters
) -> bool:
    """Say ``text`` (Markdown) where a turn's card would stand; False when it is lost, or may be.

    Raises TransientError where it was surely not sent, after some tries.
    """
    backoff, before = Backoff(first_s=0.5, cap_s=8), journal.shown

    async def going() -> None:
        """Not before it may go out: what was still waiting at a crash was surely not sent."""
        await journal.keep(shown="sending")
        if journal.lost:
            raise TakenOverError("who has taken the turn over is to say its answer")

    for left in range(SEND_TRIES - 1, -1, -1):
        try:
            await gateway.send_text(turn.card, title, text, going)
        except TakenOverError as error:
            log.warning("turn %s: %s", turn.id, error)
            return False
        except PlatformError as error:
            counters.count_card_call("text", error)
            if not isinstance(error, TransientError) or error.retry_after_s is None:
                log.error("turn %s: a message is lost, or may be: %s", turn.id, error)
                return False
            await journal.keep(shown=before)
            if not left:
                raise
            await asyncio.sleep(max(error.retry_after_s, backoff.next()))
        else:
            counters.count_card_call("text")
            return True
    return False
