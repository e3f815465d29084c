"""Turns as rows of the SQLite store, and functions that make work on rows for its threads."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from imbot.model import CardPhase, CardRef, ConversationKey, Sender, TurnRecord, Usage

FIELDS = tuple(each.name for each in fields(TurnRecord))


def row_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of ``TurnRecord`` as columns of the table. Raises TypeError for an unknown field."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        match name:
            case "conversation":
                _, row["conversation_id"], row["conversation_sender"] = values_of(value)
            case "sender":
                row["sender_id"], row["sender_nick"] = value.id, value.nick
            case "card":
                row["card_id"], row["card_address"] = value.id, _json(value.address)
                row["card_quoted_as"] = value.quoted_as
            case "extras":
                row["extras"] = _json(value)
            case "usage":
                row["prompt_tokens"] = value and value.input_tokens
                row["completion_tokens"] = value and value.output_tokens
            case "phase":
                row["phase"] = str(value)
            case _ if name in FIELDS:
                row[name] = value
            case _:
                raise TypeError(f"a turn has no field {name!r}")
    return row


def turn_of(row: sqlite3.Row) -> TurnRecord:
    """The turn that a row holds."""
    extras = json.loads(row["extras"])
    sequence, quoted_as = extras.get("sequence", 0), row["card_quoted_as"]
    return TurnRecord(
        id=row["id"],
        bot=row["bot"],
        message_id=row["message_id"],
        conversation=ConversationKey(row["bot"], row["conversation_id"], row["conversation_sender"]),
        conversation_kind=row["conversation_kind"],
        sender=Sender(row["sender_id"], row["sender_nick"]),
        question=row["question"],
        card=CardRef(row["card_id"], json.loads(row["card_address"]), row["id"], sequence, quoted_as),
        accepted_at=row["accepted_at"],
        phase=CardPhase(row["phase"]),
        answer=row["answer"],
        error=row["error"],
        finished_at=row["finished_at"],
        fingerprint=row["fingerprint"],
        layout=row["layout"],
        extras=extras,
        shown=row["shown"],
        replaced=bool(row["replaced"]),
        not_found=bool(row["not_found"]),
        quote=row["quote"],
        usage=None if row["prompt_tokens"] is None else Usage(row["prompt_tokens"], row["completion_tokens"]),
    )


def values_of(key: ConversationKey) -> tuple[str, str, str]:
    """A conversation as its three columns."""
    return key.bot, key.conversation_id, key.sender_id


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))


def changed(sql: str, *values: Any) -> Callable[[sqlite3.Connection], int]:
    """Work that runs one statement and returns how many rows it changed."""
    storable = tuple(map(_storable, values))
    return lambda connection: connection.execute(sql, storable).rowcount


def found(sql: str, *values: Any) -> Callable[[sqlite3.Connection], list[sqlite3.Row]]:
    """Work that runs one query and returns its rows."""
    storable = tuple(map(_storable, values))
    return lambda connection: connection.execute(sql, storable).fetchall()


def _storable(value: Any) -> Any:
    """A value that SQLite accepts: surrogate pairs are joined, lone surrogates replaced."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
