"""The flusher: the only writer of one card, from its creation until the answer is complete."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from imbot.draft import Draft
from imbot.errors import FatalError, PlatformError, TransientError
from imbot.meter import Meter
from imbot.model import CardView
from imbot.pacing import Backoff, Pacer
from imbot.platforms import Gateway
from imbot.spec import Throttle

log = logging.getLogger(__name__)

CREATE_TRIES = 4
FINISH_TRIES = 8  # with the backoff below: about half a minute


class Flusher:
    """Creates a card, updates it as the pacer allows, and ends it.

    ``run`` belongs to the turn, which then calls ``finish`` exactly once.
    """

    def __init__(self, gateway: Gateway, draft: Draft, throttle: Throttle, meter: Meter) -> None:
        self.updates = 0
        self._meter = meter
        self._gateway = gateway
        self._draft = draft
        self._now = asyncio.get_running_loop().time
        self._pacer = Pacer(
            throttle.pace,
            interval_s=throttle.interval_s,
            chunks=throttle.chunks,
            max_updates=throttle.max_updates,
            now=self._now(),
        )
        self._wake = asyncio.Event()
        self._unseen = False
        self._calling = True  # from the first moment: a card that is wanted is also created
        self._created = False
        self._doubtful = False  # a call to create it broke off: the card may stand all the same

    def note(self) -> None:
        """Say that the draft has grown."""
        self._pacer.chunk()
        if not self._unseen or self._pacer.wait(self._now()) == 0:
            self._wake.set()
        self._unseen = True

    async def run(self) -> None:
        """Create the card, then keep it fresh until cancelled or the card cannot be updated."""
        self._created = await self._create()
        if self._created:
            while not self._draft.phase.terminal:
                await self._update()

    async def settle(self, task: "asyncio.Task[None]") -> None:
        """End ``run``: what only waits is dropped, a call that is out is awaited.

        An update that overtakes the end would leave the card unfinished, so it must be back first.
        """
        if not self._calling:
            task.cancel()
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise
        if not task.cancelled() and (error := task.exception()):
            log.error("turn %s: card failed", self._draft.turn.id, exc_info=error)

    async def finish(self) -> bool:
        """Show the end, on the card or else as text; False when neither could be confirmed."""
        ref, view = self._draft.turn.card, self._draft.view()
        tries = FINISH_TRIES if self._created else 1 if self._doubtful else 0
        if await self._retried("finish", lambda: self._gateway.finish_card(ref, view), tries):
            return True
        return await self._say(view)

    async def _create(self) -> bool:
        created = await self._retried("create", self._try_to_create, CREATE_TRIES)
        if created:
            self._meter.first_card.add(self._draft.elapsed_s)
        return created

    async def _try_to_create(self) -> None:
        try:
            await self._gateway.create_card(self._draft.turn.card, self._draft.view)
        except TransientError as error:
            self._doubtful = self._doubtful or error.retry_after_s is None
            raise

    async def _update(self) -> None:
        self._calling = False
        await self._until_due()
        try:
            await self._counted("update", self._gateway.update_card(self._draft.turn.card, self._granted))
        except TransientError as error:
            log.info("turn %s: an update was lost: %s", self._draft.turn.id, error)
        except FatalError as error:
            log.warning("turn %s: no more updates: %s", self._draft.turn.id, error)
            await self._wait_for_the_end()
        finally:
            self._calling = False
        # A lost update may have counted at the platform, so it counts here too.
        self._pacer.sent(self._now())
        self.updates += 1

    def _granted(self) -> CardView:
        self._calling = True
        self._unseen = False
        return self._draft.view()

    async def _until_due(self) -> None:
        while True:
            wait = self._pacer.wait(self._now()) if self._unseen else None
            if wait == 0:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _wait_for_the_end(self) -> None:
        self._calling = False
        await asyncio.Event().wait()

    async def _say(self, view: CardView) -> bool:
        """The answer as text. A send that may have arrived is not repeated: it has no idempotency key."""
        backoff = Backoff(first_s=0.5, cap_s=8)
        for _ in range(FINISH_TRIES):
            try:
                said = self._gateway.send_text(self._draft.turn.card, view.title, view.text)
                await self._counted("text", said)
                return True
            except TransientError as error:
                if error.retry_after_s is None:
                    log.error("turn %s: the answer may be lost: %s", self._draft.turn.id, error)
                    return False
                await asyncio.sleep(max(error.retry_after_s, backoff.next()))
            except FatalError as error:
                log.error("turn %s: the answer is lost: %s", self._draft.turn.id, error)
                return False
        return False

    async def _counted(self, name: str, call: Awaitable[object]) -> None:
        try:
            await call
        except PlatformError as error:
            self._meter.card_call(name, error)
            raise
        self._meter.card_call(name)

    async def _retried(self, name: str, call: Callable[[], Awaitable[object]], tries: int) -> bool:
        """Whether the call succeeded, given some tries; card calls may be repeated safely."""
        backoff = Backoff(first_s=0.5, cap_s=8)
        for left in range(tries - 1, -1, -1):
            try:
                await self._counted(name, call())
                return True
            except PlatformError as error:
                log.warning("turn %s: %s", self._draft.turn.id, error)
                if not left or not isinstance(error, TransientError):
                    return False
                await asyncio.sleep(max(error.retry_after_s or 0, backoff.next()))
            except Exception:  # a defect: there is still the other way to answer
                log.exception("turn %s: card failed", self._draft.turn.id)
                return False
        return False
