"""The meaning of a valid bot file: frozen values that the loader makes and all other packages read.

Durations are in seconds. Defaults are in the schemas, not here: the loader fills them in.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from imbot.errors import Marks
from imbot.model import CardPhase
from imbot.text.masking import MASK

_IN_QUERY = re.compile(
    r"[?&][\w.-]*(?:key|token|secret|sig|passw|auth|credential)[\w.-]*=(?P<value>[^&#\s]+)", re.IGNORECASE
)


class Secret:
    """A string that prints as ``***``; ``reveal`` is the only way to its value."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value in the clear, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not written anywhere")


def leaves(value: Any) -> Iterator[Any]:
    """Every value inside nested mappings and lists that is neither of them."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield value


def secrets_in(value: Any) -> Iterator[str]:
    """Every secret in the value, also those in queries of URLs, in the clear: to keep it out of messages."""
    for leaf in leaves(value):
        if isinstance(leaf, Secret):
            yield leaf.reveal()
        elif isinstance(leaf, str) and "://" in leaf:
            yield from (found["value"] for found in _IN_QUERY.finditer(leaf))


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text file as it was when it was read; ``path`` is for messages."""

    path: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of text files as it was when it was read, sorted by path."""

    path: str
    files: tuple[TextFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A card layout: a mapping whose strings are templates, with the place of each.

    ``pointer`` is where the layout begins inside ``marks`` (``/card/templates/final`` in a bot file, empty in
    a layout file). Places do not count when layouts are compared.
    """

    value: Mapping[str, Any]
    path: str = field(default="", compare=False)
    pointer: str = field(default="", compare=False)
    marks: Marks = field(default_factory=Marks, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """What produces the answer.

    ``settings`` are the keys of its type: secrets as ``Secret``, files as ``TextFile``, folders as
    ``Folder``. ``bot`` has the ``name`` and ``title`` of its bot, ``time_zone`` is where people ask, empty for that
    of this machine. ``path`` and ``marks`` are for the places of problems that are found later. Two are equal if they ask
    the same agent in the same way, whatever the bot is called.
    """

    type: str
    settings: Mapping[str, Any]
    path: str = field(default="", compare=False)
    marks: Marks = field(default_factory=Marks, compare=False, repr=False)
    bot: Mapping[str, str] = field(default_factory=dict, compare=False)
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits of the agent: to connect, to the first event, between events, in all (None: no limit).

    ``queued_s`` is to the first event of an agent that shows until then that it lives.
    """

    connect_s: float
    first_event_s: float
    idle_s: float
    total_s: float | None
    queued_s: float


@dataclass(frozen=True, slots=True)
class HistorySpec:
    """How much history the agent gets: at most so many exchanges and characters."""

    turns: int
    chars: int


@dataclass(frozen=True, slots=True)
class ConversationSpec:
    """What counts as one conversation in a group, and after how much silence a new one begins."""

    group: Literal["per_sender", "shared"]
    idle_s: float


@dataclass(frozen=True, slots=True)
class Commands:
    """The words of each command to the bot."""

    new: tuple[str, ...]
    stop: tuple[str, ...]
    help: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardSpec:
    """How answers look. ``files`` are the texts that templates may include, by their name there.

    ``own`` are the keys that only its kind knows. A phase without a template uses the kind's built-in layout.
    ``meant`` maps texts that templates include but that do not exist to the names probably meant.
    """

    kind: str
    own: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, Any] = field(default_factory=dict)
    templates: Mapping[CardPhase, Layout] = field(default_factory=dict)
    mention_sender: bool = False
    actions: tuple[str, ...] = ()
    actions_by: Literal["asker", "anyone"] = "asker"
    action_labels: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, TextFile] = field(default_factory=dict)
    meant: Mapping[str, str] = field(default_factory=dict, compare=False)
    path: str = field(default="", compare=False)
    marks: Marks = field(default_factory=Marks, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often one answer updates its card."""

    pace: Literal["adaptive", "fixed", "economy", "final_only"]
    max_updates: int
    interval_s: float
    chunks: int


@dataclass(frozen=True, slots=True)
class QuotaSpec:
    """What the platform allows: the app's calls per second, the organisation's calls per month (None: any)."""

    qps: float
    monthly: int | None = None


@dataclass(frozen=True, slots=True)
class FeedbackButton:
    """One way to rate an answer."""

    label: str
    rating: str


@dataclass(frozen=True, slots=True)
class FeedbackSpec:
    """The rating buttons under a final card, and the thanks after a click."""

    buttons: tuple[FeedbackButton, ...] = ()
    thanks: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one bot takes on.

    Questions answered at once (of one person, of all people), questions that wait, characters of a message
    and of an answer.
    """

    per_user: int
    per_bot: int
    queue: int
    message_chars: int
    answer_chars: int


@dataclass(frozen=True, slots=True)
class Access:
    """Who may talk with the bot: these people, and everybody in these groups; everyone if both are None."""

    users: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    admins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BotSpec:
    """One bot as its file means it, complete: everything a running bot is made from.

    ``identity`` is the value that must be unique over bots of one type (for DingTalk the client
    id); ``texts`` maps each name of the schema's ``texts`` to a template. ``fingerprint`` is equal
    exactly when the effective meaning is; ``path`` and ``sources`` (every file that was read for
    it) are no part of the meaning, nor is ``accepted_at``: epoch seconds, for what comes from the store.
    ``invented`` are the pointers of what was made up of the name, as nothing is set for it.
    """

    name: str
    title: str
    enabled: bool
    type: str
    identity: str
    credentials: Mapping[str, Any]
    agent: AgentSpec
    timeouts: Timeouts
    history: HistorySpec
    conversation: ConversationSpec
    commands: Commands
    texts: Mapping[str, str]
    card: CardSpec
    throttle: Throttle
    quota: QuotaSpec
    feedback: FeedbackSpec
    limits: Limits
    access: Access
    fingerprint: str = ""
    path: str = field(default="", compare=False)
    sources: tuple[str, ...] = field(default=(), compare=False)
    invented: frozenset[str] = field(default=frozenset(), compare=False)
    accepted_at: float | None = field(default=None, compare=False)
    marks: Marks = field(default_factory=Marks, compare=False, repr=False)


def secrets_of(spec: BotSpec) -> Iterator[str]:
    """Every secret of a bot file, in the clear: to keep it out of the log."""
    return secrets_in((spec.credentials, spec.agent.settings, spec.card.vars))
