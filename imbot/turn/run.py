"""One turn: a message in, an answer out, ended exactly once, whatever happens in between.

thinking -> streaming -> final | error | stopped. This module listens to the agent; the ``CardWriter`` writes
the card. The answer is stored before the card shows its end, so that a quick click finds it.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from imbot.agents.causes import bug, described, explained, text_for
from imbot.agents.guarded import guarded
from imbot.errors import AgentError, UserCodeError
from imbot.model import CardPhase, Exchange, Usage
from imbot.problems import counted
from imbot.turn.answer import Answer
from imbot.turn.card_writer import CardWriter
from imbot.turn.context import TurnContext
from imbot.usage.accounting import TurnCalls

log = logging.getLogger(__name__)


async def run_turn(context: TurnContext, history: Sequence[Exchange]) -> CardPhase:
    """Answer a message, and return the terminal phase it ended in.

    If it is cancelled, it stops the agent, ends the card as *stopped* and then raises CancelledError. A second
    cancel while the end is being written gives up.
    """
    turn, behaviour, counters = context.record, context.behaviour, context.counters
    unread = bool(context.message.unread)
    answer = Answer(turn, behaviour.card, behaviour.spec.limits.answer_chars, unread=unread)
    turn_calls = counters.accounting.open_turn(turn.id, turn.bot)
    monthly = behaviour.spec.quota.monthly
    writer = CardWriter(
        context, answer, scarce=lambda: counters.accounting.scarce(turn_calls.organisation, monthly)
    )
    writing = asyncio.create_task(writer.run()) if behaviour.card.live else None
    cancelled: asyncio.CancelledError | None = None
    try:
        await _listen(context, history, answer, writer)
        counters.agent_failures.answered(turn.bot, behaviour.spec.agent)
        answer.end(CardPhase.FINAL)
    except asyncio.CancelledError as error:
        cancelled = error
        answer.end(CardPhase.STOPPED)
    except AgentError as error:
        _failed(context, error, error if isinstance(error, UserCodeError) else None)
        answer.end(CardPhase.ERROR, text_for(error))
    except Exception as error:  # noqa: BLE001 - an agent's bug costs its own turn only, and is logged there
        _failed(context, bug(error), error)
        answer.end(CardPhase.ERROR)

    ending = asyncio.create_task(_end(context, answer, writer, writing, turn_calls))
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


def _failed(context: TurnContext, error: AgentError, trace: Exception | None = None) -> None:
    """Log and count that the agent failed; ``trace`` is the exception to log with its traceback."""
    turn, spec, counters = context.record, context.behaviour.spec, context.counters
    found, (cause, cure) = described(error), explained(error)
    log.log(
        logging.ERROR if trace else logging.WARNING,
        "%s: turn %s of conversation %s: agent %s failed: %s; cause: %s; cure: %s",
        turn.bot,
        turn.id,
        turn.conversation.conversation_id,
        spec.agent.type,
        found,
        cause,
        cure,
        exc_info=trace,
    )
    counters.count_agent_error(turn.bot)
    counters.agent_failures.failed(
        turn.bot, spec.agent, found, cause, cure, card=turn.card.id, message=turn.message_id
    )


async def _listen(
    context: TurnContext, history: Sequence[Exchange], answer: Answer, writer: CardWriter
) -> None:
    agent, timeouts = context.behaviour.agent, context.behaviour.spec.timeouts
    message = replace(context.message, shared=not context.record.conversation.sender_id)
    async with aclosing(guarded(agent.reply(message, history), timeouts)) as events:
        async for event in events:
            if answer.add(event):
                writer.note()
            if answer.full:
                log.warning(
                    "%s: the answer is longer than `limits.answer_chars`; the agent was stopped",
                    answer.turn.label,
                )
                return


async def _end(
    context: TurnContext,
    answer: Answer,
    writer: CardWriter,
    writing: "asyncio.Task[None] | None",
    turn_calls: TurnCalls,
) -> None:
    turn, journal, behaviour = context.record, context.journal, context.behaviour
    if writing:
        await writer.settle(writing)
    await journal.keep(
        answer=answer.text,
        error=answer.error,
        extras=answer.extras(),
        fingerprint=behaviour.spec.fingerprint,
        layout=behaviour.card.fingerprint,
        usage=answer.usage,
        not_found=answer.not_found,
    )
    if answer.usage:
        context.counters.count_usage(turn.bot, answer.usage)
    shown = await writer.finish()
    if writer.unended:
        if shown:
            journal.note(shown="said")
        await journal.hand_back()
    else:
        await journal.keep(phase=answer.phase, finished_at=context.clock())
    log.log(
        logging.INFO if shown else logging.ERROR,
        "%s: turn %s %s%s in %.1f s, %s, %s%s",
        turn.bot,
        turn.id,
        answer.phase,
        "" if shown else " but not shown",
        answer.elapsed_s,
        counted(writer.updates, "update"),
        counted(turn_calls.calls, "call"),
        _tokens(answer.usage),
    )


def _tokens(usage: Usage | None) -> str:
    """The end of the log line of a turn: the tokens that its agent reported, if it did."""
    if not usage:
        return ""
    return f", {usage.input_tokens} prompt and {usage.output_tokens} completion tokens"
