"""Who is answered, and when: access, what needs no agent, and the crowd that waits for its turn.

``bot.Bot`` asks ``at_once`` for each message, and takes a seat in its ``Crowd`` for those that go to the agent.
"""

import asyncio
from collections import Counter

from imbot.bot.commands import command_of
from imbot.model import Message
from imbot.spec import Access, BotSpec, Limits

SHARE = 4  # of the queue one person fills at most one part in so many


def admitted(message: Message, access: Access) -> bool:
    """Whether the sender may talk with the bot here."""
    if message.sender.id in access.admins or (access.users is None and access.groups is None):
        return True
    if message.sender.id in (access.users or ()):
        return True
    return message.conversation_kind == "group" and message.conversation_id in (access.groups or ())


def at_once(message: Message, spec: BotSpec) -> str:
    """The order or the name of the text by which a message is answered without the agent; empty: it is a question."""
    if not admitted(message, spec.access):
        return "refused"
    if not message.text:
        return "unsupported" if message.text is None else "help"
    if order := command_of(message.text, spec.commands):
        return order
    privileged = message.sender.id in spec.access.admins
    return "too_long" if len(message.text) > spec.limits.message_chars and not privileged else ""


class Seat:
    """One question on its way: waiting, then being answered, then gone. Without a crowd it never waits."""

    def __init__(self, crowd: "Crowd | None" = None, person: str = "") -> None:
        self.person = person
        self._crowd = crowd
        self._called = asyncio.Event()

    async def taken(self) -> None:
        """Return when the question may be answered; call it when nothing else is to be waited for."""
        if self._crowd:
            self._crowd.line_up(self)
            await self._called.wait()

    def leave(self) -> None:
        """Make room for others. Leaving twice is fine."""
        if self._crowd:
            self._crowd.leave(self)
        self._crowd = None

    def call(self) -> None:
        """Let ``taken`` return."""
        self._called.set()


class Crowd:
    """The questions of one bot: so many are answered at once, of one person and in all; the others wait.

    Who may begin is decided in the order in which they line up, passing over those whose sender is
    being answered as often as one may.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._seated: set[Seat] = set()
        self._waiting: set[Seat] = set()
        self._line: list[Seat] = []
        self._answered: Counter[str] = Counter()  # seats by person
        self._kept: Counter[str] = Counter()  # waiting ones by person

    @property
    def waiting(self) -> int:
        """Questions that wait."""
        return len(self._waiting)

    def use(self, limits: Limits) -> None:
        """Keep to other limits from now on; nobody is sent away for them."""
        self._limits = limits
        self._call()

    def seat(self, person: str, *, now: bool) -> Seat | None:
        """A seat for a question; None: there is no room even to wait. ``now``: it could begin at once."""
        seat = Seat(self, person)
        if now and self._room_for(person):
            self._give(seat)
        elif len(self._waiting) < self._limits.queue and self._kept[person] < self._share():
            self._waiting.add(seat)
            self._kept[person] += 1
        else:
            return None
        return seat

    def line_up(self, seat: Seat) -> None:
        """Take part in the waiting: until now the question waited for something else."""
        if seat in self._waiting:
            self._line.append(seat)
            self._call()

    def leave(self, seat: Seat) -> None:
        """Forget a question, wherever it stands."""
        if seat in self._seated:
            self._seated.discard(seat)
            _less(self._answered, seat.person)
        else:
            self._stop_waiting(seat)
        self._call()

    def _share(self) -> int:
        return max(self._limits.queue // SHARE, 1)

    def _room_for(self, person: str) -> bool:
        return len(self._seated) < self._limits.per_bot and self._answered[person] < self._limits.per_user

    def _call(self) -> None:
        """Let begin who can."""
        for seat in list(self._line):
            if len(self._seated) >= self._limits.per_bot:
                return
            if self._room_for(seat.person):
                self._stop_waiting(seat)
                self._give(seat)

    def _give(self, seat: Seat) -> None:
        self._seated.add(seat)
        self._answered[seat.person] += 1
        seat.call()

    def _stop_waiting(self, seat: Seat) -> None:
        self._waiting.discard(seat)
        _less(self._kept, seat.person)
        if seat in self._line:
            self._line.remove(seat)


def _less(counts: Counter[str], person: str) -> None:
    counts[person] -= 1
    if not counts[person]:
        del counts[person]
