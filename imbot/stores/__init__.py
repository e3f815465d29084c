"""Stores: what outlives a process. The seam, and the way to open one from its URL."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

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


class Store(Protocol):
    """Turns, feedback, seen messages and history. Every call may raise ``StoreError``.

    A write returns when it is committed. Calls may come from many tasks at once; writes that wait
    are committed together, in the order they came.
    """

    async def accept(self, turn: TurnRecord) -> bool:
        """Journal a new turn; False, and nothing written, when its bot has seen ``message_id`` before."""
        ...

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """Set fields of ``TurnRecord`` (``phase``, ``answer``, ``error``, ``finished_at``, ``layout``, ...)."""
        ...

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """The turn of that id."""
        ...

    async def turn_of_card(self, card_id: str) -> TurnRecord | None:
        """The turn whose card that is."""
        ...

    async def open_turns(self, bot: str) -> Sequence[TurnRecord]:
        """Turns of a bot in no terminal phase, oldest first."""
        ...

    async def history(
        self, key: ConversationKey, turns: int, *, idle_s: float, now: float
    ) -> Sequence[Exchange]:
        """The last ``turns`` final exchanges of a conversation, oldest first.

        Nothing before the conversation was last started anew or was silent for ``idle_s``. Turns
        that were stopped, failed or have no answer (commands) do not count.
        """
        ...

    async def start_anew(self, key: ConversationKey, at: float) -> None:
        """Forget the conversation's history for the agent (``/new``); the turns stay for the record."""
        ...

    async def rate(self, feedback: Feedback) -> None:
        """Keep a rating: one per turn and user, the last wins."""
        ...

    def feedback(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[FeedbackRow]:
        """Ratings of a bot (None: of all) since that time, oldest first."""
        ...

    async def forget(self, user_id: str) -> int:
        """Remove a person: their turns, ratings, conversations. The number of turns removed."""
        ...

    async def expire(self, before: float) -> int:
        """Remove turns accepted before that time with all that hangs on them. Their number."""
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
    raise StoreError(f"cannot open a store at {scheme}://…: the only kind known is sqlite:///PATH")
