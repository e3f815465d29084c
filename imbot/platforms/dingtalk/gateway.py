"""The DingTalk gateway: one app's connection, cards and messages behind the ``Gateway`` protocol.

``stream.py`` receives pushes, ``wire.py`` reads them, and the attached handler takes them. ``cards.py`` and
``texts.py`` show answers; ``calls.py`` builds their calls, and ``openapi.py`` sends them.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from imbot.model import CardRef, CardView, Message
from imbot.platforms.dingtalk import calls, texts, wire
from imbot.platforms.dingtalk.cards import Cards
from imbot.platforms.dingtalk.openapi import Credentials, OpenApi
from imbot.platforms.dingtalk.stream import CLICKS, MESSAGES, Route, Stream, UnattendedError
from imbot.platforms.dingtalk.times import Times
from imbot.platforms.gateway import GatewayHandler, GatewayStatus, Going, Made, Spent, unnamed, unseen
from imbot.usage.rate_limit import RateLimiter

log = logging.getLogger(__name__)

CARD_FIRST_S = 0.002  # delay of an acknowledgement, so that the card goes first: people wait for that


class DingTalkGateway:
    """The live link of one DingTalk app."""

    def __init__(
        self,
        credentials: Mapping[str, Any],
        endpoint: str | None = None,
        spent: Spent = unseen,
        limiter: RateLimiter | None = None,
        times: Times | None = None,
    ) -> None:
        times = times or Times()
        self._handler: GatewayHandler | None = None
        self._spent = spent
        self._api = OpenApi(Credentials.read(credentials), endpoint, times, self._count, limiter)
        self._cards = Cards(self._api)
        routes = {
            MESSAGES: Route(self._take_message, times.ack_s),
            CLICKS: Route(self._take_click, times.answer_s),
        }
        self._stream = Stream(self._api, routes, times)
        self._over_quota = False

    @property
    def status(self) -> GatewayStatus:
        """The state of the connection now."""
        return self._stream.status

    def attach(self, handler: GatewayHandler | None) -> None:
        """Deliver to this handler from now on; None: to nobody."""
        self._handler = handler
        if handler:
            self._stream.name = handler.name

    async def prove(self, credentials: Mapping[str, Any]) -> None:
        """Get a token with other credentials, without using them."""
        await self._api.prove(Credentials.read(credentials))

    def use_credentials(self, credentials: Mapping[str, Any], qps: float) -> None:
        """Use these credentials and that rate from now on. An open connection stays open."""
        self._api.limiter.set_rate(qps)
        new = Credentials.read(credentials)
        if new != self._api.credentials:
            self._api.use_credentials(new)
            self._stream.hurry()

    async def run(self) -> None:
        """Be connected until cancelled."""
        await self._stream.run()

    async def ready(self) -> None:
        """Return when connected."""
        await self._stream.up.wait()

    def new_card(self, message: Message) -> CardRef:
        """A card with a new id, to answer a message."""
        return CardRef(uuid.uuid4().hex, message.address)

    def overflow_bytes(self, view: CardView) -> int:
        """How many bytes a view is beyond what one card takes."""
        return self._cards.overflow_bytes(view)

    async def create_card(
        self,
        ref: CardRef,
        latest: Callable[[], CardView],
        made: Made = unnamed,
    ) -> CardView:
        """Make a card and show it where the message came from."""
        return await self._cards.create(ref, latest, made)

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Show the newest view of a card."""
        return await self._cards.update(ref, latest)

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Show the last view of a card, also of one from before a restart."""
        await self._cards.finish(ref, view)

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:
        """Send ``text`` as a message, without a card."""
        await texts.send(self._api, ref, title, text, going)

    async def close(self) -> None:
        """Release everything; no call works afterwards."""
        await self._api.close()

    def _count(self, card: CardRef) -> None:
        self._spent(card.key, card.address.get("organisation", ""))

    async def _take_message(self, data: Mapping[str, Any]) -> None:
        handler = self._attached()
        if (notice := wire.quota_notice(data)) is not None:
            self._warn_of_quota(notice)
            return
        self._over_quota = False
        app = self._api.credentials
        message = wire.parse_message(
            data, client_id=app.client_id, robot_code=app.robot_code, received_at=time.time()
        )
        await handler.on_message(message)
        await asyncio.sleep(CARD_FIRST_S)

    async def _take_click(self, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        change = await self._attached().on_action(wire.parse_action(data))
        return calls.callback_response(change) if change else None

    def _attached(self) -> GatewayHandler:
        if self._handler is None:
            raise UnattendedError
        return self._handler

    def _warn_of_quota(self, notice: str) -> None:
        """Log it once until messages have content again, because every push reports it."""
        if not self._over_quota:
            log.warning(
                "%s: messages arrive without content: the organisation's quota is used up (%s)",
                self._api.credentials.client_id,
                notice,
            )
        self._over_quota = True
