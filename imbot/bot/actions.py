"""Handles clicks on cards: what they do, and how the card changes. ``bot`` receives them."""

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
    """Whether a click stops this turn, and its user may do so."""
    return action.id == "stop" and action.card_id == turn.card.id and may_press(spec, turn, action.user_id)


def may_press(spec: BotSpec, turn: TurnRecord, user_id: str) -> bool:
    """Whether a person may stop a turn or ask its question again: the asker, and whom the bot file allows.

    In a one-to-one conversation it is always the asker, even if the platform uses another id for clicks.
    """
    return turn.conversation_kind == "single" or user_id == turn.sender.id or spec.card.actions_by == "anyone"


def may_ask_again(spec: BotSpec, turn: TurnRecord) -> bool:
    """Whether the card of a turn has a button to ask the question again."""
    offered = "regenerate" in spec.card.actions or bool(turn.extras.get("retry"))
    return offered and turn.phase.terminal and bool(turn.question)


def again_id(turn: TurnRecord) -> str:
    """The message id of a question that is asked again.

    The same for every click, so that they make one turn.
    """
    return f"again:{turn.id}"


@dataclass(frozen=True, slots=True)
class Click:
    """One click on the card of a finished turn; ``at`` is in epoch seconds."""

    action: CardAction
    behaviour: Behaviour
    overflow_bytes: OverflowBytes
    at: float

    async def answered(self, store: Store, ask: Callable[[Message], Awaitable[None]]) -> CardChange | None:
        """Carry it out, and return how the card changes.

        ``ask`` accepts the message of a repeated question.
        """
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
        """Store a rating. In a group, only the person who clicked sees it."""
        await store.rate(Feedback(turn.id, turn.bot, self.action.user_id, rating, self.at))
        log.info("%s: turn %s rated %s", turn.bot, turn.id, rating)
        private = turn.conversation_kind == "group"
        notice = self.behaviour.spec.feedback.thanks
        return self._change((turn, ""), (turn, rating), private=private, notice=notice)

    async def _ask_again(
        self, turn: TurnRecord, store: Store, ask: Callable[[Message], Awaitable[None]]
    ) -> CardChange:
        """Ask the question once, however often people click; the button disappears for everybody."""
        await store.ask_again(turn.id)
        await ask(replace(message_of(turn, again_id(turn)), received_at=self.at))
        log.info("%s: turn %s is asked again", turn.bot, turn.id)
        single = turn.conversation_kind == "single"
        rating = await store.rating(turn.id, self.action.user_id) if single else ""
        after = replace(turn, replaced=True)
        return self._change((turn, rating), (after, rating))

    def _change(self, *states: tuple[TurnRecord, str], private: bool = False, notice: str = "") -> CardChange:
        """The change between two states of the card, each given by a turn and the chosen rating."""
        card, (turn, _) = self.behaviour.card, states[0]
        before, after = (truncate(card, card_context(*state), self.overflow_bytes).view for state in states)
        return CardChange(before, after, private, turn.layout != card.fingerprint, notice)
