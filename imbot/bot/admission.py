"""Which messages go to the agent, and when: access, replies without the agent, and the concurrency limits.

``bot.Bot`` calls ``immediate_reply`` for each message, and requests a permit of its ``ConcurrencyLimit`` for
those that go to the agent.
"""

import asyncio
from collections import Counter

from imbot.bot.commands import command_of
from imbot.model import Message
from imbot.spec import Access, BotSpec, Limits
from imbot.text.quotes import without_quote

SHARE = 4  # one person may fill one part in so many of the queue


def admitted(message: Message, access: Access) -> bool:
    """Whether the sender may talk with the bot here."""
    if message.sender.id in access.admins or (access.users is None and access.groups is None):
        return True
    if message.sender.id in (access.users or ()):
        return True
    return message.conversation_kind == "group" and message.conversation_id in (access.groups or ())


def immediate_reply(message: Message, spec: BotSpec) -> str:
    """The command, or the name of the text, for a message that does not go to the agent.

    Empty for a question. What a message quotes is no command, and does not count for its length.
    """
    if not admitted(message, spec.access):
        return "refused"
    if not message.text:
        return "unsupported" if message.text is None else "help"
    written = without_quote(message.text, message.quote)
    if order := command_of(written, spec.commands):
        return order
    privileged = message.sender.id in spec.access.admins
    return "too_long" if len(written) > spec.limits.message_chars and not privileged else ""


class Permit:
    """The permit of one question: it waits, is granted, is released. Without a limit it never waits."""

    def __init__(self, limit: "ConcurrencyLimit | None" = None, person: str = "") -> None:
        self.person = person
        self._limit = limit
        self._granted = asyncio.Event()

    async def acquired(self) -> None:
        """Return when the question may be answered.

        Call it last: until then the question does not take part.
        """
        if self._limit:
            self._limit.enqueue(self)
            await self._granted.wait()

    def release(self) -> None:
        """Give the place to others. Releasing twice does no harm."""
        if self._limit:
            self._limit.release(self)
        self._limit = None

    def grant(self) -> None:
        """Let ``acquired`` return."""
        self._granted.set()


class ConcurrencyLimit:
    """Limits how many questions of a bot are answered at once, of one person and in all; others wait.

    Waiting questions are granted in the order in which they were enqueued, but a person who has reached
    ``per_user`` is passed over, so that nobody else is delayed.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._active: set[Permit] = set()
        self._waiting: set[Permit] = set()
        self._queue: list[Permit] = []
        self._active_of: Counter[str] = Counter()  # permits by person
        self._waiting_of: Counter[str] = Counter()  # waiting ones by person

    @property
    def waiting(self) -> int:
        """The number of waiting questions."""
        return len(self._waiting)

    def set_limits(self, limits: Limits) -> None:
        """Apply other limits from now on; questions that wait already are not rejected."""
        self._limits = limits
        self._grant_waiting()

    def request(self, person: str, *, now: bool) -> Permit | None:
        """A permit for a question; None if even the queue is full.

        ``now``: nothing else delays the question.
        """
        permit = Permit(self, person)
        if now and self._room_for(person):
            self._grant(permit)
        elif len(self._waiting) < self._limits.queue and self._waiting_of[person] < self._share():
            self._waiting.add(permit)
            self._waiting_of[person] += 1
        else:
            return None
        return permit

    def enqueue(self, permit: Permit) -> None:
        """Put a waiting permit into the queue, when its question waits for nothing else any more."""
        if permit in self._waiting:
            self._queue.append(permit)
            self._grant_waiting()

    def release(self, permit: Permit) -> None:
        """Remove a permit, whether granted or waiting."""
        if permit in self._active:
            self._active.discard(permit)
            _less(self._active_of, permit.person)
        else:
            self._stop_waiting(permit)
        self._grant_waiting()

    def _share(self) -> int:
        return max(self._limits.queue // SHARE, 1)

    def _room_for(self, person: str) -> bool:
        return len(self._active) < self._limits.per_bot and self._active_of[person] < self._limits.per_user

    def _grant_waiting(self) -> None:
        """Grant as many waiting permits as the limits allow."""
        for permit in list(self._queue):
            if len(self._active) >= self._limits.per_bot:
                return
            if self._room_for(permit.person):
                self._stop_waiting(permit)
                self._grant(permit)

    def _grant(self, permit: Permit) -> None:
        self._active.add(permit)
        self._active_of[permit.person] += 1
        permit.grant()

    def _stop_waiting(self, permit: Permit) -> None:
        self._waiting.discard(permit)
        _less(self._waiting_of, permit.person)
        if permit in self._queue:
            self._queue.remove(permit)


def _less(counts: Counter[str], person: str) -> None:
    counts[person] -= 1
    if not counts[person]:
        del counts[person]
