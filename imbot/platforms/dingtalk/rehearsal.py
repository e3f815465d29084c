"""DingTalk without DingTalk: the same cards and texts, by the same calls, which go nowhere.

``cards.py`` and ``texts.py`` decide here as in ``gateway.py``; only what they call is a stand-in.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from imbot.model import CardRef, CardView, Message
from imbot.pacing import Quota
from imbot.platforms import Priority
from imbot.platforms.dingtalk import texts
from imbot.platforms.dingtalk.calls import Call
from imbot.platforms.dingtalk.cards import Cards
from imbot.platforms.dingtalk.wire import Address

Called = Callable[[str], Awaitable[None]]


class DingTalkRehearsal:
    """One app that nobody reaches; a ``Rehearsal``."""

    def __init__(self, called: Called) -> None:
        self._called = called
        self._quota = Quota(per_second=20)
        self._cards: dict[str, Cards] = {}

    def address(self, message: Message) -> Mapping[str, Any]:
        """An address in the robot's own name: a webhook would expire by the real clock."""
        return asdict(
            Address(
                robot_code="rehearsal",
                conversation_id=message.conversation_id,
                kind=message.conversation_kind,
                staff_id=message.sender.id,
            )
        )

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Decide on the call that makes a card."""
        return await self._of(ref).create(ref, latest)

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Decide on the call that changes it, if any."""
        return await self._of(ref).update(ref, latest)

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Decide on the calls that end it."""
        await self._of(ref).finish(ref, view)

    async def send_text(self, ref: CardRef, title: str, text: str) -> None:
        """Decide on the messages it takes."""
        await texts.send(_Nowhere(self._called, self._quota, ref.id), Address(**ref.address), title, text)

    def _of(self, ref: CardRef) -> Cards:
        return self._cards.setdefault(ref.id, Cards(_Nowhere(self._called, self._quota, ref.id)))


class _Nowhere:
    """Takes the calls about one card."""

    def __init__(self, called: Called, quota: Quota, card_id: str) -> None:
        self._called = called
        self._quota = quota
        self._card_id = card_id

    async def granted(self, api: str, priority: Priority, since: float) -> None:
        await self._quota.take(api, priority, since)

    async def send(self, call: Call) -> Mapping[str, Any]:  # noqa: ARG002 - it goes nowhere
        await self._called(self._card_id)
        return {}

    async def post_webhook(self, url: str, body: Mapping[str, Any]) -> None:  # noqa: ARG002
        await self._called(self._card_id)
