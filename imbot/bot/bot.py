"""A running bot: accepts each message once, keeps conversations in order, runs its turns, drains.

Messages and clicks come from the gateway it is attached to. The supervisor changes its behaviour and gateway,
and stops it. A turn keeps the behaviour and gateway it began with.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from imbot.behaviour import Behaviour
from imbot.bot import actions as clicks
from imbot.bot.active_turns import ActiveTurn, ActiveTurns
from imbot.bot.admission import ConcurrencyLimit, Permit, admitted, immediate_reply
from imbot.bot.behaviours import Behaviours
from imbot.bot.ordering import ConversationQueues, trimmed
from imbot.bot.quotes import with_quoted_answer, with_unread_named
from imbot.bot.replies import Replies
from imbot.errors import StoreError, TransientError
from imbot.model import CardAction, CardChange, ConversationKey, Exchange, Message, TurnRecord
from imbot.platforms.gateway import Gateway
from imbot.platforms.recent_ids import RecentIds
from imbot.spec import BotSpec
from imbot.stores import Store
from imbot.turn import orphan
from imbot.turn.context import TurnContext
from imbot.turn.journal import Arrears, Journal
from imbot.turn.orphan import message_of
from imbot.turn.run import run_turn
from imbot.usage.counters import Counters

log = logging.getLogger(__name__)

WAITED_S = 5.0  # after so long a wait, check that no other process has taken the turn over

# How long and how many message ids are remembered: platforms redeliver for minutes. The store knows older
# ones.
MESSAGE_IDS_S = 900.0
MESSAGE_IDS = 20_000

_TEXTS = {"stop": "stopped"}  # commands whose reply is a text of another name


def delivered_ids(clock: Callable[[], float] = time.time) -> RecentIds:
    """The ids of the messages that one app has delivered lately: of none so far."""
    return RecentIds(MESSAGE_IDS_S, MESSAGE_IDS, clock)


class Bot:
    """One bot while it runs; a ``GatewayHandler``."""

    def __init__(
        self,
        behaviour: Behaviour,
        gateway: Gateway,
        store: Store,
        clock: Callable[[], float] = time.time,
        counters: Counters | None = None,
    ) -> None:
        self.gateway = gateway
        self.delivered = delivered_ids(clock)  # the pool gives it those of its app
        self.turns_total = 0
        self.store_error = ""
        self._store = store
        self._clock = clock
        self._counters = counters or Counters()
        self._queues = ConversationQueues()
        self._concurrency = ConcurrencyLimit(behaviour.spec.limits)
        self._replies = Replies(clock)
        self._arrears = Arrears()
        self._active_turns = ActiveTurns(self._counters)
        self._behaviours = Behaviours(behaviour)

    @property
    def behaviour(self) -> Behaviour:
        """The current behaviour."""
        return self._behaviours.now

    @property
    def spec(self) -> BotSpec:
        """The spec of the current behaviour."""
        return self.behaviour.spec

    @property
    def name(self) -> str:
        """The name of the bot."""
        return self.spec.name

    @property
    def turns_running(self) -> int:
        """The number of turns that are accepted and not ended, with those that wait."""
        return len(self._active_turns)

    def use_behaviour(self, behaviour: Behaviour) -> None:
        """Use this behaviour from the next turn on."""
        self._behaviours.switch_to(behaviour)
        self._concurrency.set_limits(behaviour.spec.limits)

    # -- what the gateway delivers

    async def on_message(self, message: Message) -> None:
        """Accept a message. When this returns, it is journalled and its turn is under way."""
        if not self.delivered.add(message.id):
            log.info("%s: message %s was delivered again", self.spec.name, message.id)
            return
        active = self._activate(self._new_turn(message), message)
        self._active_turns.begin(active, self._take(active, self._new))
        await active.taken.wait()

    async def on_action(self, action: CardAction) -> CardChange | None:
        """Carry out a click: store a rating, stop a turn, ask again. Returns how the card changes."""
        if self._active_turns.stop(lambda turn: clicks.stops(action, turn, self.spec)):
            return None
        click = clicks.Click(action, self.behaviour, self.gateway.overflow_bytes, self._clock())
        return await click.answered(self._store, self.on_message)

    # -- what other processes left

    def resume(self, turn: TurnRecord) -> None:
        """Continue a turn of a process that died.

        If it cannot be ended now, it is handed back to the store.
        """
        active = self._activate(turn, message_of(turn))
        self._active_turns.begin(active, self._take(active, self._unseen))

    async def recorded(self) -> bool:
        """Write what could not be stored when turns ended; returns whether nothing is left to write."""
        owed = len(self._arrears)
        paid = await self._arrears.paid()
        if owed and paid:
            self.store_error = ""
        return paid

    # -- ending

    async def drain(self, grace_s: float) -> None:
        """Let running turns end within the grace time, then end the rest as stopped."""
        await self.drained(None, grace_s)
        await self.recorded()
        await self._behaviours.close()

    async def drained(self, gateway: Gateway | None, grace_s: float) -> None:
        """Return when no turn uses that gateway any more, as ``ActiveTurns.drained``."""
        await self._active_turns.drained(gateway, grace_s)

    # -- inside

    def _new_turn(self, message: Message) -> TurnRecord:
        shared = message.conversation_kind == "group" and self.spec.conversation.group == "shared"
        turn_id = uuid.uuid4().hex[:16]
        return TurnRecord(
            id=turn_id,
            bot=self.spec.name,
            message_id=message.id,
            conversation=ConversationKey(
                self.spec.name, message.conversation_id, "" if shared else message.sender.id
            ),
            conversation_kind=message.conversation_kind,
            sender=message.sender,
            question=message.text or "",
            quote=message.quote,
            card=replace(self.gateway.new_card(message), key=turn_id),
            accepted_at=self._clock(),
            fingerprint=self.spec.fingerprint,
        )

    def _activate(self, turn: TurnRecord, message: Message) -> ActiveTurn:
        ticket = self._queues.take_ticket(turn.conversation)
        return ActiveTurn(turn, message, self.gateway, ticket, Journal(self._store, turn))

    def _context(self, active: ActiveTurn, behaviour: Behaviour) -> TurnContext:
        return TurnContext(
            active.turn,
            active.message,
            active.gateway,
            active.journal,
            behaviour,
            self._counters,
            self._clock,
        )

    async def _reply(self, active: ActiveTurn, name: str) -> None:
        """Reply with one of the bot file's texts, as it is now."""
        await self._replies.send(self._context(active, self.behaviour), name)

    async def _unseen(self, active: ActiveTurn) -> bool:
        """Whether an orphan must be answered because people have seen nothing of it; otherwise end it."""
        turn, journal = active.turn, active.journal
        try:
            phase = await orphan.finish(self._context(active, self.behaviour))
        except TransientError as error:
            log.warning("%s: turn %s cannot be ended yet: %s", turn.bot, turn.id, error)
            await journal.hand_back()
            return False
        if phase:
            self._counters.count_turn(turn.bot, phase)
        return phase is None

    async def _new(self, active: ActiveTurn) -> bool:
        """Journal the message; returns whether it is new. If the store fails, only memory can tell."""
        active.ask(with_unread_named(await with_quoted_answer(active.message, self._store)))
        try:
            fresh = await active.journal.accept()
        except StoreError as error:
            self.store_error = str(error)
            log.error("%s is not recorded yet: %s", active.turn.label, error)
            return True
        self.store_error = ""
        return fresh

    async def _take(self, active: ActiveTurn, wanted: Callable[[ActiveTurn], Awaitable[bool]]) -> None:
        try:
            if await wanted(active):
                self.turns_total += 1
                active.taken.set()
                await self._follow(active)
        except asyncio.CancelledError:  # given up or stopped; if it has no end yet, another process ends it
            await active.journal.hand_back()
            raise
        except Exception:  # a defect: the person who asked gets a reply all the same
            log.exception("%s: turn %s failed", self.spec.name, active.turn.id)
            await self._reply(active, "error")
        finally:
            active.ticket.release()
            self._arrears.add(active.journal)

    async def _follow(self, active: ActiveTurn) -> None:
        """Carry out a command, answer a question, or reply why there is no answer."""
        name = immediate_reply(active.message, self.spec)
        permit = None if name else self._permit(active)
        if permit is None:
            active.ticket.release()
            if name == "stop":
                self._active_turns.stop(lambda turn: self._may_stop(active.turn, turn))
            await self._reply(active, _TEXTS.get(name, name) or "busy")
            return
        try:
            await self._answer(active, permit)
        finally:
            permit.release()

    def _may_stop(self, order: TurnRecord, turn: TurnRecord) -> bool:
        same = turn.conversation == order.conversation
        return same and clicks.may_press(self.spec, turn, order.sender.id)

    def _permit(self, active: ActiveTurn) -> Permit | None:
        """A permit for the question; None if even the queue is full."""
        person = active.turn.sender.id
        if person in self.spec.access.admins:
            return Permit()
        return self._concurrency.request(person, now=active.ticket.first)

    async def _answer(self, active: ActiveTurn, permit: Permit) -> None:
        active.stoppable = True
        async with self._not_begun(active):
            await active.ticket.reached()
            await permit.acquired()
            if self._clock() - active.turn.accepted_at > WAITED_S:
                await active.journal.keep(fingerprint=self.spec.fingerprint)
        if active.journal.lost:
            return
        with self._behaviours.in_use() as behaviour:
            if not admitted(active.message, behaviour.spec.access):  # access may have changed while it waited
                active.stoppable = False
                await self._replies.send(self._context(active, behaviour), "refused")
                return
            async with self._not_begun(active):
                history = await self._history(active.turn, behaviour)
            await run_turn(self._context(active, behaviour), history)

    @asynccontextmanager
    async def _not_begun(self, active: ActiveTurn) -> AsyncIterator[None]:
        """If the turn is stopped within the block, it has no card yet, so the reply is a message."""
        try:
            yield
        except asyncio.CancelledError:
            await self._reply(active, "stopped")
            raise

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
