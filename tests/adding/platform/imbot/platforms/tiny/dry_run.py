"""The tiny platform without itself: the same calls, which go nowhere."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from imbot.model import CardRef, CardView, Message
from imbot.platforms.gateway import Going, Made


class TinyDryRun:
    """One app that nobody reaches; a ``DryRun``."""

    def __init__(self, called: Callable[[str], Awaitable[None]]) -> None:
        self._called = called

    def address(self, message: Message) -> Mapping[str, Any]:
        """Where a message came from."""
        return {"conversation": message.conversation_id}

    def overflow_bytes(self, view: CardView) -> int:  # noqa: ARG002 - a dry run's signature
        """None: slips are as long as they need to be."""
        return 0

    async def create_card(self, ref: CardRef, latest: Callable[[], CardView], made: Made) -> CardView:
        """Make it, tell its name, show it."""
        await self._called(ref.id)
        await made(ref)
        await self._called(ref.id)
        return latest()

    async def update_card(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Replace it."""
        await self._called(ref.id)
        return latest()

    async def finish_card(self, ref: CardRef, view: CardView) -> None:  # noqa: ARG002 - a dry run's signature
        """Replace it for the last time."""
        await self._called(ref.id)

    async def send_text(self, ref: CardRef, title: str, text: str, going: Going) -> None:  # noqa: ARG002 - a dry run's signature
        """Say something."""
        await going()
        await self._called(ref.id)

    def layout(self, view: CardView) -> Mapping[str, Any]:
        """What is drawn is what the layout says."""
        return view.data

    def answer(self, view: CardView) -> str:
        """The text of the slip."""
        return str(view.data.get("text", view.text))
