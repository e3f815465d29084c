"""The gateway of a tiny app: it takes what waits in the app's queue, and shows slips."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imbot.model import CardAction, CardRef, CardView, Message, Sender
from imbot.platforms.gateway import GatewayHandler, GatewayStatus, Going, Made, Spent, unseen
from imbot.platforms.tiny.hub import HUB

if TYPE_CHECKING:
    from imbot.usage.rate_limit import RateLimiter


class TinyGateway:
    """The live link of one app; a ``Gateway``."""

    def __init__(
        self,
        credentials: Mapping[str, Any],
        endpoint: str | None = None,  # noqa: ARG002 - a gateway's signature
        spent: Spent = unseen,
        limiter: "RateLimiter | None" = None,  # noqa: ARG002 - a gateway's signature
    ) -> None:
        self._app = credentials["app"]
        self._spent = spent
        self._handler: GatewayHandler | None = None
        self._up = asyncio.Event()

    @property
    def status(self) -> GatewayStatus:
        """Connected while it runs."""
        up = self._up.is_set()
        return GatewayStatus("connected" if up else "down", opened=int(up))

    def attach(self, handler: GatewayHandler | None) -> None:
        """Deliver to this handler from now on."""
        self._handler = handler

    async def prove(self, credentials: Mapping[str, Any]) -> None:
        """Any will do."""

    def use_credentials(self, credentials: Mapping[str, Any], qps: float) -> None:
        """There are no secrets."""

    async def run(self) -> None:
        """Take what comes until cancelled."""
        self._up.set()
        try:
            while True:
                await self._take(await HUB.queues[self._app].get())
        finally:
            self._up.clear()

    async def ready(self) -> None:
        """Return when it runs."""
        await self._up.wait()

    def new_card(self, message: Message) -> CardRef:
        """The platform will name it."""
        return CardRef("", message.address)

    def overflow_bytes(self, view: CardView) -> int:  # noqa: ARG002 - a gateway's signature
        """None: slips are as long as they need to be."""
        return 0

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView], made: Made) -> CardView:
        """Make a card, have its name journalled, then show it."""
        ref = replace(ref, id=ref.id or HUB.make(self._app))
        self._count(ref)
        await made(ref)
        view = latest()
        HUB.put(ref.id, view.data, 1)
        HUB.show(ref.id, ref.key)
        return view

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Replace a card."""
        self._count(ref)
        view = latest()
        HUB.put(ref.id, view.data, ref.sequence + 1)
        return view

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Replace a card for the last time; it is shown, if another process did not come to that."""
        self._count(ref)
        if not HUB.cards[ref.id]["closed"]:
            HUB.put(ref.id, view.data, ref.sequence + 1, closed=True)
        HUB.show(ref.id, ref.key)

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:  # noqa: ARG002 - a gateway's signature
        """Say something."""
        await going()
        self._count(ref)
        HUB.texts.append(text)

    async def close(self) -> None:
        """Nothing is open."""

    def _count(self, ref: CardRef) -> None:
        self._spent(ref.key, "everybody")

    async def _take(self, push: Mapping[str, Any]) -> None:
        assert self._handler
        if "click" in push:
            change = await self._handler.on_action(CardAction(push["card"], push["click"], push["user"]))
            if change:  # this platform shows a toast, and leaves the card as it is
                HUB.toasts.append(change.notice or "done")
            return
        message = Message(
            push["id"], "room", "single", Sender(push["user"]), push["text"], time.time(), address={"room": 1}
        )
        await self._handler.on_message(message)
