"""Plain messages: what is said where no card is or can be."""

import asyncio
import logging
import time

from imbot.errors import FatalError, PlatformError, TransientError
from imbot.platforms import Priority
from imbot.platforms.dingtalk import calls, codes, markdown
from imbot.platforms.dingtalk.calls import WEBHOOK, Caller
from imbot.platforms.dingtalk.wire import Address

log = logging.getLogger(__name__)

PART_BYTES = 14_000  # the robot API takes 15,000 in its `msgParam`, a webhook 20,000 in all
TITLE_CHARS = 100
EXPIRY_MARGIN_S = 10.0
TRIES = 5


async def send(api: Caller, to: Address, title: str, text: str) -> None:
    """Say it in as many messages as it needs, in order.

    A later part is never left to the caller to repeat, because the first ones would be repeated too.
    """
    title = (title or text)[:TITLE_CHARS]  # a message without title is refused
    parts = markdown.split(markdown.keep_breaks(text), PART_BYTES)
    await _send_part(api, to, title, parts[0])
    for part in parts[1:]:
        await _insist(api, to, title, part)


async def _insist(api: Caller, to: Address, title: str, part: str) -> None:
    for _ in range(TRIES):
        try:
            return await _send_part(api, to, title, part)
        except TransientError as error:
            if error.retry_after_s is None:
                raise
            await asyncio.sleep(error.retry_after_s)
    raise FatalError("the rest of a long message could not be sent")


async def _send_part(api: Caller, to: Address, title: str, part: str) -> None:
    """By the message's webhook, which costs no permission, else in the robot's name."""
    if to.webhook and time.time() < to.webhook_until - EXPIRY_MARGIN_S:
        try:
            await api.granted(WEBHOOK, Priority.END, 0.0)
            return await api.post_webhook(to.webhook, calls.webhook_markdown(title, part))
        except PlatformError as error:
            if error.code != codes.WEBHOOK_GONE:
                raise
            log.info("a session webhook has expired early")
    call = calls.send_markdown(to, title, part)
    await api.granted(call.api, Priority.END, 0.0)
    await api.send(call)
    return None
