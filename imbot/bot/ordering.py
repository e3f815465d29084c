"""The order of turns: one at a time in each conversation."""

import asyncio
from collections.abc import Sequence

from imbot.model import ConversationKey, Exchange


class QueueTicket:
    """One turn's place in the queue of its conversation, until it is released."""

    def __init__(self, queues: "dict[ConversationKey, QueueTicket]", key: ConversationKey) -> None:
        self._queues = queues
        self._key = key
        self.before = queues.get(key)
        self.released = asyncio.Event()
        queues[key] = self

    @property
    def first(self) -> bool:
        """Whether every ticket before this one is released."""
        before = self.before
        while before is not None and before.released.is_set():
            before = before.before
        return before is None

    async def reached(self) -> None:
        """Return when every ticket before this one is released."""
        while self.before is not None:
            await self.before.released.wait()
            self.before = self.before.before

    def release(self) -> None:
        """Let the next one proceed. Releasing twice, or before being reached, does no harm."""
        self.released.set()
        last = self._queues.get(self._key)
        while last is not None and last.released.is_set():
            last = last.before
            if last is None:
                del self._queues[self._key]
            else:
                self._queues[self._key] = last


class ConversationQueues:
    """The queues of all conversations. An empty queue takes no memory."""

    def __init__(self) -> None:
        self._queues: dict[ConversationKey, QueueTicket] = {}

    def take_ticket(self, key: ConversationKey) -> QueueTicket:
        """A ticket at the end of a conversation's queue; the order is that of these calls."""
        return QueueTicket(self._queues, key)


def trimmed(past: Sequence[Exchange], chars: int) -> list[Exchange]:
    """The newest exchanges with at most so many characters together; the oldest first."""
    kept: list[Exchange] = []
    for exchange in reversed(past):
        chars -= len(exchange.question) + len(exchange.answer)
        if chars < 0:
            break
        kept.append(exchange)
    return kept[::-1]
