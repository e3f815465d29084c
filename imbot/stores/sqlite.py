"""The SQLite store: one file beside the bots. Its tables are in ``schema``, its threads in ``connection``."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

from imbot.errors import StoreError
from imbot.model import CardPhase, CardRef, ConversationKey, Exchange, Feedback, Sender, TurnRecord
from imbot.stores import FeedbackRow
from imbot.stores.connection import IN_MEMORY, Lane, Writer, connect_to_read, connect_to_write

PAGE = 500  # rows that a long listing or a clean-up takes at once, so that others get a word in

_TURN = "SELECT * FROM turns WHERE id = ?"
_TURN_OF_CARD = "SELECT * FROM turns WHERE card_id = ?"
# The phases are word for word those of the index turns_open, or it is not used.
_OPEN_TURNS = (
    "SELECT * FROM turns WHERE bot = ? AND phase IN ('thinking', 'streaming') ORDER BY accepted_at, row"
)
_PAST = """
    SELECT question, answer, phase, accepted_at, coalesce(finished_at, accepted_at) AS ended_at
    FROM turns
    WHERE bot = :bot AND conversation_id = :conversation AND conversation_sender = :sender
      AND accepted_at <= :now
      AND accepted_at > coalesce(
        (SELECT at FROM fresh_starts
         WHERE bot = :bot AND conversation_id = :conversation AND conversation_sender = :sender), -1)
    ORDER BY accepted_at DESC, row DESC"""
_FEEDBACK = """
    SELECT f.row, f.at, f.bot, f.user_id, f.rating, t.question, t.answer, f.turn_id
    FROM feedback f JOIN turns t ON t.id = f.turn_id
    WHERE (f.at, f.row) > (?, ?) AND (? IS NULL OR f.bot = ?)
    ORDER BY f.at, f.row LIMIT ?"""


class SqliteStore:
    """Every ``Store`` call on one file; ``:memory:`` keeps nothing. It belongs to one event loop."""

    def __init__(self, write_lane: Lane, read_lane: Lane) -> None:
        self._write_lane = write_lane
        self._read_lane = read_lane
        self._write = Writer(write_lane).write
        self._read = read_lane.run

    @classmethod
    async def open(cls, path: str | Path) -> Self:
        """The store in that file, made or upgraded where needed. Raises StoreError with a cure."""
        write_lane = Lane(Path(path), "imbot-store-write")
        await write_lane.open(connect_to_write)
        if str(path) == IN_MEMORY:
            return cls(write_lane, write_lane)
        read_lane = Lane(Path(path), "imbot-store-read")
        try:
            await read_lane.open(connect_to_read)
        except BaseException:
            await write_lane.close()
            raise
        return cls(write_lane, read_lane)

    async def close(self) -> None:
        """Commit what waits and let go of the file."""
        try:
            await self._read_lane.close()
        finally:
            await self._write_lane.close()

    # -- turns

    async def accept(self, turn: TurnRecord) -> bool:
        """Journal a new turn; False, and nothing written, when its bot has seen ``message_id`` before."""
        row = _row({name: getattr(turn, name) for name in _FIELDS})
        into = f"turns ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"
        sql = f"INSERT INTO {into} ON CONFLICT (bot, message_id) DO NOTHING"
        return await self._write(_changed(sql, *row.values())) == 1

    async def update_turn(self, turn_id: str, **changes: Any) -> None:
        """Set fields of ``TurnRecord``; nothing happens to a turn that was forgotten meanwhile."""
        row = _row(changes)
        columns = ", ".join(f"{column} = ?" for column in row)
        sql = f"UPDATE turns SET {columns} WHERE id = ?"  # noqa: S608 (our own words)
        await self._write(_changed(sql, *row.values(), turn_id))

    async def turn(self, turn_id: str) -> TurnRecord | None:
        """The turn of that id."""
        return await self._one_turn(_TURN, turn_id)

    async def turn_of_card(self, card_id: str) -> TurnRecord | None:
        """The turn whose card that is."""
        return await self._one_turn(_TURN_OF_CARD, card_id)

    async def open_turns(self, bot: str) -> Sequence[TurnRecord]:
        """Turns of a bot in no terminal phase, oldest first."""
        return [_turn(row) for row in await self._read(_found(_OPEN_TURNS, bot))]

    async def _one_turn(self, sql: str, value: str) -> TurnRecord | None:
        rows = await self._read(_found(sql, value))
        return _turn(rows[0]) if rows else None

    # -- conversations

    async def history(
        self, key: ConversationKey, turns: int, *, idle_s: float, now: float
    ) -> Sequence[Exchange]:
        """The last ``turns`` final exchanges of a conversation, oldest first.

        Nothing before the conversation was last started anew or was silent for ``idle_s``, and
        nothing accepted after ``now``.
        """
        return await self._read(lambda connection: _history(connection, key, turns, idle_s, now))

    async def start_anew(self, key: ConversationKey, at: float) -> None:
        """Forget the conversation's history for the agent; the turns stay for the record."""
        sql = "INSERT OR REPLACE INTO fresh_starts VALUES (?, ?, ?, ?)"
        await self._write(_changed(sql, *_values(key), at))

    # -- feedback

    async def rate(self, feedback: Feedback) -> None:
        """Keep a rating: one per turn and user, the last wins. Raises StoreError for an unknown turn."""
        f = feedback
        sql = (
            "INSERT INTO feedback (turn_id, bot, user_id, rating, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (turn_id, user_id) DO UPDATE SET rating = excluded.rating, at = excluded.at"
        )
        try:
            await self._write(_changed(sql, f.turn_id, f.bot, f.user_id, f.rating, f.at))
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise StoreError("the rated turn is no longer kept") from error
            raise

    async def feedback(self, bot: str | None = None, since: float = 0.0) -> AsyncIterator[FeedbackRow]:
        """Ratings of a bot (None: of all) since that time, oldest first."""
        place = (since, -1)
        while rows := await self._read(_found(_FEEDBACK, *place, bot, bot, PAGE)):
            for row in rows:
                yield FeedbackRow(*row[1:])
            place = (rows[-1]["at"], rows[-1]["row"])

    # -- forgetting

    async def forget(self, user_id: str) -> int:
        """Remove a person: their turns, ratings, conversations. The number of turns removed."""

        def work(connection: sqlite3.Connection) -> int:
            connection.execute("DELETE FROM feedback WHERE user_id = ?", (user_id,))
            connection.execute("DELETE FROM fresh_starts WHERE conversation_sender = ?", (user_id,))
            return connection.execute("DELETE FROM turns WHERE sender_id = ?", (user_id,)).rowcount

        removed = await self._write(work)
        # The log beside the file still has what was removed; emptying it is tried, readers permitting.
        await self._write_lane.run(_found("PRAGMA wal_checkpoint(TRUNCATE)"))
        return removed

    async def expire(self, before: float) -> int:
        """Remove turns accepted before that time with all that hangs on them. Their number."""
        sql = "DELETE FROM turns WHERE row IN (SELECT row FROM turns WHERE accepted_at < ? LIMIT ?)"
        total = 0
        while removed := await self._write(_changed(sql, before, PAGE)):
            total += removed
        await self._write(_changed("DELETE FROM fresh_starts WHERE at < ?", before))
        return total


_FIELDS = tuple(each.name for each in fields(TurnRecord))


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ``TurnRecord`` as columns of the table."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        match name:
            case "conversation":
                _, row["conversation_id"], row["conversation_sender"] = _values(value)
            case "sender":
                row["sender_id"], row["sender_nick"] = value.id, value.nick
            case "card":
                row["card_id"], row["card_address"] = value.id, _json(value.address)
            case "extras":
                row["extras"] = _json(value)
            case "phase":
                row["phase"] = str(value)
            case _ if name in _FIELDS:
                row[name] = value
            case _:
                raise TypeError(f"a turn has no field {name!r}")
    return row


def _turn(row: sqlite3.Row) -> TurnRecord:
    return TurnRecord(
        id=row["id"],
        bot=row["bot"],
        message_id=row["message_id"],
        conversation=ConversationKey(row["bot"], row["conversation_id"], row["conversation_sender"]),
        conversation_kind=row["conversation_kind"],
        sender=Sender(row["sender_id"], row["sender_nick"]),
        question=row["question"],
        card=CardRef(row["card_id"], json.loads(row["card_address"])),
        accepted_at=row["accepted_at"],
        phase=CardPhase(row["phase"]),
        answer=row["answer"],
        error=row["error"],
        finished_at=row["finished_at"],
        fingerprint=row["fingerprint"],
        layout=row["layout"],
        extras=json.loads(row["extras"]),
    )


def _history(
    connection: sqlite3.Connection, key: ConversationKey, turns: int, idle_s: float, now: float
) -> list[Exchange]:
    """Walk back in time until there is enough, a silence or a fresh start."""
    bot, conversation, sender = _values(key)
    past = connection.execute(_PAST, {"bot": bot, "conversation": conversation, "sender": sender, "now": now})
    exchanges: list[Exchange] = []
    later = now
    for row in past:
        if len(exchanges) == turns or later - row["ended_at"] > idle_s:
            break
        later = row["accepted_at"]
        if row["phase"] == CardPhase.FINAL and row["answer"]:
            exchanges.append(Exchange(row["question"], row["answer"]))
    return exchanges[::-1]


def _values(key: ConversationKey) -> tuple[str, str, str]:
    return key.bot, key.conversation_id, key.sender_id


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))


def _changed(sql: str, *values: Any) -> Callable[[sqlite3.Connection], int]:
    """Work that runs one statement and tells how many rows it changed."""
    storable = tuple(map(_storable, values))
    return lambda connection: connection.execute(sql, storable).rowcount


def _found(sql: str, *values: Any) -> Callable[[sqlite3.Connection], list[sqlite3.Row]]:
    """Work that runs one query and brings its rows."""
    storable = tuple(map(_storable, values))
    return lambda connection: connection.execute(sql, storable).fetchall()


def _storable(value: Any) -> Any:
    """Half an emoji, as a stream may carry it, is no text to SQLite: joined with its other half or replaced."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
