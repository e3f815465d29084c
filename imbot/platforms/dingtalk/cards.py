"""Cards on show: each is made, changed and ended with the fewest calls that do it.

``gateway.py`` hands its card calls on to here; ``calls.py`` builds what ``openapi.py`` sends.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imbot.errors import FatalError, TransientError
from imbot.model import CardPhase, CardRef, CardView
from imbot.platforms import Priority
from imbot.platforms.dingtalk import calls, codes
from imbot.platforms.dingtalk.calls import Call, Caller
from imbot.platforms.dingtalk.wire import Address


@dataclass(slots=True)
class _Shown:
    """What a card shows as far as we know; values whose call failed are not known."""

    data: dict[str, Any]
    at: float  # of the loop's clock: who waited longest is updated first
    expected: str  # the API that the next update will likely use

    def changed(self, view: CardView) -> dict[str, Any]:
        return {k: v for k, v in view.data.items() if k not in self.data or self.data[k] != v}


class Cards:
    """The cards of one app."""

    def __init__(self, api: Caller) -> None:
        self._api = api
        self._shown: dict[str, _Shown] = {}

    async def create(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Make a card. That it exists already is a success: an earlier attempt came through.

        What a repeated attempt shows is not known: the platform may keep the first one's data.
        """
        now = _now()
        await self._api.granted(calls.AI_CREATE, Priority.CREATE, now)
        view = latest()
        call = calls.create(ref.id, Address(**ref.address), view)
        put = calls.AI_PUT if view.kind == "ai" else calls.STANDARD_PUT
        doubtful = ref.id in self._shown
        try:
            await self._send(call, calls.AI_CREATE, Priority.CREATE, now)
        except FatalError as error:
            if error.code not in codes.CARD_EXISTS:
                raise
            doubtful = True
        except TransientError as error:
            if error.retry_after_s is None:
                self._shown[ref.id] = _Shown({}, now, put)
            raise
        self._shown[ref.id] = _Shown({} if doubtful else dict(view.data), _now(), put)
        return view

    async def update(self, ref: CardRef, latest: Callable[[], CardView]) -> CardView:
        """Show the newest view by one call: as streaming if only the content changed, else by key."""
        shown = self._known(ref)
        await self._api.granted(shown.expected, Priority.UPDATE, shown.at)
        granted, view = shown.expected, latest()
        changed = shown.changed(view)
        if changed:
            if view.kind == "ai" and changed.keys() == {view.content_key}:
                call = calls.stream_ai(ref.id, view.content_key, view.data[view.content_key])
            else:
                call = _put(ref, view, changed)
            await self._show(shown, changed, call, granted, Priority.UPDATE)
        if view.kind == "ai" and view.content_key:
            shown.expected = calls.AI_STREAM
        return view

    async def finish(self, ref: CardRef, view: CardView) -> None:
        """Show the last view and end the card's streaming. Forgets the card, so repeating sends it all."""
        shown = self._known(ref)
        del self._shown[ref.id]
        # Only a template of one's own has states that the platform keeps; the built-in one shows its
        # state by a variable, and streaming must not be what ends it.
        streams = view.kind == "ai" and view.template_id != calls.BUILT_IN_TEMPLATE and bool(view.content_key)
        changed = shown.changed(view)
        if streams:
            changed.pop(view.content_key, None)
        if changed:
            await self._show(shown, changed, _put(ref, view, changed), "", Priority.END)
        if streams:
            await self._end_streaming(ref, view)

    async def _end_streaming(self, ref: CardRef, view: CardView) -> None:
        content = view.data.get(view.content_key, view.text)
        if view.phase is CardPhase.ERROR:
            try:
                failed = calls.stream_ai(ref.id, view.content_key, content, error=True)
                await self._send(failed, "", Priority.END, _now())
                return
            except FatalError as error:
                if error.code in codes.CARD_MISSING:
                    raise
                # Not every template has a failed state; the finished one shows the same words.
        ended = calls.stream_ai(ref.id, view.content_key, content, finalize=True)
        await self._send(ended, "", Priority.END, _now())

    def _known(self, ref: CardRef) -> _Shown:
        """What we know of a card; nothing of one from before a restart, so all of it will be sent."""
        shown = self._shown.get(ref.id)
        if shown is None:
            shown = self._shown[ref.id] = _Shown({}, _now(), calls.AI_PUT)
        return shown

    async def _show(
        self, shown: _Shown, changed: Mapping[str, Any], call: Call, granted: str, priority: Priority
    ) -> None:
        for key in changed:  # unknown until the call is confirmed
            shown.data.pop(key, None)
        await self._send(call, granted, priority, shown.at)
        shown.data.update(changed)
        shown.at = _now()

    async def _send(self, call: Call, granted: str, priority: Priority, since: float) -> None:
        if call.api != granted:
            await self._api.granted(call.api, priority, since)
        await self._api.send(call)


def _put(ref: CardRef, view: CardView, changed: Mapping[str, Any]) -> Call:
    return calls.put_ai(ref.id, changed) if view.kind == "ai" else calls.put_standard(ref.id, view.data)


def _now() -> float:
    return asyncio.get_running_loop().time()
