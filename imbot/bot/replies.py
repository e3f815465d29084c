"""Replies without the agent: texts of the bot file, for commands and for messages it does not get.

``bot`` decides which text a message gets; ``turn.send_text`` sends it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from imbot.errors import TransientError
from imbot.model import CardContext, CardPhase, TurnRecord
from imbot.platforms.recent_ids import RecentIds
from imbot.turn.context import TurnContext
from imbot.turn.send_text import send_text_once

log = logging.getLogger(__name__)

REFUSAL_EVERY_S = 900.0  # between two refusals of one person in one group
MOST_REFUSED = 20_000

_CONTEXT = CardContext(phase=CardPhase.FINAL)
_TURNED_AWAY = frozenset({"busy", "refused", "too_long"})


class Replies:
    """Sends the texts of one bot."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._refused = RecentIds(REFUSAL_EVERY_S, MOST_REFUSED, clock)

    async def send(self, context: TurnContext, name: str) -> None:
        """Reply with the text of that name (``stopped``, ``help``, ...), and end the turn."""
        turn, counters = context.record, context.counters
        if name == "new":
            await context.journal.start_anew()
        if name in _TURNED_AWAY:
            where = turn.conversation.conversation_id
            log.info("%s: turn %s of %s in %s: %s", turn.bot, turn.id, turn.sender.id, where, name)
            counters.count_turned_away(turn.bot, name)
        try:
            sent = self._refused_lately(turn, name) or await self._send(context, name)
        except TransientError as error:
            log.error("%s: turn %s is not answered yet: %s", turn.bot, turn.id, error)
            await context.journal.hand_back()
            return
        phase = CardPhase.FINAL if sent else CardPhase.ERROR
        counters.count_turn(turn.bot, phase)
        await context.journal.keep(phase=phase, finished_at=context.clock())

    def _refused_lately(self, turn: TurnRecord, name: str) -> bool:
        """Whether a group has read lately that this person is refused, so that it is not repeated."""
        if name != "refused" or turn.conversation_kind != "group":
            return False
        return not self._refused.add(f"{turn.conversation.conversation_id} {turn.sender.id}")

    async def _send(self, context: TurnContext, name: str) -> bool:
        turn, behaviour = context.record, context.behaviour
        text = behaviour.card.text(name, replace(_CONTEXT, question=turn.question, sender=turn.sender))
        return await send_text_once(context, behaviour.spec.title, text)
