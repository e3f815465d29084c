"""The parts of the simulated organisation: apps, people, conversations, messages, cards, calls.

Each has ``to_json``, which returns the form that the chat page receives.
"""

import base64
import hashlib
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

CORP_ID = "dingsimulator0000"
STANDARD_CARD = "StandardCard"
AI_MARKDOWN = "382e4302-551d-4880-bf29-a30acfab2e71"

ConversationKind = Literal["single", "group"]

# This public template takes its state from a variable; the streaming flags do not change it.
_FLOW = {"1": "processing", "2": "inputting", "3": "finished", "4": "processing", "5": "failed"}

K = TypeVar("K")
V = TypeVar("V")


class Recent(OrderedDict[K, V]):
    """A mapping that keeps its newest ``limit`` entries, so that a long run does not fill the memory."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self.limit:
            self.popitem(last=False)


def now_ms() -> int:
    """The time of day in milliseconds, the platform's unit."""
    return time.time_ns() // 1_000_000


def opaque(*parts: str) -> str:
    """A stable identifier that looks like the platform's: 24 characters of base64."""
    return base64.b64encode(hashlib.md5("|".join(parts).encode(), usedforsecurity=False).digest()).decode()


@dataclass(frozen=True, slots=True)
class User:
    """A person of the organisation; ``id`` is the staff id."""

    id: str
    nick: str

    @property
    def union_id(self) -> str:
        """The id that is the same in all organisations."""
        return f"un-{self.id}"

    @property
    def sender_id(self) -> str:
        """The encrypted id that messages carry."""
        return f"$:LWCP_v1:${opaque('user', self.id)}"

    def to_json(self) -> dict[str, Any]:
        """USER of the page's contract."""
        return {"id": self.id, "nick": self.nick}


@dataclass(slots=True)
class App:
    """A registered application, which is also its robot; ``base`` is the address its clients use."""

    id: str
    secret: str = field(repr=False)
    name: str
    base: str
    connections: int = 0
    token: str = field(default="", repr=False)
    token_expires: float = 0.0

    @property
    def robot_id(self) -> str:
        """The robot's encrypted user id."""
        return f"$:LWCP_v1:${opaque('robot', self.id)}"

    @property
    def unified_id(self) -> str:
        """The ``appId`` of frames."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.id))

    @property
    def agent_id(self) -> int:
        """The number under which the organisation lists the app."""
        return uuid.uuid5(uuid.NAMESPACE_OID, self.id).time_low

    def to_json(self) -> dict[str, Any]:
        """APP of the page's contract."""
        return {"id": self.id, "name": self.name, "connections": self.connections}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation of a robot with one person, or with everybody; then ``users`` is that of the world."""

    id: str
    kind: ConversationKind
    app: App
    users: dict[str, User]

    @property
    def title(self) -> str:
        """The group's name, or the person's."""
        if self.kind == "group":
            return f"{self.app.name} 讨论组"
        return next(iter(self.users.values())).nick

    def to_json(self) -> dict[str, Any]:
        """CONVERSATION of the page's contract."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "app": self.app.id,
            "users": list(self.users),
        }


@dataclass(slots=True)
class Message:
    """One entry of a conversation; ``sender`` is a user, or None for the robot.

    ``delivered``: it was written to a connection; ``acked``: the robot has taken it over.
    """

    conversation: str
    app: App
    sender: User | None
    type: str = "text"
    title: str = ""
    text: str = ""
    card: str | None = None
    delivered: bool = True
    acked: bool = False
    mentions: list[str] = field(default_factory=list)
    reactions: list[str] = field(default_factory=list)
    id: str = field(default_factory=lambda: f"msg{opaque(uuid.uuid4().hex)}")
    at: int = field(default_factory=now_ms)

    def to_json(self) -> dict[str, Any]:
        """MESSAGE of the page's contract."""
        sender = {"kind": "user", "id": self.sender.id, "nick": self.sender.nick} if self.sender else None
        return {
            "id": self.id,
            "conversation": self.conversation,
            "app": self.app.id,
            "from": sender or {"kind": "bot", "id": self.app.id, "nick": self.app.name},
            "type": self.type,
            "title": self.title,
            "text": self.text,
            "card": self.card,
            "at": self.at,
            "delivered": self.delivered,
            "mentions": self.mentions,
            "reactions": self.reactions,
        }


@dataclass(slots=True)
class Card:
    """An AI card or a StandardCard: its public variables, those of each viewer, and the state of its stream."""

    id: str
    template: str
    app: str
    data: dict[str, Any]
    callback: bool = False
    user_id_type: int = 1
    private: dict[str, dict[str, Any]] = field(default_factory=dict)
    stream_state: str = "processing"
    streamed: str | None = None
    conversation: str | None = None
    created: int = field(default_factory=now_ms)
    updated: int = field(default_factory=now_ms)
    calls: int = 0
    guids: set[str] = field(default_factory=set, repr=False)

    @property
    def state(self) -> str:
        """What the card shows: processing, inputting, finished or failed."""
        if self.template.startswith(AI_MARKDOWN):
            return _FLOW.get(self.data.get("flowStatus", ""), self.stream_state)
        return self.stream_state

    def put(self, data: dict[str, Any], *, by_key: bool) -> None:
        """Replace all public variables; with ``by_key`` only those that are in ``data``."""
        self.data = {**self.data, **data} if by_key else dict(data)

    def put_private(self, user: str, data: dict[str, Any], *, by_key: bool) -> None:
        """Replace the variables of one viewer in the same way."""
        self.private[user] = {**self.private.get(user, {}), **data} if by_key else dict(data)

    def to_json(self) -> dict[str, Any]:
        """CARD of the page's contract."""
        return {
            "id": self.id,
            "template": self.template,
            "app": self.app,
            "data": self.data,
            "private": self.private,
            "state": self.state,
            "streamed": self.streamed,
            "conversation": self.conversation,
            "created": self.created,
            "updated": self.updated,
            "calls": self.calls,
            "callback": self.callback,
        }


@dataclass(frozen=True, slots=True)
class Call:
    """One API call as the journal keeps it; ``code`` is the platform's error code or empty."""

    id: int
    at: int
    app: str | None
    method: str
    path: str
    status: int
    code: str
    bytes: int
    ms: float
    card: str | None
    summary: str

    def to_json(self) -> dict[str, Any]:
        """CALL of the page's contract."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Bots:
    """What who runs the bots lets the page know of them; nobody here reads it."""

    told: Sequence[Mapping[str, Any]] | None = None

    def to_json(self) -> list[dict[str, Any]] | None:
        """The BOTs of the page's contract, what is left out with its default; None as long as nobody told."""
        return None if self.told is None else [{**_UNTOLD, **bot} for bot in self.told]


_UNTOLD: Mapping[str, Any] = {
    "title": "",
    "app": None,
    "state": "running",
    "since": None,
    "problems": [],
    "trouble": [],
    "questions": [],
    "failing": None,
    "failures": [],
}
