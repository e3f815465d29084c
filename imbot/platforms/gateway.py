"""The live link of one app of a platform: what the rest of imbot asks of it, and what it delivers to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, Protocol

from imbot.model import CardAction, CardChange, CardRef, CardView, Message

Going = Callable[[], Awaitable[None]]
Made = Callable[[CardRef], Awaitable[None]]
GatewayState = Literal["down", "connecting", "connected"]

# Hears of every call that the platform counts: the key of the card it is about, and the organisation
# (empty: not known) in whose month it counts.
Spent = Callable[[str, str], None]


def unseen(key: str, organisation: str) -> None:
    """Heard by nobody."""


async def unnamed(ref: CardRef) -> None:
    """Nothing is to be journalled: the app has named the card before it made it."""


class Priority(IntEnum):
    """Who goes first when calls of one app must wait; smaller is sooner."""

    END = 0
    CREATE = 1
    UPDATE = 2


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """How a gateway stands. Times are epoch seconds; ``error`` is the last failure's text, if any.

    ``opened`` counts connections made so far: 1 means the first one still stands.
    """

    state: GatewayState
    connected_since: float | None = None
    opened: int = 0
    error: str = ""


class GatewayHandler(Protocol):
    """What a gateway delivers to: a bot."""

    async def on_message(self, message: Message) -> None:
        """Take a message over; the platform is told so when this returns. Never waits for an agent."""
        ...

    async def on_action(self, action: CardAction) -> CardChange | None:
        """What the clicked card shows now; None: nothing changes."""
        ...


class Gateway(Protocol):
    """The live link of one app.

    The class takes ``(credentials, endpoint, spent)``; ``endpoint`` None is
    the real platform. All calls may raise ``PlatformError``; transient failures of single
    calls are the caller's to repeat, but for one token refresh.
    """

    @property
    def status(self) -> GatewayStatus:
        """How it stands now."""
        ...

    def attach(self, handler: GatewayHandler | None) -> None:
        """Deliver to this handler from now on; None: to nobody (what comes is then not acknowledged)."""
        ...

    async def prove(self, credentials: Mapping[str, Any]) -> None:
        """Try other credentials of the same app without using them. Raises what the platform said."""
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

        Where the platform finds a card too large all the same, the call raises TransientError and this
        becomes stricter.
        """
        ...

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView], made: Made) -> CardView:
        """Make a card and show it where the message came from; ``latest`` as in ``update_card``.

        A platform that names its cards, or that wants a sequence, makes the card first, awaits ``made`` with the
        name, which journals it, and shows the card then with ``ref.key`` as its idempotency key: so a crash in
        between leaves nothing that is shown and not known. Others need not await it.
        """
        ...

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Show the newest view: ``latest`` is called when the call may go out. What was shown.

        ``ref.sequence`` is larger than in any call before, over restarts too.
        """
        ...

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Show the last view of a card and end its streaming. Safe to repeat.

        A card that another process made may not have been shown yet: then this shows it, by its key.
        """
        ...

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:
        """Say ``text`` (Markdown) where the card would stand, without a card.

        ``going`` is awaited when it may go out, before anything of it does; what it raises calls it off.
        """
        ...

    async def close(self) -> None:
        """Release everything; no call works afterwards."""
        ...
