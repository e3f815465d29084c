"""A running bot: accepts messages once, keeps conversations in order, owns its turns, drains.

Messages and clicks come from the gateway it is attached to; the supervisor swaps its behaviour and
its gateway, and ends it. A turn keeps the behaviour and gateway it began with.
"""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from imbot.behaviour import Behaviour
from imbot.commands import command_of
from imbot.conversations import Conversations, Place, Seen
from imbot.draft import context_of
from imbot.errors import PlatformError, StoreError
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


class Bot:
    """One bot while it runs; a ``GatewayHandler``."""

    def __init__(
        self, behaviour: Behaviour, gateway: Gateway, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self.behaviour = behaviour
        self.gateway = gateway
        self.turns_total = 0
        self.store_error = ""
        self._store = store
        self._clock = clock
        self._seen = Seen(clock)
        self._conversations = Conversations()
        self._turns: dict[asyncio.Task[None], tuple[ConversationKey, Gateway]] = {}
        self._stopping: set[asyncio.Task[None]] = set()
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
        place = self._conversations.queue(turn.conversation)
        try:
            fresh = await self._journal(turn)
        except BaseException:
            place.leave()
            raise
        if not fresh:
            place.leave()
            return
        self.turns_total += 1
        command = "" if message.text is None else command_of(message.text, self.spec.commands)
        if command == "stop":
            self._stop_turns(turn.conversation)
        if command or not message.text:
            place.leave()
            text = command or ("help" if message.text == "" else "unsupported")
            self._spawn(turn, self._answer_at_once(turn, text))
        else:
            self._spawn(turn, self._answer(turn, message, place))
        # A task cancelled before its first step would leave the message without an answer.
        await asyncio.sleep(0)

    async def on_action(self, action: CardAction) -> CardChange | None:
        """Keep a rating and draw the card's buttons again for who gave it."""
        verb, value = parse_button_id(action.id)
        turn = await self._store.turn_of_card(action.card_id)
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
        turns = {task for task, (_, used) in self._turns.items() if gateway in (None, used)}
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

    def _spawn(self, turn: TurnRecord, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"turn {turn.id}")
        self._turns[task] = (turn.conversation, self.gateway)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._turns[task]
        self._stopping.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: %s failed", self.spec.name, task.get_name(), exc_info=error)

    async def _answer(self, turn: TurnRecord, message: Message, place: Place) -> None:
        gateway = self.gateway  # the card belongs to the app the message came to, whatever comes later
        try:
            try:
                await place.turn()
                behaviour = self.behaviour
                history = await self._history(turn, behaviour.spec)
            except asyncio.CancelledError:
                await self._answer_at_once(turn, "stop")
                raise
            self._using[behaviour] += 1
            try:
                await run_turn(turn, message, history, behaviour, gateway, self._store)
            finally:
                self._release(behaviour)
        finally:
            place.leave()

    async def _history(self, turn: TurnRecord, spec: BotSpec) -> list[Exchange]:
        if not spec.history.turns:
            return []
        try:
            past = await self._store.history(
                turn.conversation, spec.history.turns, idle_s=spec.conversation.idle_s, now=turn.accepted_at
            )
        except StoreError as error:
            log.error("%s: turn %s answers without history: %s", spec.name, turn.id, error)
            return []
        return trimmed(past, spec.history.chars)

    async def _answer_at_once(self, turn: TurnRecord, text_name: str) -> None:
        """Answer with one of the bot file's texts: to commands, and to what cannot be read."""
        if text_name == "new":
            await self._kept(self._store.start_anew(turn.conversation, turn.accepted_at))
        name = {"stop": "stopped"}.get(text_name, text_name)
        text = self.behaviour.card.text(name, replace(_CONTEXT, question=turn.question, sender=turn.sender))
        phase = CardPhase.FINAL
        try:
            await self.gateway.send_text(turn.card, self.spec.title, text)
        except PlatformError as error:
            log.error("%s: turn %s: %s", self.spec.name, turn.id, error)
            phase = CardPhase.ERROR
        await self._kept(self._store.update_turn(turn.id, phase=phase, finished_at=self._clock()))

    async def _kept(self, write: Coroutine[Any, Any, None]) -> None:
        """Wait for a write; a store that fails costs the record, not the answer."""
        try:
            await write
        except StoreError as error:
            self.store_error = str(error)
            log.error("%s: %s", self.spec.name, error)

    def _stop_turns(self, key: ConversationKey) -> None:
        for task, (conversation, _) in self._turns.items():
            if conversation == key:
                self._stop(task)

    def _stop(self, task: asyncio.Task[None]) -> None:
        """Cancel a turn once: a second cancel would keep it from ending its card."""
        if task not in self._stopping:
            self._stopping.add(task)
            task.cancel()

    def _release(self, behaviour: Behaviour) -> None:
        self._using[behaviour] -= 1
        if not self._using[behaviour]:
            del self._using[behaviour]
            task = asyncio.create_task(behaviour.agent.close())
            self._chores.add(task)
            task.add_done_callback(self._chores.discard)


_CONTEXT = CardContext(phase=CardPhase.FINAL)


def trimmed(past: Sequence[Exchange], chars: int) -> list[Exchange]:
    """The newest exchanges that together hold at most so many characters, oldest first."""
    kept: list[Exchange] = []
    for exchange in reversed(past):
        chars -= len(exchange.question) + len(exchange.answer)
        if chars < 0:
            break
        kept.append(exchange)
    return kept[::-1]
