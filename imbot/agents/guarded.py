"""A guard around an answering agent: applies the time limits, and cleans the events."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing, suppress

from imbot.agents.idle_timeout import IdleTimeout
from imbot.agents.sanitizer import EventSanitizer
from imbot.errors import AgentError
from imbot.model import AgentEvent, Alive, Finished
from imbot.spec import Timeouts

CLOSE_S = 5.0  # how long an agent that is stopped may take to clean up


async def guarded(events: AsyncGenerator[AgentEvent], timeouts: Timeouts) -> AsyncGenerator[AgentEvent]:
    """The same events, cleaned so that they can be shown.

    Raises AgentError if the agent is silent for too long, ends without ``Finished``, or does not stop. ``Alive``
    ends a silence and is not passed on; a text that is empty does not even count as a sign of life.
    """
    loop, sanitizer = asyncio.get_running_loop(), EventSanitizer()
    since = loop.time()
    deadline = loop.time() + timeouts.total_s if timeouts.total_s is not None else None
    queued_until = since + max(timeouts.queued_s, timeouts.first_event_s)
    begun = False
    with closing(IdleTimeout()) as idle:
        async with _closing(events, idle):
            while True:
                if begun:
                    until, code = since + timeouts.idle_s, "idle"
                else:
                    until, code = since + timeouts.first_event_s, "first_event"
                    if queued_until < until:
                        until, code = queued_until, "queued"
                if deadline is not None and deadline < until:
                    until, code = deadline, "total"
                try:
                    event = await idle.wait(anext(events), until)
                except StopAsyncIteration:
                    raise _broken_off() from None
                except TimeoutError as error:
                    raise _too_slow(code, timeouts) if idle.expired else _gave_up(error) from error
                if sanitizer.should_yield:
                    await sanitizer.yield_to_others()
                if (sanitized := sanitizer.sanitize(event)) is None:
                    continue
                if isinstance(event, Alive):
                    since, begun = loop.time(), begun or event.begun
                    continue
                yield sanitized
                if isinstance(event, Finished):
                    return
                since, begun = loop.time(), True


@asynccontextmanager
async def _closing(events: AsyncGenerator[AgentEvent], idle: IdleTimeout) -> AsyncIterator[None]:
    """Close the agent after the block, within ``CLOSE_S``."""
    try:
        yield
    finally:
        with suppress(TimeoutError):
            await idle.wait(events.aclose(), asyncio.get_running_loop().time() + CLOSE_S)


def _broken_off() -> AgentError:
    return AgentError("the agent's answer broke off", code="interrupted", retryable=True)


def _gave_up(error: TimeoutError) -> AgentError:
    """The error for a TimeoutError of the agent itself."""
    return AgentError(f"the agent gave up: {error}", code="agent.timeout", retryable=True)


def _too_slow(code: str, timeouts: Timeouts) -> AgentError:
    words = {
        "first_event": f"the agent said nothing within {timeouts.first_event_s:g} s",
        "queued": f"the agent was alive for {timeouts.queued_s:g} s and said nothing",
        "idle": f"the agent fell silent for {timeouts.idle_s:g} s",
        "total": f"the agent took longer than {timeouts.total_s or 0:g} s",
    }
    return AgentError(words[code], code=f"timeout.{code}", retryable=True)
