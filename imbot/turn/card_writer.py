"""The only writer of one card, from its creation until its end is shown."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from imbot.backoff import Backoff, retrying
from imbot.errors import FatalError, PlatformError, TransientError
from imbot.model import CardPhase, CardRef, CardView
from imbot.turn.answer import SEQUENCE_BLOCK, Answer, made_of
from imbot.turn.context import TurnContext
from imbot.turn.pacing import Pacer
from imbot.turn.send_text import send_text_once
from imbot.turn.truncate import Truncated

log = logging.getLogger(__name__)

CREATE_TRIES = 4
JOURNAL_EVERY_S = 5.0  # a growing text is journalled at least this often, even when no update is due
FINISH_TRIES = 8  # with the backoff below: about half a minute


class CardWriter:
    """Creates a card, updates it as the pacer allows, and ends it.

    The turn starts ``run``, ends it with ``settle``, and then calls ``finish`` exactly once. While ``scarce()``
    is true, the month's calls are nearly used up, and the only update is the end.
    """

    def __init__(
        self, context: TurnContext, answer: Answer, scarce: Callable[[], bool] = lambda: False
    ) -> None:
        self.updates = 0
        self.unended = False  # after ``finish``: something could not be shown, but may be later
        self._scarce = scarce
        self._context = context
        self._journal = context.journal
        self._counters = context.counters
        self._gateway = context.gateway
        self._answer = answer
        throttle = context.behaviour.spec.throttle
        self._now = asyncio.get_running_loop().time
        self._pacer = Pacer(
            throttle.pace,
            interval_s=throttle.interval_s,
            chunks=throttle.chunks,
            max_updates=throttle.max_updates,
            now=self._now(),
        )
        self._changes = 0
        self._journalled_at = self._now()
        self._wake = asyncio.Event()
        self._unseen = False
        self._calling = True  # true from the start, so that ``settle`` lets the card be created
        self._created = False
        self._updatable = True
        self._doubtful = False  # a call to create the card got no answer: the card may exist

    def note(self) -> None:
        """Say that the answer has grown."""
        self._pacer.chunk()
        now = self._now()
        if not self._unseen or self._pacer.wait(now) == 0:
            self._wake.set()
        self._unseen = True
        if now - self._journalled_at >= JOURNAL_EVERY_S:
            self._journal_text()

    async def run(self) -> None:
        """Create the card, then keep it fresh until cancelled or the card cannot be updated."""
        self._created = await self._create()
        if self._created:
            while self._updatable and not self._answer.phase.terminal:
                await self._update()

    async def settle(self, task: "asyncio.Task[None]") -> None:
        """End ``run``. A call that is under way is awaited; an update that only waits is dropped.

        An update that arrived after the end would leave the card unfinished, so its answer must come first.
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
            log.error("%s: card failed", self._answer.turn.label, exc_info=error)

    async def finish(self) -> bool:
        """Show the end on the card, or else send the answer as text. False when neither could be confirmed.

        The part of the answer that the card cannot hold follows as text.
        """
        tries = FINISH_TRIES if self._created else 1 if self._doubtful else 0
        self.unended = False
        fit: Truncated

        async def end() -> None:
            nonlocal fit
            fit = self._truncated()  # for every try: the platform may have refused the last as too large
            await self._gateway.finish_card(self._next_ref(), fit.view)

        if await self._retried("finish", end, tries):
            return not fit.rest or await self._say(fit.view.title, fit.rest)
        view = self._answer.view()
        return await self._say(view.title, view.text)

    def _truncated(self) -> Truncated:
        return self._answer.truncated(self._gateway.overflow_bytes)

    async def _create(self) -> bool:
        created = await self._retried("create", self._try_to_create, CREATE_TRIES)
        if created:
            self._counters.first_card.add(self._answer.elapsed_s)
            thinking = self._answer.phase is CardPhase.THINKING  # else an update is near, and writes it too
            write = self._journal.note if thinking else self._journal.later
            write(shown="card", phase=self._answer.open_phase)
        return created

    async def _try_to_create(self) -> None:
        try:
            view = await self._gateway.create_card(self._journal.card, self._first, self._made)
        except TransientError as error:
            self._doubtful = self._doubtful or error.retry_after_s is None
            raise
        if view.phase is not CardPhase.THINKING:
            self._pacer.made(self._now())

    async def _made(self, ref: CardRef) -> None:
        """Journal the card under the names that the platform has given it."""
        if ref.quoted_as:  # the card is known, and how quotes name it may wait
            self._journal.later(card=ref)
            return
        self._answer.sequence = SEQUENCE_BLOCK
        await self._journal.keep(card=ref, extras=self._answer.card_extras())

    def _next_ref(self) -> CardRef:
        """The card, with the number of its next change."""
        self._changes += 1
        return replace(self._journal.card, sequence=self._changes)

    def _first(self) -> CardView:
        self._unseen = False
        view = self._truncated().view
        self._answer.made_of = made_of(view)
        self._journal.later(extras=self._answer.card_extras())
        if self._answer.phase is not CardPhase.THINKING:
            self._journal_text()
        return view

    async def _update(self) -> None:
        self._calling = False
        await self._until_due()
        try:
            await self._counted("update", self._gateway.update_card(self._next_ref(), self._granted))
        except TransientError as error:
            log.info("%s: an update failed: %s; the next one shows its text", self._answer.turn.label, error)
        except FatalError as error:
            log.warning("%s: its card cannot be updated any more: %s", self._answer.turn.label, error)
            self._updatable = False
        finally:
            self._calling = False
        # A lost update may have counted at the platform, so it counts here too.
        self._pacer.sent(self._now())
        self.updates += 1

    def _granted(self) -> CardView:
        self._calling = True
        self._unseen = False
        self._journal_text()
        return self._truncated().view

    def _journal_text(self) -> None:
        """Journal the text so far: when it is about to be shown, and when nothing was journalled for a while."""
        self._journalled_at = self._now()
        self._journal.note(answer=self._answer.text, phase=self._answer.open_phase)

    async def _until_due(self) -> None:
        while True:
            wait = self._pacer.wait(self._now()) if self._unseen and not self._scarce() else None
            if wait == 0:
                return
            self._wake.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _say(self, title: str, text: str) -> bool:
        """Send the answer, or its rest, as text. True when it was sent."""
        try:
            return await send_text_once(self._context, title, text)
        except TransientError as error:
            log.error("%s: its answer could not be sent as a message yet: %s", self._answer.turn.label, error)
            self.unended = True
            return False

    async def _counted(self, name: str, call: Awaitable[object]) -> None:
        try:
            await call
        except PlatformError as error:
            self._counters.count_card_call(name, error)
            raise
        self._counters.count_card_call(name)

    async def _retried(self, name: str, call: Callable[[], Awaitable[object]], tries: int) -> bool:
        """Make a call at most ``tries`` times; True if it succeeded. Card calls are safe to repeat."""
        if not tries:
            return False
        try:
            await retrying(
                lambda: self._counted(name, call()), tries, Backoff(first_s=0.5, cap_s=8), self._wait_s
            )
        except PlatformError:
            return False
        except Exception:  # a defect: the answer can still be sent as text
            log.exception("%s: card failed", self._answer.turn.label)
            return False
        self.unended = False
        return True

    def _wait_s(self, error: Exception) -> float | None:
        """Seconds to wait, at least, before a failed card call is tried again; None: it cannot succeed."""
        if isinstance(error, PlatformError):
            log.warning("%s: %s", self._answer.turn.label, error)
            self.unended = isinstance(error, TransientError)
        return (error.retry_after_s or 0.0) if isinstance(error, TransientError) else None
