"""The values that travel between packages: messages, what agents answer, cards, clicks, stored turns.

All are frozen. Nothing here depends on a platform, an agent, a database or a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from imbot.model.agent_events import (
    AgentEvent,
    Alive,
    Citation,
    Finished,
    FinishReason,
    NotFound,
    ReasoningDelta,
    Started,
    Suggestions,
    TextDelta,
    TextReplace,
    Usage,
)

__all__ = [
    "AgentEvent",
    "Alive",
    "CardAction",
    "CardChange",
    "CardContext",
    "CardPhase",
    "CardRef",
    "CardView",
    "Citation",
    "ConversationKey",
    "ConversationKind",
    "Exchange",
    "Feedback",
    "FinishReason",
    "Finished",
    "Message",
    "NotFound",
    "ReasoningDelta",
    "Sender",
    "Started",
    "Suggestions",
    "TextDelta",
    "TextReplace",
    "TurnRecord",
    "TurnShown",
    "Usage",
]

ConversationKind = Literal["single", "group"]
TurnShown = Literal["", "card", "sending", "said"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote or clicked. ``id`` is stable per organisation; ``nick`` is for showing only."""

    id: str
    nick: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One incoming message.

    ``id`` is the same when the platform delivers the message again. ``text`` is trimmed, without the mention
    of the bot; None when the message holds nothing that imbot can read (a sticker, a video). ``received_at``
    is in epoch seconds. ``address`` is what the platform needs for the answer: strings and numbers, opaque
    above ``platforms/``. ``quote`` is the end of ``text`` that shows the message which this one answers, line by
    line after ``> ``. ``quoted_card`` is the platform's name of the quoted card, if it is one of the bot's own.
    ``shared``: several people talk in this one conversation.
    ``unread`` names what else the message holds that no agent gets, such as ``图片``.
    """

    id: str
    conversation_id: str
    conversation_kind: ConversationKind
    sender: Sender
    text: str | None
    received_at: float
    conversation_title: str = ""
    shared: bool = False
    address: Mapping[str, Any] = field(default_factory=dict, repr=False)
    quote: str = ""
    quoted_card: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """Identifies one conversation; ``sender_id`` is empty where a whole group shares it."""

    bot: str
    conversation_id: str
    sender_id: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One finished question with its answer: the history that the agent gets.

    ``speaker`` is the name of who asked, where several people share the conversation.
    """

    question: str
    answer: str
    speaker: str = ""


# -- a card shows it, and people click -----------------------------------------------------------


class CardPhase(StrEnum):
    """The phase of a turn, as its card shows it. The last three are terminal."""

    THINKING = "thinking"
    STREAMING = "streaming"
    FINAL = "final"
    ERROR = "error"
    STOPPED = "stopped"

    @property
    def terminal(self) -> bool:
        """Whether the turn has ended, so that only the card's buttons still change."""
        return self in (CardPhase.FINAL, CardPhase.ERROR, CardPhase.STOPPED)


@dataclass(frozen=True, slots=True)
class CardRef:
    """A card that has been made, or will be.

    ``id`` is the platform's id of the card. Where the platform chooses it, it is empty until the card is
    made. ``key`` is the id of the turn that it answers, the same for every attempt to show it. ``sequence``
    numbers the card's changes, for platforms that take them in order only; it keeps growing over restarts.
    ``address`` says where the card is, like ``Message.address``. ``quoted_as`` is the name that a message which
    quotes the card has for it (``Message.quoted_card``), where that is not the id; empty: not known.
    """

    id: str
    address: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key: str = ""
    sequence: int = 0
    quoted_as: str = ""


@dataclass(frozen=True, slots=True)
class CardContext:
    """What a card template may use, in every phase (besides ``vars`` and ``buttons`` of the bot file)."""

    phase: CardPhase
    question: str = ""
    answer: str = ""
    reasoning: str = ""
    error: str = ""
    chosen: str = ""  # the rating this viewer gave, as ``feedback.chosen``
    suggestions: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    sender: Sender = Sender("")
    conversation_kind: ConversationKind = "single"
    elapsed_s: float = 0.0
    retry: bool = False  # the answer was cut off by a failure of ours: the sender may ask again
    replaced: bool = False  # the question was asked again, and is answered on another card


@dataclass(frozen=True, slots=True)
class CardView:
    """One rendered state of a card: what a gateway shows.

    ``data`` is the kind's output, ready for the wire. ``native`` holds the values of the kind's own keys in
    the bot file for this card, as JSON; only code in ``platforms/`` looks into it. ``title`` and ``text`` are
    the same content as plain Markdown, for notifications and for the reply when no card can be made.
    ``button_keys`` are the keys of ``data`` that hold only buttons. ``mention`` is the person to notify in a
    group.
    """

    kind: str
    phase: CardPhase
    data: Mapping[str, Any]
    title: str
    text: str
    native: Mapping[str, Any] = field(default_factory=dict)
    button_keys: frozenset[str] = frozenset()
    mention: Sender | None = None


@dataclass(frozen=True, slots=True)
class CardAction:
    """A click on a card.

    ``id`` is the button's id (``cards.buttons.button_id``), ``params`` what it carries.
    """

    card_id: str
    id: str
    user_id: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardChange:
    """The answer to a click: the card before and after it. The gateway decides how to show the change.

    ``private``: for the clicker only. ``buttons_only``: the card that people see was drawn with other
    layouts, so only its buttons may change. ``notice`` is a short text for the clicker, if the platform has one.
    """

    before: CardView
    after: CardView
    private: bool = False
    buttons_only: bool = False
    notice: str = ""

    @property
    def data(self) -> Mapping[str, Any]:
        """The keys of ``CardView.data`` that change, with their new values."""
        keys = self.after.button_keys if self.buttons_only else self.after.data.keys()
        before, after = self.before.data, self.after.data
        return {key: after[key] for key in after if key in keys and after[key] != before.get(key)}


# -- what is remembered --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One message and its answer, as the store keeps it.

    Times are epoch seconds. ``layout`` is the fingerprint of the card layouts that drew the card;
    ``fingerprint`` the bot generation's. ``extras`` holds what rendering the card again needs
    beyond the named fields (suggestions, citations, kind and native values), as JSON. ``shown`` is what
    people surely see: nothing yet, a ``card``, a text that is being sent (``sending``) or was sent
    (``said``). ``replaced``: the question was asked again, so this answer left the conversation. ``usage``
    is what the agent reported; ``not_found``: it knew no answer. ``quote`` is the end of ``question`` that is
    quoted, as in ``Message``.
    """

    id: str
    bot: str
    message_id: str
    conversation: ConversationKey
    conversation_kind: ConversationKind
    sender: Sender
    question: str
    card: CardRef
    accepted_at: float
    phase: CardPhase = CardPhase.THINKING
    answer: str = ""
    error: str = ""
    finished_at: float | None = None
    fingerprint: str = ""
    layout: str = ""
    extras: Mapping[str, Any] = field(default_factory=dict)
    shown: TurnShown = ""
    replaced: bool = False
    usage: Usage | None = None
    not_found: bool = False
    quote: str = ""

    @property
    def label(self) -> str:
        """Bot and turn, as lines of the log begin."""
        return f"{self.bot}: turn {self.id}"


@dataclass(frozen=True, slots=True)
class Feedback:
    """A stored rating: one per user and card, the last wins."""

    turn_id: str
    bot: str
    user_id: str
    rating: str
    at: float
