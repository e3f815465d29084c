"""Sends an answer, or the rest of one, as a text message. It is never sent twice.

A message has no idempotency key. Therefore ``sending`` is journalled before it is sent, and a message that may
have arrived is never repeated, not even by another process.
"""

import logging

from imbot.backoff import Backoff, retrying
from imbot.errors import PlatformError, TakenOverError, TransientError
from imbot.turn.context import TurnContext

log = logging.getLogger(__name__)

SEND_TRIES = 8  # with the backoff below: about half a minute


async def send_text_once(context: TurnContext, title: str, text: str) -> bool:
    """Send ``text`` (Markdown) to where a turn's card would be. False if it is lost, or may be.

    Raises TransientError if it was surely not sent, after several tries.
    """
    turn, journal, counters = context.record, context.journal, context.counters
    before = journal.shown

    async def going() -> None:
        """Called only when the message may go out: one that still waits during a crash was surely not sent."""
        await journal.keep(shown="sending")
        if journal.lost:
            raise TakenOverError("another process has taken the turn over and sends its answer")

    async def send() -> None:
        try:
            await context.gateway.send_text(turn.card, title, text, going)
        except PlatformError as error:
            counters.count_card_call("text", error)
            if _unsent_s(error) is not None:
                await journal.keep(shown=before)
            raise
        counters.count_card_call("text")

    try:
        await retrying(send, SEND_TRIES, Backoff(first_s=0.5, cap_s=8), _unsent_s)
    except TakenOverError as error:
        log.warning("%s: %s", turn.label, error)
        return False
    except PlatformError as error:
        if _unsent_s(error) is not None:
            raise
        log.error("%s: a message may be lost: %s", turn.label, error)
        return False
    return True


def _unsent_s(error: Exception) -> float | None:
    """Seconds until a message that was surely not sent may be tried again; None: do not try again.

    Then it may have arrived, or it can never be sent.
    """
    return error.retry_after_s if isinstance(error, TransientError) else None
