"""What a click on a card means, and what the card shows after it; ``bot`` hears of clicks and stops turns."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from imbot.behaviour import Behaviour
from imbot.cards.buttons import parse_button_id
from imbot.model import CardAction, CardChange, Feedback, Message, TurnRecord
from imbot.spec import BotSpec
from imbot.stores import Store
from imbot.turn.answer import as_seen, card_context
from imbot.turn.orphan import message_of
from imbot.turn.truncate import OverflowBytes, truncate

log = logging.getLogger(__name__)


def stops(action: CardAction, turn: TurnRecord, spec: BotSpec) -> bool:
    """Whether that click is to stop that turn, by somebody who may."""
    return action.id == "stop" and action.card_id == turn.card.id and may_press(spec, turn, action.user_id)


def may_press(spec: BotSpec, turn: TurnRecord, user_id: str) -> bool:
    """Whether a person may stop a turn or have it asked again: who asked, and whom the bot file lets.

    With only one person there, it is that one, by whatever id the platform calls them.
    """
    return turn.conversation_kind == "single" or user_id == turn.sender.id or spec.card.actions_by == "anyone"


def may_ask_again(spec: BotSpec, turn: TurnRecord) -> bool:
    """Whether the card of a turn has a button to ask again."""
    offered = "regenerate" in spec.card.actions or bool(turn.extras.get("retry"))
    return offered and turn.phase.terminal and bool(turn.question)


def again_id(turn: TurnRecord) -> str:
    """The message id of a question asked again: the same for every click, so that all make one turn."""
    return f"again:{turn.id}"


@dataclass(frozen=True, slots=True)
class Click:
    """One click, on the card of a turn that has its end; ``at`` is in epoch seconds."""

    action: CardAction
    behaviour: Behaviour
    overflow_bytes: OverflowBytes
    at: float

    async def answered(self, store: Store, ask: Callable[[Message], Awaitable[None]]) -> CardChange | None:
        """Do what it means, and tell what the card shows then; ``ask`` takes a message over."""
        verb, value = parse_button_id(self.action.id)
        spec = self.behaviour.spec
        turn = await store.turn_of_card(self.action.card_id)
        turn = as_seen(turn) if turn else None
        if turn and turn.phase.terminal:
            if verb == "feedback" and value:
                return await self._rate(turn, value, store)
            if verb == "regenerate" and may_ask_again(spec, turn) and self._allowed(turn):
                return await self._ask_again(turn, store, ask)
        log.info("%s: a click on %r was ignored: its card has no such button now", spec.name, self.action.id)
        return None

    def _allowed(self, turn: TurnRecord) -> bool:
        return may_press(self.behaviour.spec, turn, self.action.user_id)

    async def _rate(self, turn: TurnRecord, rating: str, store: Store) -> CardChange:
        """In a group nobody else sees the rating."""
        await store.rate(Feedback(turn.id, turn.bot, self.action.user_id, rating, self.at))
        log.info("%s: turn %s rated %s", turn.bot, turn.id, rating)
        private = turn.conversation_kind == "group"
        notice = self.behaviour.spec.feedback.thanks
        return self._change((turn, ""), (turn, rating), private=private, notice=notice)

    async def _ask_again(
        self, turn: TurnRecord, store: Store, ask: Callable[[Message], Awaitable[None]]
    ) -> CardChange:
        """Ask once, however many clicks; the button goes for everybody."""
        await store.ask_again(turn.id)
        await ask(replace(message_of(turn, again_id(turn)), received_at=self.at))
        log.info("%s: turn %s is asked again", turn.bot, turn.id)
        single = turn.conversation_kind == "single"
        rating = await store.rating(turn.id, self.action.user_id) if single else ""
        after = replace(turn, replaced=True)
        return self._change((turn, rating), (after, rating))

    def _change(self, *states: tuple[TurnRecord, str], private: bool = False, notice: str = "") -> CardChange:
        """From one state of the card to another, each a turn and the rating that is chosen."""
        card, (turn, _) = self.behaviour.card, states[0]
        before, after = (truncate(card, card_context(*state), self.overflow_bytes).view for state in states)
        return CardChange(before, after, private, turn.layout != card.fingerprint, notice)
