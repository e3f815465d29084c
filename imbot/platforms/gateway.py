"""The live link of one app of a platform: its protocol, and that of the handler which it delivers to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, Protocol

from imbot.model import CardAction, CardChange, CardRef, CardView, Message

Going = Callable[[], Awaitable[None]]
Made = Callable[[CardRef], Awaitable[None]]
GatewayState = Literal["down", "connecting", "connected"]

# Called for every call that the platform counts, with the key of the card that the call is about, and the
# organisation in whose month it counts (empty: not known).
Spent = Callable[[str, str], None]


def unseen(key: str, organisation: str) -> None:
    """A ``Spent`` that counts nothing."""


async def unnamed(ref: CardRef) -> None:
    """A ``Made`` that journals nothing, for apps that choose the ids of their cards before they make them."""


class Priority(IntEnum):
    """Which of an app's waiting calls goes first: the one with the smallest value."""

    END = 0
    CREATE = 1
    UPDATE = 2


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """The state of a gateway. Times are epoch seconds; ``error`` is the text of the last failure, if any.

    ``opened`` is the number of connections made so far: 1 means that it never had to reconnect.
    """

    state: GatewayState
    connected_since: float | None = None
    opened: int = 0
    error: str = ""


class GatewayHandler(Protocol):
    """What a gateway delivers to: a bot."""

    @property
    def name(self) -> str:
        """The bot's name, for the log."""
        ...

    async def on_message(self, message: Message) -> None:
        """Take a message over. The gateway acknowledges it when this returns. Never waits for an agent."""
        ...

    async def on_action(self, action: CardAction) -> CardChange | None:
        """Handle a click; returns what changes on the clicked card, None if nothing does."""
        ...


class Gateway(Protocol):
    """The live link of one app.

    Its class takes ``(credentials, endpoint, spent, limiter)``: ``endpoint`` None is the real platform, ``spent``
    is called for every call that the platform counts, and ``limiter`` None lets the gateway make its own rate
    limit. Every method that makes a call may raise ``PlatformError``. A call that failed with ``TransientError`` is
    repeated by the caller; the gateway itself only repeats a call once with a new token.
    """

    @property
    def status(self) -> GatewayStatus:
        """Its state now."""
        ...

    def attach(self, handler: GatewayHandler | None) -> None:
        """Deliver to this handler from now on. None: to nobody, and messages are not acknowledged."""
        ...

    async def prove(self, credentials: Mapping[str, Any]) -> None:
        """Try other credentials of the same app without using them. Raises PlatformError if they are refused."""
        ...

    def use_credentials(self, credentials: Mapping[str, Any], qps: float) -> None:
        """Use these credentials and that many calls per second from now on. No connection is touched."""
        ...

    async def run(self) -> None:
        """Be connected until cancelled, reconnecting with backoff. Never ends by itself.

        Cancelling closes the connection with a close frame and returns promptly. Cards may still be
        updated after that, until ``close``.
        """
        ...

    async def ready(self) -> None:
        """Return when connected."""
        ...

    def new_card(self, message: Message) -> CardRef:
        """The card that will answer a message, with an id where the app chooses it. No call is made."""
        ...

    def overflow_bytes(self, view: CardView) -> int:
        """How many bytes a view is beyond what one card takes; 0: it fits.

        If the platform refuses a card that fits as too large, that call raises TransientError, and from then on
        the limit is lower.
        """
        ...

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView], made: Made) -> CardView:
        """Make a card and show it where the message came from; returns the view that was shown.

        ``latest`` as in ``update_card``. On a platform that names its cards itself, or that needs ``ref.sequence``,
        the gateway makes the card first, then awaits ``made`` with its name, which journals it, and only then shows
        the card, with ``ref.key`` as the idempotency key. So no card is shown that the journal does not know, even
        after a crash in between. Other gateways need not await ``made``; they may tell it ``ref.quoted_as``.
        """
        ...

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Show the newest view of a card; returns the view that was shown.

        ``latest`` returns the newest view. It is called when the call may go out, not before. ``ref.sequence`` is
        larger than in every earlier call about this card, also in those before a restart.
        """
        ...

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Show the last view of a card and end its streaming. Safe to repeat.

        If another process has made the card but not shown it, this shows it, by its key.
        """
        ...

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:
        """Send ``text`` (Markdown) as a message to where the card would be.

        ``going`` is awaited when the message may go out, before it is sent. If ``going`` raises, nothing is sent.
        """
        ...

    async def close(self) -> None:
        """Release everything; no call works afterwards."""
        ...
