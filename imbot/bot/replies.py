"""Replies: a bot file's own texts, in answer to orders and to what the agent does not get.

``bot`` decides which text a message gets; ``turn.send_text`` sends it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from imbot.behaviour import Behaviour
from imbot.bot.active_turns import ActiveTurn
from imbot.errors import StoreError, TransientError
from imbot.model import CardContext, CardPhase, TurnRecord
from imbot.recent_ids import RecentIds
from imbot.stores import Store
from imbot.turn.send_text import send_text_once
from imbot.usage.counters import Counters

log = logging.getLogger(__name__)

REFUSAL_EVERY_S = 900.0  # of one person in one group
MOST_REFUSED = 20_000

_CONTEXT = CardContext(phase=CardPhase.FINAL)
_TURNED_AWAY = frozenset({"busy", "refused", "too_long"})


class Replies:
    """What one bot says in its own words."""

    def __init__(self, store: Store, counters: Counters, clock: Callable[[], float]) -> None:
        self._store = store
        self._counters = counters
        self._clock = clock
        self._refused = RecentIds(REFUSAL_EVERY_S, MOST_REFUSED, clock)

    async def send(self, active: ActiveTurn, name: str, behaviour: Behaviour) -> None:
        """Answer with the text of that name (``stopped``, ``help``, ...), and end the turn."""
        turn = active.turn
        if name == "new":
            await self._start_anew(turn)
        if name in _TURNED_AWAY:
            where = turn.conversation.conversation_id
            log.info("%s: turn %s of %s in %s: %s", turn.bot, turn.id, turn.sender.id, where, name)
            self._counters.count_turned_away(turn.bot, name)
        try:
            said = self._told_already(turn, name) or await self._said(active, name, behaviour)
        except TransientError as error:
            log.error("%s: turn %s is not answered yet: %s", turn.bot, turn.id, error)
            await active.journal.hand_back()
            return
        phase = CardPhase.FINAL if said else CardPhase.ERROR
        self._counters.count_turn(turn.bot, phase)
        await active.journal.keep(phase=phase, finished_at=self._clock())

    async def _start_anew(self, turn: TurnRecord) -> None:
        try:
            await self._store.start_anew(turn.conversation, turn.accepted_at)
        except StoreError as error:
            log.error("%s: turn %s does not start the conversation anew: %s", turn.bot, turn.id, error)

    def _told_already(self, turn: TurnRecord, name: str) -> bool:
        """Whether a group has lately read that this person is refused: it need not read it each time."""
        if name != "refused" or turn.conversation_kind != "group":
            return False
        return not self._refused.add(f"{turn.conversation.conversation_id} {turn.sender.id}")

    async def _said(self, active: ActiveTurn, name: str, behaviour: Behaviour) -> bool:
        turn = active.turn
        text = behaviour.card.text(name, replace(_CONTEXT, question=turn.question, sender=turn.sender))
        return await send_text_once(
            active.gateway, turn, behaviour.spec.title, text, active.journal, self._counters
        )
