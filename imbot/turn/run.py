"""One turn: a message in, an answer out, ended exactly once, whatever happens in between.

thinking -> streaming -> final | error | stopped. The agent is heard here; the ``CardWriter`` writes the
card; the store learns the answer before the card shows its end, so that a quick click finds it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing

from imbot.agents.guarded import guarded
from imbot.behaviour import Behaviour
from imbot.errors import AgentError
from imbot.model import CardPhase, Exchange, Message, TurnRecord
from imbot.platforms import Gateway
from imbot.turn.answer import Answer
from imbot.turn.card_writer import CardWriter
from imbot.turn.journal import Journal
from imbot.usage.accounting import TurnCalls
from imbot.usage.counters import Counters

log = logging.getLogger(__name__)


async def run_turn(
    turn: TurnRecord,
    message: Message,
    history: Sequence[Exchange],
    behaviour: Behaviour,
    gateway: Gateway,
    journal: Journal,
    clock: Callable[[], float] = time.time,
    counters: Counters | None = None,
) -> CardPhase:
    """Answer a message; returns the terminal phase it ended in.

    Cancelling stops the agent, ends the card as *stopped* and then raises; a second cancel while
    the end is being written gives up.
    """
    counters = counters or Counters()
    answer = Answer(turn, behaviour.card, behaviour.spec.limits.answer_chars)
    turn_calls = counters.accounting.turn_calls(turn.card.id, turn.bot)
    monthly = behaviour.spec.quota.monthly
    writer = CardWriter(
        gateway,
        answer,
        behaviour.spec.throttle,
        counters,
        journal,
        scarce=lambda: counters.accounting.scarce(turn_calls.organisation, monthly),
    )
    writing = asyncio.create_task(writer.run()) if behaviour.card.live else None
    cancelled: asyncio.CancelledError | None = None
    try:
        await _listen(message, history, behaviour, answer, writer)
        answer.end(CardPhase.FINAL)
    except asyncio.CancelledError as error:
        cancelled = error
        answer.end(CardPhase.STOPPED)
    except AgentError as error:
        log.warning("turn %s: agent %s: %s [%s]", turn.id, behaviour.spec.agent.type, error, error.code)
        counters.count_agent_error(turn.bot)
        answer.end(CardPhase.ERROR)
    except Exception:  # an agent's bug costs its own turn only
        log.exception("turn %s: agent %s failed", turn.id, behaviour.spec.agent.type)
        counters.count_agent_error(turn.bot)
        answer.end(CardPhase.ERROR)

    ending = asyncio.create_task(_end(answer, writer, writing, behaviour, journal, clock, turn_calls))
    if cancelled is None:
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError as error:
            cancelled = error
    await ending
    counters.count_turn(turn.bot, answer.phase)
    if cancelled:
        raise cancelled
    return answer.phase


async def _listen(
    message: Message, history: Sequence[Exchange], behaviour: Behaviour, answer: Answer, writer: CardWriter
) -> None:
    events = guarded(behaviour.agent.reply(message, history), behaviour.spec.timeouts)
    async with aclosing(events):
        async for event in events:
            if answer.add(event):
                writer.note()
            if answer.full:
                log.warning("turn %s: the agent said too much and was stopped", answer.turn.id)
                return


async def _end(
    answer: Answer,
    writer: CardWriter,
    writing: "asyncio.Task[None] | None",
    behaviour: Behaviour,
    journal: Journal,
    clock: Callable[[], float],
    turn_calls: TurnCalls,
) -> None:
    turn = answer.turn
    if writing:
        await writer.settle(writing)
    await journal.keep(
        answer=answer.text,
        error=answer.error,
        extras=answer.extras(),
        fingerprint=behaviour.spec.fingerprint,
        layout=behaviour.card.fingerprint,
    )
    shown = await writer.finish()
    if writer.unended:
        if shown:
            journal.note(shown="said")
        await journal.hand_back()
    else:
        await journal.keep(phase=answer.phase, finished_at=clock())
    log.log(
        logging.INFO if shown else logging.ERROR,
        "%s: turn %s %s%s in %.1f s, %d updates, %d calls",
        turn.bot,
        turn.id,
        answer.phase,
        "" if shown else " but not shown",
        answer.elapsed_s,
        writer.updates,
        turn_calls.calls,
    )
