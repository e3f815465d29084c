"""The SQLite store: one file beside the bots. ``schema`` has its tables, ``connection`` its threads."""

import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Self

from imbot.errors import StoreError, TakenOverError
from imbot.model import CardPhase, ConversationKey, Exchange, Feedback, TurnRecord
from imbot.stores import FeedbackRow, Generation, StoreHealth, UnansweredRow, generations, leases, spent
from imbot.stores.connection import IN_MEMORY, Lane, T, Work, Writer
from imbot.stores.opening import connect_to_read, connect_to_write
from imbot.stores.rows import FIELDS, changed, found, row_of, turn_of, values_of

PAGE = 500  # rows that a long listing or a clean-up takes at once, so that other work is not delayed

_TURN = "SELECT * FROM turns WHERE id = ?"
_TURN_OF_CARD = "SELECT * FROM turns WHERE card_id = ?1 OR (card_quoted_as = ?1 AND card_quoted_as <> '')"
_PAST = """
    SELECT question, answer, sender_nick, phase, replaced, accepted_at, coalesce(finished_at, accepted_at) AS ended_at
    FROM turns
    WHERE bot = :bot AND conversation_id = :conversation AND conversation_sender = :sender
      AND accepted_at <= :now
      AND accepted_at > coalesce(
        (SELECT at FROM fresh_starts
         WHERE bot = :bot AND conversation_id = :conversation AND conversation_sender = :sender), -1)
    ORDER BY accepted_at DESC, row DESC"""
# Messages of forgotten people stay known: the platform may deliver them again.
_REMEMBER_MESSAGES = """
    INSERT OR IGNORE INTO forgotten SELECT bot, message_id, accepted_at FROM turns WHERE sender_id = ?"""
_FORGOTTEN = "SELECT 1 FROM forgotten WHERE bot = ? AND message_id = ?"
_FEEDBACK = """
    SELECT f.row, f.at, f.bot, f.user_id, f.rating, t.question, t.answer, f.turn_id
    FROM feedback f JOIN turns t ON t.id = f.turn_id
    WHERE (f.at, f.row) > (?, ?) AND (? IS NULL OR f.bot = ?)
    ORDER BY f.at, f.row LIMIT ?"""
_UNANSWERED = """
    SELECT row, accepted_at AS at, bot, sender_id, question, id FROM turns
    WHERE not_found AND (accepted_at, row) > (?, ?) AND (? IS NULL OR bot = ?)
    ORDER BY accepted_at, row LIMIT ?"""


class SqliteStore:
    """A ``Store`` in one file, or in memory for ``:memory:``. It belongs to one event loop."""

    def __init__(self, write_lane: Lane, read_lane: Lane) -> None:
        self._process = uuid.uuid4().hex[:16]
        self._leased = False
        self._write_lane = write_lane
        self._read_lane = read_lane
        self._writer = Writer(write_lane)
        self._write = self._writer.write
        self._read = read_lane.run

    @classmethod
    async def open(cls, path: str | Path, patience_s: float | None = None) -> Self:
        """The store in that file, created or upgraded if needed. Raises StoreError with a cure.

        ``patience_s`` is as for ``stores.open_store``.
        """
        write_lane = Lane(Path(path), "imbot-store-write", patience_s)
        await write_lane.open(connect_to_write)
        if str(path) == IN_MEMORY:
            return cls(write_lane, write_lane)
        read_lane = Lane(Path(path), "imbot-store-read", patience_s)
        try:
            await read_lane.open(connect_to_read)
        except BaseException:
            await write_lane.close()
            raise
        return cls(write_lane, read_lane)

    def health(self) -> StoreHealth:
        """How the store does. May be called in any thread, and may take as long as the disk does."""
        free_bytes = None
        if str(self._write_lane.path) != IN_MEMORY:
            with suppress(OSError):
                free_bytes = shutil.disk_usage(self._write_lane.path.absolute().parent).free
        return StoreHealth(self._writer.took_s, self._writer.error, free_bytes)

    async def close(self) -> None:
        """Commit waiting writes and close the file.

        Other processes may now take over turns that are still open.
        """
        try:
            await self._release()
            await self._read_lane.close()
        finally:
            await self._write_lane.close()

    # -- turns

    async def accept(self, turn: TurnRecord) -> bool:
        """Journal a new turn.

        Returns False, and writes nothing, if its bot has seen ``message_id`` before.
        """
        row = row_of({name: getattr(turn, name) for name in FIELDS}) | {"process": self._process}
        new = changed(_insert(*row), *row.values(), turn.bot, turn.message_id)
        return await self._write(new, brief=True) == 1

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """Set fields of ``TurnRecord``. Raises TakenOverError for a turn of another process."""
        if not await self._write(leases.update(self._process, turn_id, row_of(changes)), brief=True):
            raise TakenOverError("another process has taken it over")

    async def ask_again(self, turn_id: str) -> None:
        """Mark a turn of any process as asked again (``TurnRecord.replaced``)."""
        await self._write(changed("UPDATE turns SET replaced = 1 WHERE id = ?", turn_id), brief=True)

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """The turn with that id; None if it is not stored."""
        return await self._one_turn(_TURN, turn_id)

    async def turn_of_card(self, card_id: str) -> TurnRecord | None:
        """The turn with that card, named by its id or ``CardRef.quoted_as``; None if it is not stored."""
        return await self._one_turn(_TURN_OF_CARD, card_id)

    # -- turns of processes that died

    async def beat(self, now: float, lease_s: float) -> None:
        """Renew the lease of this process: until it ends, no other process takes its open turns."""
        self._leased = True
        await self._write(leases.renew_lease(self._process, now, lease_s))

    async def bots_with_orphans(self, now: float) -> Collection[str]:
        """The names of bots that have orphans."""
        return {row["bot"] for row in await self._read(leases.bots_with_orphans(self._process, now))}

    async def orphans(self, bot: str, now: float) -> Sequence[TurnRecord]:
        """Open turns of a bot whose process is dead: the oldest ones, a limited number at a time."""
        return [turn_of(row) for row in await self._read(leases.orphans(self._process, bot, now, PAGE))]

    async def adopt(self, turn_id: str, now: float) -> TurnRecord | None:
        """Take over an orphan; returns the turn as it is now, or None if another process was quicker."""
        row = await self._write(leases.adopt(self._process, turn_id, now), brief=True)
        return turn_of(row) if row else None

    async def hand_back(self, turn_id: str) -> None:
        """Make a turn of this process an orphan, because it cannot be ended now."""
        await self._write(leases.hand_back(self._process, turn_id), brief=True)

    async def _release(self) -> None:
        if self._leased:
            self._leased = False
            with suppress(StoreError):  # the lease then runs out by itself
                await self._write(leases.release(self._process))

    async def _look(self, work: Work[T]) -> T:
        """Read a few rows, if possible on the writer's connection, whose cache has what it wrote."""
        return await (self._write_lane if self._write_lane.free else self._read_lane).run(work, brief=True)

    async def _one_turn(self, sql: str, value: str) -> TurnRecord | None:
        rows = await self._look(found(sql, value))
        return turn_of(rows[0]) if rows else None

    # -- conversations

    async def history(
        self, key: ConversationKey, turns: int, *, idle_s: float, now: float
    ) -> Sequence[Exchange]:
        """The last ``turns`` exchanges of a conversation accepted until ``now``, the oldest first.

        They begin after the last ``start_anew`` and the last silence of ``idle_s``.
        """
        return await self._look(lambda connection: _history(connection, key, turns, idle_s, now))

    async def start_anew(self, key: ConversationKey, at: float) -> None:
        """Begin a new conversation: the agent gets nothing from before. The turns stay stored."""
        sql = "INSERT OR REPLACE INTO fresh_starts VALUES (?, ?, ?, ?)"
        await self._write(changed(sql, *values_of(key), at), brief=True)

    # -- feedback

    async def rate(self, feedback: Feedback) -> None:
        """Store a rating: one for each turn and user, the last one wins.

        Raises StoreError for an unknown turn.
        """
        f = feedback
        sql = (
            "INSERT INTO feedback (turn_id, bot, user_id, rating, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (turn_id, user_id) DO UPDATE SET rating = excluded.rating, at = excluded.at"
        )
        try:
            await self._write(changed(sql, f.turn_id, f.bot, f.user_id, f.rating, f.at), brief=True)
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise StoreError("the rated turn is no longer stored") from error
            raise

    async def rating(self, turn_id: str, user_id: str) -> str:
        """The rating that a person gave to a turn; empty if there is none."""
        sql = "SELECT rating FROM feedback WHERE turn_id = ? AND user_id = ?"
        rows = await self._look(found(sql, turn_id, user_id))
        return rows[0]["rating"] if rows else ""

    async def feedback(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[FeedbackRow]:
        """Ratings of a bot (None: of all bots) since that time, the oldest first."""
        async for row in self._listed(_FEEDBACK, bot, since):
            yield FeedbackRow(*row[1:])

    async def unanswered(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[UnansweredRow]:
        """Questions without an answer to a bot (None: to all bots) since that time, the oldest first."""
        async for row in self._listed(_UNANSWERED, bot, since):
            yield UnansweredRow(*row[1:])

    async def _listed(self, sql: str, bot: str | None, since: float) -> AsyncIterator[sqlite3.Row]:
        """The rows of a long listing, page by page; their first two columns are the row number and ``at``."""
        place = (since, -1)
        while rows := await self._read(found(sql, *place, bot, bot, PAGE)):
            for row in rows:
                yield row
            place = (rows[-1]["at"], rows[-1]["row"])

    # -- accepted generations

    async def generations(self, folder: str) -> Mapping[str, bytes]:
        """The digests of the stored generations of a bots folder, by the path of the bot file."""
        return await self._read(lambda connection: generations.digests(connection, folder))

    async def generation(self, folder: str, path: str) -> Generation | None:
        """The stored generation of one bot file."""
        return await self._read(lambda connection: generations.find_generation(connection, folder, path))

    async def keep_generations(self, folder: str, new: Iterable[Generation], gone: Iterable[str]) -> None:
        """Store ``new`` generations, each replacing an earlier one; remove those of the paths ``gone``."""
        new, gone = tuple(new), tuple(gone)
        await self._write(lambda connection: generations.keep(connection, folder, new, gone))

    # -- calls

    async def add_calls(self, month: str, calls: Mapping[tuple[str, str], int]) -> None:
        """Add calls, by bot and organisation, to a month (``2026-11``)."""
        await self._write(spent.add(month, calls))

    async def calls(self, month: str) -> Mapping[tuple[str, str], int]:
        """The calls of a month by bot and organisation, of every process."""
        return await self._read(spent.of_month(month))

    # -- forgetting

    async def forget(self, user_id: str) -> int:
        """Remove a person's turns, ratings and conversations; returns the number of turns."""

        def work(connection: sqlite3.Connection) -> int:
            connection.execute("DELETE FROM feedback WHERE user_id = ?", (user_id,))
            connection.execute(_REMEMBER_MESSAGES, (user_id,))
            connection.execute("DELETE FROM fresh_starts WHERE conversation_sender = ?", (user_id,))
            return connection.execute("DELETE FROM turns WHERE sender_id = ?", (user_id,)).rowcount

        removed = await self._write(work)
        # The write-ahead log still holds what was removed. Try to empty it, which fails while somebody reads.
        await self._write_lane.run(found("PRAGMA wal_checkpoint(TRUNCATE)"))
        return removed

    async def expire(self, before: float) -> int:
        """Remove turns accepted before that time, with everything that belongs to them.

        Returns their number.
        """
        sql = "DELETE FROM turns WHERE row IN (SELECT row FROM turns WHERE accepted_at < ? LIMIT ?)"
        total = 0
        while removed := await self._write(changed(sql, before, PAGE)):
            total += removed
        await self._write(changed("DELETE FROM fresh_starts WHERE at < ?", before))
        await self._write(changed("DELETE FROM forgotten WHERE at < ?", before))
        return total


@cache
def _insert(*columns: str) -> str:
    into = f"turns ({', '.join(columns)}) SELECT {', '.join('?' * len(columns))}"
    return f"INSERT INTO {into} WHERE NOT EXISTS ({_FORGOTTEN}) ON CONFLICT (bot, message_id) DO NOTHING"


def _history(
    connection: sqlite3.Connection, key: ConversationKey, turns: int, idle_s: float, now: float
) -> list[Exchange]:
    """The exchanges, read from the newest on until there are enough, or a silence was too long."""
    bot, conversation, sender = values_of(key)
    past = connection.execute(_PAST, {"bot": bot, "conversation": conversation, "sender": sender, "now": now})
    exchanges: list[Exchange] = []
    later = now
    for row in past:
        if len(exchanges) == turns or later - row["ended_at"] > idle_s:
            break
        later = row["accepted_at"]
        if row["phase"] == CardPhase.FINAL and row["answer"] and not row["replaced"]:
            exchanges.append(
                Exchange(row["question"], row["answer"], "" if key.sender_id else row["sender_nick"])
            )
    return exchanges[::-1]
