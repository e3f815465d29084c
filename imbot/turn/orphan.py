"""Ends the turns that a dead process left open, or finds that a turn can be answered afresh.

``bot.recovery`` finds and adopts such a turn, and ``Bot.resume`` brings it here.
"""

import logging
from dataclasses import replace

from imbot.behaviour import Behaviour
from imbot.cards import Card, prepare_card
from imbot.errors import CardMissingError, FatalError, TransientError
from imbot.model import CardContext, CardPhase, CardView, Message, TurnRecord
from imbot.platforms import platform_type
from imbot.turn.answer import SEQUENCE_BLOCK, as_seen, card_context, made_of
from imbot.turn.context import TurnContext
from imbot.turn.send_text import send_text_once
from imbot.turn.truncate import truncate

log = logging.getLogger(__name__)

FRESH_S = 60.0  # a question younger than this is answered afresh if nobody saw anything of its answer
GIVE_UP_S = 86400.0  # a turn that could not be ended until this age never will be


def message_of(turn: TurnRecord, message_id: str = "") -> Message:
    """The message of a turn, as far as the journal kept it. ``message_id`` replaces its id if given."""
    return Message(
        id=message_id or turn.message_id,
        conversation_id=turn.conversation.conversation_id,
        conversation_kind=turn.conversation_kind,
        sender=turn.sender,
        text=turn.question or None,
        received_at=turn.accepted_at,
        address=turn.card.address,
        quote=turn.quote,
    )


async def finish(context: TurnContext) -> CardPhase | None:
    """End an orphan with the answer so far, and return the phase it ended in.

    Returns None, and does nothing, if nobody has seen anything of the answer and the question is young enough
    to be answered afresh. Raises TransientError if it has to be tried later; a turn older than a day is ended
    as *error* instead.
    """
    turn, now = context.record, context.clock()
    try:
        return await _finish(context, now)
    except TransientError as error:
        if now - turn.accepted_at < GIVE_UP_S:
            raise
        log.error("%s: giving up after a day: %s", turn.label, error)
        await context.journal.keep(phase=CardPhase.ERROR, finished_at=now)
        return CardPhase.ERROR


async def _finish(context: TurnContext, now: float) -> CardPhase | None:
    turn, gateway = context.record, context.gateway
    card = _card_of(turn, context.behaviour)
    ending = _ending(turn, card)
    turn = _pointing(turn, card, ending)
    unsaid = turn.shown in ("", "card")
    fit = truncate(card, card_context(turn) if "instead" in turn.extras else ending, gateway.overflow_bytes)
    if card.live and await _card_ended(context, turn, fit.view):
        if unsaid and fit.rest:
            await send_text_once(context, fit.view.title, fit.rest)
    elif turn.shown == "" and "ending" not in turn.extras and now - turn.accepted_at < FRESH_S:
        return None
    elif unsaid:
        view = card.render(ending)
        await send_text_once(context, view.title, view.text)
    await context.journal.keep(
        phase=ending.phase,
        error=ending.error,
        extras={**turn.extras, "retry": ending.retry},
        layout=card.fingerprint,
        finished_at=now,
    )
    log.info("%s: turn %s, left open by another process, ended as %s", turn.bot, turn.id, ending.phase)
    return ending.phase


def _card_of(turn: TurnRecord, behaviour: Behaviour) -> Card:
    """The card that draws the end of a turn.

    It is the bot's current card. If that has another kind or template than the card was made with, it is one
    with the kind and template from then and the built-in layouts.
    """
    view = behaviour.card.render(card_context(turn))
    kind, native = made = turn.extras.get("made_of") or made_of(view)
    if made == made_of(view):
        return behaviour.card
    spec = behaviour.spec
    card = replace(spec.card, kind=kind, own=native, templates={})
    return prepare_card(replace(spec, card=card), platform_type(spec.type))


def _ending(turn: TurnRecord, card: Card) -> CardContext:
    """The end that the turn was about to show. If it had none: *stopped*, with the answer so far and a text."""
    seen = as_seen(turn)
    if seen.phase.terminal:
        return card_context(seen)
    cut = replace(card_context(turn), phase=CardPhase.STOPPED, retry=True)
    return replace(cut, error=card.text("interrupted", cut))


def _pointing(turn: TurnRecord, card: Card, context: CardContext) -> TurnRecord:
    """The turn. If its answer was sent as text, its card shall show the text ``below`` instead of the answer."""
    if turn.shown != "said":
        return turn
    return replace(turn, extras={**turn.extras, "instead": card.text("below", context)})


async def _card_ended(context: TurnContext, turn: TurnRecord, view: CardView) -> bool:
    """End the card of a turn. False if there is none, or if it cannot be ended."""
    if not turn.card.id:
        return False
    ref = replace(turn.card, sequence=turn.card.sequence + 1)
    if turn.card.sequence:
        await context.journal.keep(extras={**turn.extras, "sequence": turn.card.sequence + SEQUENCE_BLOCK})
    try:
        await context.gateway.finish_card(ref, view)
    except CardMissingError:
        return False
    except FatalError as error:
        log.error("%s: its card cannot be ended: %s", turn.label, error)
        return False
    return True
