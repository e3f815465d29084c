"""Makes, changes and ends the cards of an app, each with as few calls as possible.

``gateway.py`` passes its card calls on to this module; ``calls.py`` builds the calls, ``openapi.py`` sends them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase, CardRef, CardView
from imbot.platforms.dingtalk import calls, codes
from imbot.platforms.dingtalk.calls import Call, Caller
from imbot.platforms.dingtalk.card_size import CardSize
from imbot.platforms.dingtalk.wire import Address
from imbot.platforms.gateway import Made, Priority, unnamed

MOST_SHOWN = 2_000  # cards that are remembered; the next call about a forgotten card sends all of it


@dataclass(slots=True)
class _Shown:
    """What we know that a card shows. Values whose call failed are not known."""

    data: dict[str, Any]
    at: float  # when it last changed, by the loop's clock; the card that waited longest is updated first
    expected: tuple[str, ...]  # the APIs that the next update may use; it takes the one that has room first

    def changed(self, view: CardView) -> dict[str, Any]:
        """The values of a view that differ from what the card shows."""
        return {k: v for k, v in view.data.items() if k not in self.data or self.data[k] != v}

    def changing(self, view: CardView) -> dict[str, Any]:
        """The values that differ. Until a call with them succeeds, it is not known what the card shows for them."""
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
        """How many bytes a view is beyond what one card takes; 0: it fits. Refusals lower the limit."""
        return self._card_size.overflow_bytes(view)

    async def create(self, ref: CardRef, latest: Callable[[], CardView], made: Made = unnamed) -> CardView:
        """Make a card; returns the view that was sent. ``made`` learns the name that quotes have for it.

        If the card exists already, an earlier attempt succeeded, so this counts as success. Then it is not known
        what the card shows, because the platform may have kept the data of the first attempt.
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
            answer = await self._card_size.call_within_limit(call, lambda: view)
        except FatalError as error:
            if error.code not in codes.CARD_EXISTS:
                raise
            doubtful = True
        except TransientError as error:
            if error.retry_after_s is None:
                self._remember(ref, _Shown({}, now, _put_apis(view)))
            raise
        else:
            if name := calls.quoted_as(answer):
                await made(replace(ref, quoted_as=name))
        expected = _put_apis(view) if doubtful else _next_apis(view)
        self._remember(ref, _Shown({} if doubtful else dict(view.data), _now(), expected))
        return view

    async def update(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Show the newest view by at most one call; returns that view.

        If only the content changed the call streams it, else it sends the variables that changed.
        """
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
        """Show the last view and end the card's streaming. Forgets the card, so a repeated call sends all of it."""
        shown = self._known(ref)
        del self._shown[ref.id]
        # For an app's own template the platform keeps a state, which the end of streaming sets. The built-in
        # template shows its state by a variable, and must not be ended by streaming.
        streams = bool(calls.content_key(view)) and not _public(view)
        changed = shown.changed(view)
        if streams:
            changed.pop(calls.content_key(view), None)
        if changed:
            await self._end(ref, view, _put(ref, view, changed | calls.list_line(view)), shown.at)
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
        """What we know of a card. Nothing is known of one from before a restart, so all of it will be sent."""
        shown = self._shown.get(ref.id)
        if shown is None:
            shown = _Shown({}, _now(), (calls.AI_PUT,))
            self._remember(ref, shown)
        return shown

    def _remember(self, ref: CardRef, shown: _Shown) -> None:
        """Remember what a card shows. If there are too many cards that were never ended, forget the oldest."""
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
    """The APIs for the update after this view. While an answer grows, most likely only the content changes."""
    if not calls.content_key(view) or view.phase is not CardPhase.STREAMING:
        return _put_apis(view)
    # In an app's own template the content can only be changed by streaming. In the public template it is a
    # variable like others, so both APIs can change it, and each has its own limit of calls per second.
    return (calls.AI_STREAM, calls.AI_PUT) if _public(view) else (calls.AI_STREAM,)


def _public(view: CardView) -> bool:
    return calls.template_id(view) == calls.BUILT_IN_TEMPLATE


def _now() -> float:
    return asyncio.get_running_loop().time()
