"""What the agent gets of a message besides what the person wrote: quoted answers, and the names of what it cannot get.

Of a quoted card of the bot the platform tells only which one it is; the store has what it said.
"""

import logging
from dataclasses import replace

from imbot.errors import StoreError
from imbot.model import Message
from imbot.stores import Store
from imbot.text.quotes import as_quote, with_quote, without_quote

log = logging.getLogger(__name__)


async def with_quoted_answer(message: Message, store: Store) -> Message:
    """The message with the answer of the card that it quotes; as it is, if that is not a stored one."""
    if not message.quoted_card or message.text is None:
        return message
    try:
        turn = await store.turn_of_card(message.quoted_card)
    except StoreError as error:
        log.error("message %s is read without the answer that it quotes: %s", message.id, error)
        return message
    answer = (turn.answer or turn.error) if turn else ""
    if not answer:
        return message
    quote = as_quote(answer)
    return replace(message, text=with_quote(without_quote(message.text, message.quote), quote), quote=quote)


def with_unread_named(message: Message) -> Message:
    """The message with a line such as ``[图片]`` for what the agent does not get; it stands where quotes stand."""
    names = [f"[{name}]" for name in message.unread if f"[{name}]" not in message.quote]
    if not names or message.text is None:
        return message
    below = with_quote(" ".join(names), message.quote)
    written = without_quote(message.text, message.quote)
    return replace(message, text=with_quote(written, below), quote=below)
