"""A running bot: accepts messages once, keeps conversations in order, owns its turns, drains.

Messages and clicks come from the gateway it is attached to; the supervisor swaps its behaviour and
its gateway, and ends it. A turn keeps the behaviour and gateway it began with.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from imbot import clicks
from imbot.admission import Crowd, Seat, at_once
from imbot.behaviour import Behaviour
from imbot.conversations import Conversations, Seen, trimmed
from imbot.errors import StoreError, TransientError
from imbot.journal import Journal
from imbot.leftover import conclude, message_of
from imbot.meter import Meter
from imbot.model import (
    CardAction,
    CardChange,
    CardContext,
    CardPhase,
    ConversationKey,
    Exchange,
    Message,
    TurnRecord,
)
from imbot.platforms import Gateway
from imbot.saying import say
from imbot.spec import BotSpec
from imbot.stores import Store
from imbot.turn import run_turn
from imbot.works import Work, Works

log = logging.getLogger(__name__)


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
        self._crowd = Crowd(behaviour.spec.limits)
        self._refused = Seen(clock)
        self._works = Works(self._meter)
        self._using: Counter[Behaviour] = Counter({behaviour: 1})
        self._chores: set[asyncio.Task[None]] = set()

    @property
    def spec(self) -> BotSpec:
        """What runs."""
        return self.behaviour.spec

    @property
    def turns_running(self) -> int:
        """Turns accepted and not ended, waiting ones included."""
        return len(self._works)

    def use(self, behaviour: Behaviour) -> None:
        """Answer with this behaviour from the next turn on."""
        old, self.behaviour = self.behaviour, behaviour
        self._using[behaviour] += 1
        self._crowd.use(behaviour.spec.limits)
        self._release(old)

    # -- what the gateway delivers

    async def on_message(self, message: Message) -> None:
        """Take a message over: journalled, its turn under way, when this returns."""
        if not self._seen.first_time(message.id):
            log.info("%s: message %s came again", self.spec.name, message.id)
            return
        work = self._work(self._new_turn(message), message)
        self._works.begin(work, self._take(work, self._new))
        await work.taken.wait()

    async def on_action(self, action: CardAction) -> CardChange | None:
        """Keep a rating, stop a turn or ask again; what the card shows then."""
        if self._works.stop(lambda turn: clicks.stops(action, turn, self.spec)):
            return None
        click = clicks.Click(action, self.behaviour, self.gateway.excess, self._clock())
        return await click.answered(self._store, self.on_message)

    # -- what other processes left

    def resume(self, turn: TurnRecord) -> None:
        """Take up a turn of a process that died; it is handed back where it cannot be ended now."""
        work = self._work(turn, message_of(turn))
        self._works.begin(work, self._take(work, self._unseen))

    # -- ending

    async def drain(self, grace_s: float) -> None:
        """Let running turns end within the grace time, then end the rest as stopped."""
        await self.left(None, grace_s)
        self._release(self.behaviour)
        if self._chores:
            await asyncio.wait(set(self._chores))

    async def left(self, gateway: Gateway | None, grace_s: float) -> None:
        """Return when no turn uses that gateway any more, as ``Works.left``."""
        await self._works.left(gateway, grace_s)

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

    def _work(self, turn: TurnRecord, message: Message) -> Work:
        return Work(turn, message, self.gateway, self._conversations.queue(turn.conversation))

    async def _unseen(self, work: Work) -> bool:
        """Whether nobody has seen anything of a turn that was left, so that it is to be answered; else end it."""
        turn, journal = work.turn, Journal(self._store, work.turn)
        try:
            phase = await conclude(turn, self.behaviour, work.gateway, journal, self._meter, self._clock())
        except TransientError as error:
            log.warning("%s: turn %s cannot be ended yet: %s", turn.bot, turn.id, error)
            await journal.leave()
            return False
        if phase:
            self._meter.turn(turn.bot, phase)
        return phase is None

    async def _new(self, work: Work) -> bool:
        """Whether the message is new; then it is journalled. Without a store we go on with what memory knows."""
        try:
            fresh = await self._store.accept(work.turn)
        except StoreError as error:
            self.store_error = str(error)
            log.error("%s: turn %s is not recorded: %s", self.spec.name, work.turn.id, error)
            return True
        self.store_error = ""
        return fresh

    async def _take(self, work: Work, wanted: Callable[[Work], Awaitable[bool]]) -> None:
        try:
            if await wanted(work):
                self.turns_total += 1
                work.taken.set()
                await self._follow(work)
        except (
            asyncio.CancelledError
        ):  # given up, or stopped: where it has no end, another process is to end it
            await self._kept(self._store.hand_back(work.turn.id))
            raise
        except Exception:  # a defect: whoever asked is told all the same
            log.exception("%s: turn %s failed", self.spec.name, work.turn.id)
            await self._answer_at_once(work, "error")
        finally:
            work.place.leave()

    async def _follow(self, work: Work) -> None:
        """Obey an order, answer a question, say why there is no answer."""
        name = at_once(work.message, self.spec)
        seat = None if name else self._seat(work)
        if seat is None:
            work.place.leave()
            if name == "stop":
                self._works.stop(lambda turn: turn.conversation == work.turn.conversation)
            await self._answer_at_once(work, name or "busy")
            return
        try:
            await self._answer(work, seat)
        finally:
            seat.leave()

    def _seat(self, work: Work) -> Seat | None:
        """Room for one more question; None: there is none, not even to wait."""
        person = work.turn.sender.id
        if person in self.spec.access.admins:
            return Seat()
        return self._crowd.seat(person, now=work.place.first)

    async def _answer(self, work: Work, seat: Seat) -> None:
        work.stoppable = True
        try:
            await work.place.turn()
            await seat.taken()
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

    async def _answer_at_once(self, work: Work, text_name: str) -> None:
        """Answer with one of the bot file's texts: to orders, and to what the agent does not get."""
        turn = work.turn
        if text_name == "new":
            await self._kept(self._store.start_anew(turn.conversation, turn.accepted_at))
        if text_name in ("busy", "refused", "too_long"):
            where = turn.conversation.conversation_id
            log.info("%s: turn %s of %s in %s: %s", turn.bot, turn.id, turn.sender.id, where, text_name)
        phase = CardPhase.FINAL if self._told_already(turn, text_name) else await self._say(work, text_name)
        self._meter.turn(turn.bot, phase)
        await self._kept(self._store.update_turn(turn.id, phase=phase, finished_at=self._clock()))

    def _told_already(self, turn: TurnRecord, text_name: str) -> bool:
        """Whether a group has lately read that this person is refused: it need not read it each time."""
        if text_name != "refused" or turn.conversation_kind != "group":
            return False
        return not self._refused.first_time(f"{turn.conversation.conversation_id} {turn.sender.id}")

    async def _say(self, work: Work, text_name: str) -> CardPhase:
        turn = work.turn
        name = {"stop": "stopped"}.get(text_name, text_name)
        text = self.behaviour.card.text(name, replace(_CONTEXT, question=turn.question, sender=turn.sender))
        journal = Journal(self._store, turn)
        try:
            said = await say(work.gateway, turn, self.spec.title, text, journal, self._meter)
        except TransientError as error:
            log.error("%s: turn %s: %s", self.spec.name, turn.id, error)
            said = False
        return CardPhase.FINAL if said else CardPhase.ERROR

    async def _kept(self, write: Coroutine[Any, Any, None]) -> None:
        """Wait for a write; a store that fails costs the record, not the answer."""
        try:
            await write
        except StoreError as error:
            self.store_error = str(error)
            log.error("%s: %s", self.spec.name, error)

    def _release(self, behaviour: Behaviour) -> None:
        self._using[behaviour] -= 1
        if not self._using[behaviour]:
            del self._using[behaviour]
            task = asyncio.create_task(behaviour.agent.close())
            self._chores.add(task)
            task.add_done_callback(self._chores.discard)


_CONTEXT = CardContext(phase=CardPhase.FINAL)
