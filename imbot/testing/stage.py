"""The stage: a gateway without a platform, which records what people would see, and when.

A platform type's ``DryRun`` decides which calls are made. The stage delays and counts them, and keeps what
they show, one ``Shown`` for each answer.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from imbot.model import CardChange, CardPhase, CardRef, CardView, Message
from imbot.platforms import DryRun, open_dry_run
from imbot.platforms.gateway import GatewayHandler, GatewayStatus, Going, Made


@dataclass(slots=True)
class Shown:
    """What people saw of one answer. Times are those of the loop's clock, in seconds."""

    said_at: float
    dry_run: DryRun
    views: list[CardView] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    first_at: float | None = None
    last_at: float | None = None
    calls: int = 0
    updates: int = 0
    _clicked: dict[str, dict[str, Any]] = field(default_factory=dict)  # by user; empty: everybody

    @property
    def phase(self) -> CardPhase | None:
        """The phase of the card as it is now; None without a card."""
        return self.views[-1].phase if self.views else None

    def card(self, user: str) -> Mapping[str, Any]:
        """The card as that user sees it now, by the keys of its layout; empty without a card."""
        return self.dry_run.layout(self._view(user)) if self.views else {}

    def text(self, user: str) -> str:
        """The texts that the user sees now: the card's, then the messages."""
        shown = [self.dry_run.answer(self._view(user))] if self.views else []
        return "\n".join([*shown, *self.messages])

    def every_text(self) -> list[str]:
        """All texts that anybody saw at any time."""
        return [*map(self.dry_run.answer, self.views), *self.messages]

    def change(self, change: CardChange, user: str) -> None:
        """Apply the change of a click, for its user or for everybody."""
        self._clicked.setdefault(user if change.private else "", {}).update(change.data)

    def saw(self, now: float) -> None:
        """Note that something was shown at this time."""
        self.first_at = now if self.first_at is None else self.first_at
        self.last_at = now

    def _view(self, user: str) -> CardView:
        last = self.views[-1]
        return replace(last, data={**last.data, **self._clicked.get("", {}), **self._clicked.get(user, {})})


class Stage:
    """A ``Gateway`` of a platform type. Each call takes ``latency_s``."""

    def __init__(self, type_name: str, latency_s: float) -> None:
        self.shown: dict[str, Shown] = {}  # by card id
        self.status = GatewayStatus("connected")
        self._latency_s = latency_s
        self._dry_run = open_dry_run(type_name, self._called)

    def address(self, message: Message) -> Mapping[str, Any]:
        """The address that the answer to a message goes to."""
        return self._dry_run.address(message)

    # -- called by a bot

    def new_card(self, message: Message) -> CardRef:
        """The card for the answer to a message, with the message's id."""
        self.shown[message.id] = Shown(_now(), self._dry_run)
        return CardRef(message.id, message.address)

    def overflow_bytes(self, view: CardView) -> int:
        """By how many bytes a view is too large for one card."""
        return self._dry_run.overflow_bytes(view)

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView], made: Made) -> CardView:
        """Show a new card."""
        view = await self._dry_run.create_card(ref, latest, made)
        self._show(ref, view)
        return view

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Change a card."""
        with _Counted(self.shown[ref.id]):
            view = await self._dry_run.update_card(ref, latest)
        self._show(ref, view)
        return view

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Show a card's last state."""
        with _Counted(self.shown[ref.id]):
            await self._dry_run.finish_card(ref, view)
        self._show(ref, view)

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:
        """Send a message without a card."""
        await self._dry_run.send_text(ref, title, text, going)
        self.shown[ref.id].messages.append(text)
        self.shown[ref.id].saw(_now())

    def _show(self, ref: CardRef, view: CardView) -> None:
        self.shown[ref.id].views.append(view)
        self.shown[ref.id].saw(_now())

    async def _called(self, card_id: str) -> None:
        self.shown[card_id].calls += 1
        if self._latency_s:
            await asyncio.sleep(self._latency_s)

    # -- used only by a live connection

    def attach(self, handler: GatewayHandler | None) -> None:
        """Do nothing: the test delivers the messages."""

    async def prove(self, credentials: Mapping[str, Any]) -> None:
        """Do nothing: any credentials will do."""

    def use_credentials(self, credentials: Mapping[str, Any], qps: float) -> None:
        """Do nothing: any credentials will do."""

    async def ready(self) -> None:
        """Return at once."""

    async def run(self) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""


class _Counted:
    """Counts the calls made in its block as updates. A card has one writer, so they are all of this card."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def __enter__(self) -> None:
        self._before = self._shown.calls

    def __exit__(self, *_: object) -> None:
        self._shown.updates += self._shown.calls - self._before


def _now() -> float:
    return asyncio.get_running_loop().time()
