"""A running bot: accepts messages once, keeps conversations in order, owns its turns, drains.

Messages and clicks come from the gateway it is attached to; the supervisor swaps its behaviour and
its gateway, and ends it. A turn keeps the behaviour and gateway it began with.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

from imbot.behaviour import Behaviour
from imbot.commands import command_of
from imbot.conversations import Conversations, Place, Seen, trimmed
from imbot.draft import context_of, ending
from imbot.errors import PlatformError, StoreError
from imbot.meter import Meter
from imbot.model import (
    CardAction,
    CardChange,
    CardContext,
    CardPhase,
    ConversationKey,
    Exchange,
    Feedback,
    Message,
    TurnRecord,
    parse_button_id,
)
from imbot.platforms import Gateway
from imbot.spec import BotSpec
from imbot.stores import Store
from imbot.turn import run_turn

log = logging.getLogger(__name__)

LAST_WORDS_S = 5.0  # for ending cards as stopped, after the grace time


@dataclass(slots=True, eq=False)
class _Work:
    """A message on its way to its answer, from the first moment on.

    ``gateway`` is of the app it came to: its card belongs there, whatever the bot moves to. Cancelled
    while ``stoppable`` it ends as *stopped*; a second cancel, or one at another time, gives it up.
    """

    turn: TurnRecord
    message: Message
    gateway: Gateway
    place: Place
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    stoppable: bool = False


class Bot:
    """One bot while it runs; a ``GatewayHandler``."""

    def __init__(
        self,
        behaviour: Behaviour,
        gateway: Gateway,
        store: Store,
        clock: Callable[[], float] = time.time,
        meter: Meter | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.gateway = gateway
        self.turns_total = 0
        self.store_error = ""
        self._store = store
        self._clock = clock
        self._meter = meter or Meter()
        self._seen = Seen(clock)
        self._conversations = Conversations()
        self._turns: dict[asyncio.Task[None], _Work] = {}
        self._using: Counter[Behaviour] = Counter({behaviour: 1})
        self._chores: set[asyncio.Task[None]] = set()

    @property
    def spec(self) -> BotSpec:
        """What runs."""
        return self.behaviour.spec

    @property
    def turns_running(self) -> int:
        """Turns accepted and not ended, waiting ones included."""
        return len(self._turns)

    def use(self, behaviour: Behaviour) -> None:
        """Answer with this behaviour from the next turn on."""
        old, self.behaviour = self.behaviour, behaviour
        self._using[behaviour] += 1
        self._release(old)

    # -- what the gateway delivers

    async def on_message(self, message: Message) -> None:
        """Take a message over: journalled, its turn under way, when this returns."""
        if not self._seen.first_time(message.id):
            log.info("%s: message %s came again", self.spec.name, message.id)
            return
        turn = self._new_turn(message)
        work = _Work(turn, message, self.gateway, self._conversations.queue(turn.conversation))
        task = asyncio.create_task(self._take(work), name=f"turn {turn.id}")
        self._turns[task] = work
        task.add_done_callback(self._ended)
        await work.taken.wait()

    async def on_action(self, action: CardAction) -> CardChange | None:
        """Keep a rating and draw the card's buttons again for who gave it."""
        verb, value = parse_button_id(action.id)
        turn = await self._store.turn_of_card(action.card_id)
        if turn and ending(turn):
            turn = replace(turn, phase=CardPhase.FINAL)
        if verb != "feedback" or not value or turn is None or not turn.phase.terminal:
            log.info("%s: a click on %r means nothing here", self.spec.name, action.id)
            return None
        await self._store.rate(Feedback(turn.id, turn.bot, action.user_id, value, self._clock()))
        log.info("%s: turn %s rated %s", self.spec.name, turn.id, value)
        card = self.behaviour.card
        changed = card.changed(
            card.render(context_of(turn)),
            card.render(context_of(turn, value)),
            buttons_only=turn.layout != card.fingerprint,
        )
        return CardChange(changed, private=turn.conversation_kind == "group")

    # -- ending

    async def drain(self, grace_s: float) -> None:
        """Let running turns end within the grace time, then end the rest as stopped."""
        await self.left(None, grace_s)
        self._release(self.behaviour)
        if self._chores:
            await asyncio.wait(set(self._chores))

    async def left(self, gateway: Gateway | None, grace_s: float) -> None:
        """Return when no turn uses that gateway any more (None: no turn at all).

        Turns that are late are stopped, and given up when they ignore that.
        """
        turns = {task for task, work in self._turns.items() if gateway in (None, work.gateway)}
        for patience, insist in ((grace_s, self._stop), (LAST_WORDS_S, asyncio.Task.cancel)):
            if turns:
                _, turns = await asyncio.wait(turns, timeout=patience)
            for task in turns:
                insist(task)
        if turns:
            await asyncio.wait(turns)

    # -- inside

    def _new_turn(self, message: Message) -> TurnRecord:
        shared = message.conversation_kind == "group" and self.spec.conversation.group == "shared"
        return TurnRecord(
            id=uuid.uuid4().hex[:16],
            bot=self.spec.name,
            message_id=message.id,
            conversation=ConversationKey(
                self.spec.name, message.conversation_id, "" if shared else message.sender.id
            ),
            conversation_kind=message.conversation_kind,
            sender=message.sender,
            question=message.text or "",
            card=self.gateway.new_card(message),
            accepted_at=self._clock(),
            fingerprint=self.spec.fingerprint,
        )

    async def _journal(self, turn: TurnRecord) -> bool:
        """Whether the message is new. Without a store we go on with what memory knows."""
        try:
            fresh = await self._store.accept(turn)
        except StoreError as error:
            self.store_error = str(error)
            log.error("%s: turn %s is not recorded: %s", self.spec.name, turn.id, error)
            return True
        self.store_error = ""
        return fresh

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._turns.pop(task).taken.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: %s failed", self.spec.name, task.get_name(), exc_info=error)

    async def _take(self, work: _Work) -> None:
        try:
            if await self._journal(work.turn):
                self.turns_total += 1
                work.taken.set()
                await self._follow(work)
        except Exception:  # a defect: whoever asked is told all the same
            log.exception("%s: turn %s failed", self.spec.name, work.turn.id)
            await self._answer_at_once(work, "error")
        finally:
            work.place.leave()

    async def _follow(self, work: _Work) -> None:
        """Obey an order, answer a question, say what cannot be read."""
        text = work.message.text
        order = command_of(text, self.spec.commands) if text else ""
        if order == "stop":
            self._stop_turns(work.turn.conversation)
        if order or not text:
            work.place.leave()
            await self._answer_at_once(work, order or ("help" if text == "" else "unsupported"))
        else:
            await self._answer(work)

    async def _answer(self, work: _Work) -> None:
        work.stoppable = True
        try:
            await work.place.turn()
            behaviour = self.behaviour
            history = await self._history(work.turn, behaviour)
        except asyncio.CancelledError:
            await self._answer_at_once(work, "stop")
            raise
        self._using[behaviour] += 1
        try:
            await run_turn(
                work.turn,
                work.message,
                history,
                behaviour,
                work.gateway,
                self._store,
                self._clock,
                self._meter,
            )
        finally:
            self._release(behaviour)

    async def _history(self, turn: TurnRecord, behaviour: Behaviour) -> list[Exchange]:
        spec = behaviour.spec
        if not (spec.history.turns and behaviour.agent.wants_history):
            return []
        try:
            past = await self._store.history(
                turn.conversation, spec.history.turns, idle_s=spec.conversation.idle_s, now=turn.accepted_at
            )
        except StoreError as error:
            log.error("%s: turn %s answers without history: %s", spec.name, turn.id, error)
            return []
        return trimmed(past, spec.history.chars)

    async def _answer_at_once(self, work: _Work, text_name: str) -> None:
        """Answer with one of the bot file's texts: to orders, and to what cannot be read."""
        turn = work.turn
        if text_name == "new":
            await self._kept(self._store.start_anew(turn.conversation, turn.accepted_at))
        name = {"stop": "stopped"}.get(text_name, text_name)
        text = self.behaviour.card.text(name, replace(_CONTEXT, question=turn.question, sender=turn.sender))
        phase = CardPhase.FINAL
        try:
            await work.gateway.send_text(turn.card, self.spec.title, text)
        except PlatformError as error:
            log.error("%s: turn %s: %s", self.spec.name, turn.id, error)
            phase = CardPhase.ERROR
        self._meter.turn(turn.bot, phase)
        await self._kept(self._store.update_turn(turn.id, phase=phase, finished_at=self._clock()))

    async def _kept(self, write: Coroutine[Any, Any, None]) -> None:
        """Wait for a write; a store that fails costs the record, not the answer."""
        try:
            await write
        except StoreError as error:
            self.store_error = str(error)
            log.error("%s: %s", self.spec.name, error)

    def _stop_turns(self, key: ConversationKey) -> None:
        for task, work in self._turns.items():
            if work.turn.conversation == key:
                self._stop(task)

    def _stop(self, task: asyncio.Task[None]) -> None:
        """Cancel a turn once: a second cancel would keep it from ending its card."""
        work = self._turns.get(task)  # it may have ended since it was looked for
        if work and work.stoppable:
            work.stoppable = False
            task.cancel()

    def _release(self, behaviour: Behaviour) -> None:
        self._using[behaviour] -= 1
        if not self._using[behaviour]:
            del self._using[behaviour]
            task = asyncio.create_task(behaviour.agent.close())
            self._chores.add(task)
            task.add_done_callback(self._chores.discard)


_CONTEXT = CardContext(phase=CardPhase.FINAL)
