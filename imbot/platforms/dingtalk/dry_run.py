"""The dry run of DingTalk: decides on the same calls as the gateway, and sends none of them.

``cards.py`` and ``texts.py`` decide as they do for ``gateway.py``; only the ``Caller`` is another one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from imbot.model import CardRef, CardView, Message
from imbot.platforms.dingtalk import calls, texts
from imbot.platforms.dingtalk.calls import Call
from imbot.platforms.dingtalk.cards import Cards
from imbot.platforms.dingtalk.kinds.ai import unpacked
from imbot.platforms.dingtalk.slots import in_turn
from imbot.platforms.dingtalk.wire import Address
from imbot.platforms.gateway import Going, Made, Priority, unnamed
from imbot.usage.rate_limit import RateLimiter

Called = Callable[[str], Awaitable[None]]


class DingTalkDryRun:
    """The ``DryRun`` of one DingTalk app."""

    def __init__(self, called: Called) -> None:
        self._api = _Nowhere(called)
        self._cards = Cards(self._api)

    def address(self, message: Message) -> Mapping[str, Any]:
        """An address without a webhook, because webhooks expire by the real clock."""
        return asdict(
            Address(
                robot_code="dry-run",
                conversation_id=message.conversation_id,
                kind=message.conversation_kind,
                staff_id=message.sender.id,
            )
        )

    def overflow_bytes(self, view: CardView) -> int:
        """How many bytes a view is beyond what one card takes."""
        return self._cards.overflow_bytes(view)

    async def create_card(
        self,
        ref: CardRef,
        latest: Callable[[], CardView],
        made: Made = unnamed,  # noqa: ARG002 - the app names its cards
    ) -> CardView:
        """Decide on the call that makes a card."""
        return await self._cards.create(ref, latest)

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Decide on the call that changes it, if any."""
        return await self._cards.update(ref, latest)

    async def finish_card(self, ref: CardRef, view: CardView) -> None:
        """Decide on the calls that end it."""
        await self._cards.finish(ref, view)

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:
        """Decide on the messages that the text takes."""
        await texts.send(self._api, ref, title, text, going)

    def layout(self, view: CardView) -> Mapping[str, Any]:
        """What a card shows, under the names that its layout uses."""
        return unpacked(view.data)

    def answer(self, view: CardView) -> str:
        """The value of the variable that streams; if none does, the text of the whole card."""
        return str(view.data.get(calls.content_key(view), view.text))


class _Nowhere:
    """A ``Caller`` that sends nothing. Its calls wait for the rate limit as real ones do."""

    def __init__(self, called: Called) -> None:
        self._called = called
        self._limiter = RateLimiter(per_second=20)

    async def call(
        self,
        about: CardRef,
        apis: Sequence[str],
        make: Callable[[str], Call | None],
        priority: Priority,
        since: float = 0.0,
        going: Going | None = None,
    ) -> None:
        """As ``Caller.call``, without an answer."""
        await in_turn(self._limiter, apis, make, lambda _: self._called(about.id), priority, since, going)
