"""The values that travel between layers: messages in, cards out, what the agent said in between.

All frozen. Nothing here knows a platform, an agent, a database or a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

ConversationKind = Literal["single", "group"]
FinishReason = Literal["stop", "length", "content_filter"]
TurnShown = Literal["", "card", "sending", "said"]


# -- a person says something ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote or clicked. ``id`` is stable per organisation; ``nick`` is for showing only."""

    id: str
    nick: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One inbound utterance.

    ``id`` names the utterance (not its delivery: redeliveries carry the same id). ``text`` is
    trimmed, its mention of the bot removed; None when the message holds nothing we can read
    (a sticker, a video). ``received_at`` is in epoch seconds. ``address`` is whatever the
    platform needs to answer: strings and numbers only, opaque above ``platforms/``.
    """

    id: str
    conversation_id: str
    conversation_kind: ConversationKind
    sender: Sender
    text: str | None
    received_at: float
    conversation_title: str = ""
    address: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """One thread of talk: ``sender_id`` is empty where a group shares its conversation."""

    bot: str
    conversation_id: str
    sender_id: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One finished question and answer, as the agent is told of the past."""

    question: str
    answer: str


# -- the agent answers ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """The agent accepted the question; ids are the agent's own, for its stop and feedback calls."""

    conversation_id: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class TextReplace:
    """The whole answer so far: from cumulative servers, moderation, a final authoritative text."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the thinking; never mixed into the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source the answer rests on."""

    title: str
    url: str = ""
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the person might ask next, best first."""

    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """The agent knows no answer; the bot file's ``texts.not_found`` is shown instead of an answer."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens this answer took, as the agent counts them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The end, exactly once and last. A failure is an ``AgentError``, raised instead."""

    reason: FinishReason = "stop"


AgentEvent = (
    Started | TextDelta | TextReplace | ReasoningDelta | Citation | Suggestions | NotFound | Usage | Finished
)


# -- a card shows it -----------------------------------------------------------------------------


class CardPhase(StrEnum):
    """Where a turn stands, as its card shows it. The last three are terminal."""

    THINKING = "thinking"
    STREAMING = "streaming"
    FINAL = "final"
    ERROR = "error"
    STOPPED = "stopped"

    @property
    def terminal(self) -> bool:
        """Whether a card in this phase changes no more (but for its buttons)."""
        return self in (CardPhase.FINAL, CardPhase.ERROR, CardPhase.STOPPED)


@dataclass(frozen=True, slots=True)
class CardRef:
    """A card that is made or will be.

    ``id`` is what the platform knows it by, and is empty until then where the platform chooses it. ``key`` is the
    id of the turn it answers: the same for every try to show it. ``sequence`` numbers what changes it, for
    platforms that take changes in order only; it grows over restarts. ``address`` says where it stands, as
    ``Message.address``.
    """

    id: str
    address: Mapping[str, Any] = field(default_factory=dict, repr=False)
    key: str = ""
    sequence: int = 0


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
    retry: bool = False  # the answer was cut off by a failure of ours: whoever asked may ask again
    replaced: bool = False  # it was asked again, and is answered elsewhere


@dataclass(frozen=True, slots=True)
class CardView:
    """One rendered state of a card: what a gateway shows.

    ``data`` is the kind's output, ready for the wire. ``native`` is what else the kind tells its gateway: the
    values of its own keys in the bot file, as they hold for this card; JSON values, opaque above ``platforms/``.
    ``title`` and ``text`` say the same as plain Markdown: for notifications and for the reply when no card can
    be made. ``button_keys`` are the keys of ``data`` that hold buttons and nothing of the turn. ``mention`` is
    who is to notice the card in a group.
    """

    kind: str
    phase: CardPhase
    data: Mapping[str, Any]
    title: str
    text: str
    native: Mapping[str, Any] = field(default_factory=dict)
    button_keys: frozenset[str] = frozenset()
    mention: Sender | None = None


# -- a person clicks -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardAction:
    """A click's meaning. ``id`` is the clicked button's id, see ``cards.buttons.button_id``; ``params`` what it carried."""

    card_id: str
    id: str
    user_id: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CardChange:
    """The answer to a click: the card before and after it. The platform decides what it makes of them.

    ``private``: for the clicker only. ``buttons_only``: other layouts have drawn the card that people see, so that
    only its buttons may change. ``notice`` is a word for the clicker, for platforms that show one.
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
    beyond the named fields (suggestions, citations, what it is made of): JSON values. ``shown`` is what
    people are known to see: nothing yet, a ``card``, a text that is on its way (``sending``) or was
    ``said``. ``replaced``: it was asked again, so its answer is no longer part of the conversation.
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


@dataclass(frozen=True, slots=True)
class Feedback:
    """A stored rating: one per user and card, the last wins."""

    turn_id: str
    bot: str
    user_id: str
    rating: str
    at: float
