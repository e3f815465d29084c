"""Stores: what outlives a process. The seam, and the way to open one from its URL."""

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
class KeptFile:
    """A file as it was accepted, less the values at the JSON pointers ``cut``: literal secrets.

    ``hash`` is the SHA-256 of the content.
    """

    content: bytes = field(repr=False)
    hash: bytes
    cut: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: bytes, cut: tuple[str, ...] = ()) -> Self:
        """The file with that content."""
        return cls(content, hashlib.sha256(content).digest(), cut)


@dataclass(frozen=True, slots=True)
class Generation:
    """What one bot was last accepted with: every file it was made from, placeholders as they are.

    Paths are relative to the bots folder; ``path`` is the bot file's. Epoch seconds.
    """

    path: str
    accepted_at: float
    files: Mapping[str, KeptFile]

    @property
    def digest(self) -> bytes:
        """Equal exactly when the files are."""
        files = [(name, file.hash, file.cut) for name, file in sorted(self.files.items())]
        return hashlib.sha256(repr(files).encode()).digest()


class Store(Protocol):
    """Turns, feedback, seen messages and history. Every call may raise ``StoreError``.

    A write returns when it is committed. Calls may come from many tasks at once; writes that wait
    are committed together, in the order they came.
    """

    async def accept(self, turn: TurnRecord) -> bool:
        """Journal a new turn of this process.

        False, and nothing written, when its bot has seen ``message_id`` before, forgotten people's included.
        """
        ...

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """Set fields of ``TurnRecord`` (``phase``, ``answer``, ``error``, ``finished_at``, ``layout``, ...).

        Raises TakenOverError for a turn of another process. Nothing happens to one that is not kept.
        """
        ...

    async def ask_again(self, turn_id: str) -> None:
        """Set that a turn, of whatever process, was asked again (``TurnRecord.replaced``)."""
        ...

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """The turn of that id."""
        ...

    async def turn_of_card(self, card_id: str) -> TurnRecord | None:
        """The turn whose card that is."""
        ...

    async def beat(self, now: float, lease_s: float) -> None:
        """Say that this process lives: until its lease ends, nobody else takes its open turns.

        Closing the store ends the lease at once.
        """
        ...

    async def bots_with_orphans(self, now: float) -> Collection[str]:
        """The bots that have orphans."""
        ...

    async def orphans(self, bot: str, now: float) -> Sequence[TurnRecord]:
        """Open turns of a bot that no living process answers, the oldest first, not all at once."""
        ...

    async def adopt(self, turn_id: str, now: float) -> TurnRecord | None:
        """Take an orphan over: the turn as it is now; None when somebody else was quicker."""
        ...

    async def hand_back(self, turn_id: str) -> None:
        """Make a turn of this process an orphan: it cannot be ended now."""
        ...

    async def history(
        self, key: ConversationKey, turns: int, *, idle_s: float, now: float
    ) -> Sequence[Exchange]:
        """The last ``turns`` final exchanges of a conversation, oldest first.

        Nothing before the conversation was last started anew or was silent for ``idle_s``. Turns
        that were stopped, failed, asked again or have no answer (commands) do not count.
        """
        ...

    async def start_anew(self, key: ConversationKey, at: float) -> None:
        """Forget the conversation's history for the agent (``/new``); the turns stay for the record."""
        ...

    async def rate(self, feedback: Feedback) -> None:
        """Keep a rating: one per turn and user, the last wins."""
        ...

    async def rating(self, turn_id: str, user_id: str) -> str:
        """What a person rated a turn; empty where they did not."""
        ...

    def feedback(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[FeedbackRow]:
        """Ratings of a bot (None: of all) since that time, oldest first."""
        ...

    async def add_calls(self, month: str, calls: Mapping[tuple[str, str], int]) -> None:
        """Add calls, by bot and organisation, to those of a month (``2026-11``)."""
        ...

    async def calls(self, month: str) -> Mapping[tuple[str, str], int]:
        """The calls of a month by bot and organisation, of every process."""
        ...

    async def forget(self, user_id: str) -> int:
        """Remove a person: their turns, ratings, conversations. The number of turns removed."""
        ...

    async def expire(self, before: float) -> int:
        """Remove turns accepted before that time with all that hangs on them. Their number."""
        ...

    async def generations(self, folder: str) -> Mapping[str, bytes]:
        """The digest of each accepted generation of a bots folder, by the bot file's path."""
        ...

    async def generation(self, folder: str, path: str) -> Generation | None:
        """The accepted generation of one bot file."""
        ...

    async def keep_generations(self, folder: str, new: Iterable[Generation], gone: Iterable[str]) -> None:
        """Keep these in the place of what their paths had, and forget those of the paths ``gone``."""
        ...

    async def close(self) -> None:
        """Commit what waits and let go of the database."""
        ...


async def open_store(url: str) -> Store:
    """The store at ``url`` (``sqlite:///relative/path``, ``sqlite:////absolute/path``).

    Made or upgraded where needed. Raises StoreError with a cure when it cannot be used.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.removeprefix("/"):
        from imbot.stores.sqlite import SqliteStore

        return await SqliteStore.open(rest.removeprefix("/"))
    # Not the whole URL: other databases have passwords in theirs.
    raise StoreError(f"cannot open a store at {scheme}://…: only sqlite:///PATH is supported")
