"""Stores keep what outlives a process. This module has the protocol ``Store``, and opens a store by its URL."""

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from imbot.errors import StoreError
from imbot.model import ConversationKey, Exchange, Feedback, TurnRecord


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One rating with the turn it rates, as ``imbot feedback`` shows it. Times are epoch seconds."""

    at: float
    bot: str
    user_id: str
    rating: str
    question: str
    answer: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class UnansweredRow:
    """One question to which the agent knew no answer, asked ``at`` (epoch seconds)."""

    at: float
    bot: str
    user_id: str
    question: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """How long the last write took in seconds, why it failed (empty: it did not), and the free bytes of the disk.

    None: not known.
    """

    write_s: float | None = None
    error: str = ""
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as it was accepted, without the secrets at the JSON pointers ``cut``.

    ``hash`` is the SHA-256 of the content.
    """

    content: bytes = field(repr=False)
    hash: bytes
    cut: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: bytes, cut: tuple[str, ...] = ()) -> Self:
        """The file with this content; computes its hash."""
        return cls(content, hashlib.sha256(content).digest(), cut)


@dataclass(frozen=True, slots=True)
class Generation:
    """What one bot was accepted with: every file it is made from, with placeholders as they are written.

    Paths are relative to the bots folder; ``path`` is that of the bot file. ``accepted_at`` is in epoch
    seconds.
    """

    path: str
    accepted_at: float
    files: Mapping[str, KeptFile]

    @property
    def digest(self) -> bytes:
        """A hash of all files; two generations have the same one exactly when their files are equal."""
        files = [(name, file.hash, file.cut) for name, file in sorted(self.files.items())]
        return hashlib.sha256(repr(files).encode()).digest()


class Store(Protocol):
    """Turns, ratings, seen messages, history, accepted files, counted calls. Every call may raise StoreError.

    A write returns when it is committed. Calls may come from many tasks at once; waiting writes are committed
    together, in their order. Times are epoch seconds.
    """

    async def accept(self, turn: TurnRecord) -> bool:
        """Journal a new turn of this process.

        Returns False, and writes nothing, if its bot has seen ``message_id`` before, even from a forgotten
        person.
        """
        ...

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """Set fields of ``TurnRecord`` (``phase``, ``answer``, ``error``, ``finished_at``, ``layout``, ...).

        Raises TakenOverError for a turn of another process. A turn that is no longer stored is ignored.
        """
        ...

    async def ask_again(self, turn_id: str) -> None:
        """Mark a turn of any process as asked again (``TurnRecord.replaced``)."""
        ...

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """The turn with that id; None if it is not stored."""
        ...

    async def turn_of_card(self, card_id: str) -> TurnRecord | None:
        """The turn with that card, named by its id or ``CardRef.quoted_as``; None if it is not stored."""
        ...

    async def beat(self, now: float, lease_s: float) -> None:
        """Renew the lease of this process: until it ends, no other process takes its open turns.

        Closing the store ends the lease at once.
        """
        ...

    async def bots_with_orphans(self, now: float) -> Collection[str]:
        """The names of bots that have orphans."""
        ...

    async def orphans(self, bot: str, now: float) -> Sequence[TurnRecord]:
        """Open turns of a bot whose process is dead: the oldest ones, a limited number at a time."""
        ...

    async def adopt(self, turn_id: str, now: float) -> TurnRecord | None:
        """Take over an orphan; returns the turn as it is now, or None if another process was quicker."""
        ...

    async def hand_back(self, turn_id: str) -> None:
        """Make a turn of this process an orphan, because it cannot be ended now."""
        ...

    async def history(
        self, key: ConversationKey, turns: int, *, idle_s: float, now: float
    ) -> Sequence[Exchange]:
        """The last ``turns`` exchanges of a conversation, the oldest first.

        They begin after the last ``start_anew`` and the last silence of ``idle_s``. Turns that were stopped,
        failed, were asked again or have no answer (commands) do not count.
        """
        ...

    async def start_anew(self, key: ConversationKey, at: float) -> None:
        """Begin a new conversation (``/new``): the agent gets nothing from before. The turns stay stored."""
        ...

    async def rate(self, feedback: Feedback) -> None:
        """Store a rating: one for each turn and user, the last one wins."""
        ...

    async def rating(self, turn_id: str, user_id: str) -> str:
        """The rating that a person gave to a turn; empty if there is none."""
        ...

    def feedback(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[FeedbackRow]:
        """Ratings of a bot (None: of all bots) since that time, the oldest first."""
        ...

    def unanswered(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[UnansweredRow]:
        """Questions with ``TurnRecord.not_found`` to a bot (None: to all bots) since that time, the oldest first."""
        ...

    async def add_calls(self, month: str, calls: Mapping[tuple[str, str], int]) -> None:
        """Add calls, by bot and organisation, to a month (``2026-11``)."""
        ...

    async def calls(self, month: str) -> Mapping[tuple[str, str], int]:
        """The calls of a month by bot and organisation, of every process."""
        ...

    async def forget(self, user_id: str) -> int:
        """Remove a person's turns, ratings and conversations; returns the number of turns."""
        ...

    async def expire(self, before: float) -> int:
        """Remove turns accepted before that time, with everything that belongs to them.

        Returns their number.
        """
        ...

    async def generations(self, folder: str) -> Mapping[str, bytes]:
        """The digests of the stored generations of a bots folder, by the path of the bot file."""
        ...

    async def generation(self, folder: str, path: str) -> Generation | None:
        """The stored generation of one bot file."""
        ...

    async def keep_generations(self, folder: str, new: Iterable[Generation], gone: Iterable[str]) -> None:
        """Store ``new`` generations, each replacing an earlier one; remove those of the paths ``gone``."""
        ...

    def health(self) -> StoreHealth:
        """How the store does. May be called in any thread, and may take as long as the disk does."""
        ...

    async def close(self) -> None:
        """Commit waiting writes and close the database."""
        ...


async def open_store(url: str, patience_s: float | None = None) -> Store:
    """The store at ``url`` (``sqlite:///relative/path``, ``sqlite:////absolute/path``).

    It is created or upgraded if needed. ``patience_s``: how long a call waits, once it is open, while another
    program holds the file; None: some seconds. Raises StoreError with a cure if it cannot be used.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.removeprefix("/"):
        from imbot.stores.sqlite import SqliteStore

        return await SqliteStore.open(rest.removeprefix("/"), patience_s)
    # Not the whole URL: other databases have passwords in theirs.
    raise StoreError(f"cannot open a store at {scheme}://…: only sqlite:///PATH is supported")
