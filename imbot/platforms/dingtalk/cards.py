"""Cards on show: each is made, changed and ended with the fewest calls that do it.

``gateway.py`` hands its card calls on to here; ``calls.py`` builds what ``openapi.py`` sends.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase, CardRef, CardView
from imbot.platforms.dingtalk import calls, codes
from imbot.platforms.dingtalk.calls import Call, Caller
from imbot.platforms.dingtalk.card_size import CardSize
from imbot.platforms.dingtalk.wire import Address
from imbot.platforms.gateway import Priority

MOST_SHOWN = 2_000  # cards; of one that is forgotten all is sent anew


@dataclass(slots=True)
class _Shown:
    """What a card shows as far as we know; values whose call failed are not known."""

    data: dict[str, Any]
    at: float  # of the loop's clock: who waited longest is updated first
    expected: tuple[str, ...]  # the APIs that the next update will likely use: whichever has room

    def changed(self, view: CardView) -> dict[str, Any]:
        """What differs from what is shown."""
        return {k: v for k, v in view.data.items() if k not in self.data or self.data[k] != v}

    def changing(self, view: CardView) -> dict[str, Any]:
        """What differs, and is not known from now on until the call is confirmed."""
        changed = self.changed(view)
        for key in changed:
            self.data.pop(key, None)
        return changed


class Cards:
    """The cards of one app."""

    def __init__(self, api: Caller) -> None:
        self._api = api
        self._shown: dict[str, _Shown] = {}
        self._card_size = CardSize()

    def overflow_bytes(self, view: CardView) -> int:
        """How many bytes a view is beyond what one card takes; it grows stricter by what the platform says."""
        return self._card_size.overflow_bytes(view)

    async def create(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Make a card. That it exists already is a success: an earlier attempt came through.

        What a repeated attempt shows is not known: the platform may keep the first one's data.
        """
        now = _now()
        doubtful = ref.id in self._shown
        view: CardView

        def make(_: str) -> Call:
            nonlocal view
            view = latest()
            return calls.create(ref.id, Address(**ref.address), view)

        try:
            call = self._api.call(ref, (calls.AI_CREATE,), make, Priority.CREATE, now)
            await self._card_size.call_within_limit(call, lambda: view)
        except FatalError as error:
            if error.code not in codes.CARD_EXISTS:
                raise
            doubtful = True
        except TransientError as error:
            if error.retry_after_s is None:
                self._remember(ref, _Shown({}, now, _put_apis(view)))
            raise
        expected = _put_apis(view) if doubtful else _next_apis(view)
        self._remember(ref, _Shown({} if doubtful else dict(view.data), _now(), expected))
        return view

    async def update(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Show the newest view by one call: as streaming if only the content changed, else by key."""
        shown = self._known(ref)
        view: CardView
        changed: dict[str, Any] = {}

        def make(api: str) -> Call | None:
            nonlocal view, changed
            view = latest()
            changed = shown.changing(view)
            by_key = api == calls.AI_PUT and _public(view)
            if changed.keys() == {calls.content_key(view)} and not by_key:
                return calls.stream_ai(ref.id, calls.content_key(view), view.data[calls.content_key(view)])
            return _put(ref, view, changed) if changed else None

        call = self._api.call(ref, shown.expected, make, Priority.UPDATE, shown.at)
        await self._card_size.call_within_limit(call, lambda: view)
        if changed:
            shown.data.update(changed)
            shown.at = _now()
        shown.expected = _next_apis(view)
        return view

    async def finish(self, ref: CardRef, view: CardView) -> None:
        """Show the last view and end the card's streaming. Forgets the card, so repeating sends it all."""
        shown = self._known(ref)
        del self._shown[ref.id]
        # Only a template of one's own has states that the platform keeps; the built-in one shows its
        # state by a variable, and streaming must not be what ends it.
        streams = bool(calls.content_key(view)) and not _public(view)
        changed = shown.changed(view)
        if streams:
            changed.pop(calls.content_key(view), None)
        if changed:
            await self._end(ref, view, _put(ref, view, changed), shown.at)
        if streams:
            await self._end_streaming(ref, view, shown.at)

    async def _end_streaming(self, ref: CardRef, view: CardView, since: float) -> None:
        content = view.data.get(calls.content_key(view), view.text)
        if view.phase is CardPhase.ERROR:
            try:
                failed = calls.stream_ai(ref.id, calls.content_key(view), content, error=True)
                await self._end(ref, view, failed, since)
                return
            except FatalError as error:
                if error.code in codes.CARD_MISSING:
                    raise
                # Not every template has a failed state; the finished one shows the same words.
        ended = calls.stream_ai(ref.id, calls.content_key(view), content, finalize=True)
        await self._end(ref, view, ended, since)

    async def _end(self, ref: CardRef, view: CardView, call: Call, since: float) -> None:
        calling = self._api.call(ref, (call.api,), lambda _: call, Priority.END, since)
        await self._card_size.call_within_limit(calling, lambda: view)

    def _known(self, ref: CardRef) -> _Shown:
        """What we know of a card; nothing of one from before a restart, so all of it will be sent."""
        shown = self._shown.get(ref.id)
        if shown is None:
            shown = _Shown({}, _now(), (calls.AI_PUT,))
            self._remember(ref, shown)
        return shown

    def _remember(self, ref: CardRef, shown: _Shown) -> None:
        """Know this of a card; the oldest card is forgotten where there are too many that were never ended."""
        self._shown[ref.id] = shown
        if len(self._shown) > MOST_SHOWN:
            del self._shown[next(iter(self._shown))]


def _put(ref: CardRef, view: CardView, changed: Mapping[str, Any]) -> Call:
    if calls.is_standard(view):
        return calls.put_standard(ref.id, view.data)
    return calls.put_ai(ref.id, changed)


def _put_apis(view: CardView) -> tuple[str, ...]:
    return (calls.STANDARD_PUT,) if calls.is_standard(view) else (calls.AI_PUT,)


def _next_apis(view: CardView) -> tuple[str, ...]:
    """What the update after this view will likely use: while an answer grows only the content changes."""
    if not calls.content_key(view) or view.phase is not CardPhase.STREAMING:
        return _put_apis(view)
    # What streams in a template of one's own is changed by streaming alone; in the public one it is a
    # variable like others, so that both APIs serve, each with calls per second of its own.
    return (calls.AI_STREAM, calls.AI_PUT) if _public(view) else (calls.AI_STREAM,)


def _public(view: CardView) -> bool:
    return calls.template_id(view) == calls.BUILT_IN_TEMPLATE


def _now() -> float:
    return asyncio.get_running_loop().time()
