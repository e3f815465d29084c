"""Sends plain messages, where there is no card or can be none."""

import logging
import time

from imbot.backoff import Backoff, retrying
from imbot.errors import FatalError, PlatformError, TransientError
from imbot.model import CardRef
from imbot.platforms.dingtalk import calls, codes
from imbot.platforms.dingtalk.calls import Call, Caller
from imbot.platforms.dingtalk.markdown import platform_markdown
from imbot.platforms.dingtalk.wire import Address
from imbot.platforms.gateway import Going, Priority
from imbot.text.markdown import split

log = logging.getLogger(__name__)

PART_BYTES = 14_000  # the robot API takes 15,000 in its `msgParam`, a webhook 20,000 in all
TITLE_CHARS = 100
EXPIRY_MARGIN_S = 10.0
PART_TRIES = 5


async def send(api: Caller, ref: CardRef, title: str, text: str, going: Going) -> None:
    """Send a text to where the card would be, in as many messages as it needs, in order.

    ``going`` as in ``Caller``. Raises TransientError with ``retry_after_s`` only if nothing was sent. If a later
    part fails, this repeats it, because the caller would repeat the first ones too.
    """
    title = (title or text)[:TITLE_CHARS]  # a message without title is refused
    parts = split(platform_markdown(text), PART_BYTES)
    await _send_part(api, ref, title, next(parts), going)
    for part in parts:
        await _insist(api, ref, title, part)


async def _insist(api: Caller, ref: CardRef, title: str, part: str) -> None:
    try:
        await retrying(
            lambda: _send_part(api, ref, title, part), PART_TRIES, Backoff(first_s=0.5, cap_s=8), _unsent_s
        )
    except TransientError as error:
        if _unsent_s(error) is None:
            raise
        raise FatalError("the rest of a long message could not be sent") from error


def _unsent_s(error: Exception) -> float | None:
    return error.retry_after_s if isinstance(error, TransientError) else None


async def _send_part(api: Caller, ref: CardRef, title: str, part: str, going: Going | None = None) -> None:
    """Send one part through the message's webhook, which needs no permission, else in the robot's name."""
    to = Address(**ref.address)
    if to.webhook and time.time() < to.webhook_until - EXPIRY_MARGIN_S:
        try:
            return await _say(api, ref, calls.webhook_markdown(to.webhook, title, part), going)
        except PlatformError as error:
            if error.code != codes.WEBHOOK_GONE:
                raise
            log.info("a session webhook expired early; sending as the robot")
    return await _say(api, ref, calls.send_markdown(to, title, part), going)


async def _say(api: Caller, ref: CardRef, call: Call, going: Going | None) -> None:
    await api.call(ref, (call.api,), lambda _: call, Priority.END, going=going)
