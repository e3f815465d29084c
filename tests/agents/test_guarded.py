import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from virtual import run_virtual

from imbot.agents.chunks import event_of
from imbot.agents.guarded import guarded
from imbot.errors import AgentError
from imbot.model import Alive, Finished, TextDelta
from imbot.spec import Timeouts

TIMEOUTS = Timeouts(connect_s=10, first_event_s=60, idle_s=30, total_s=None, queued_s=600)


class Scripted:
    """Waits and says; remembers when it was closed."""

    def __init__(self, *steps):
        self.steps = steps
        self.closed_at = None

    async def reply(self):
        try:
            for step in self.steps:
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        finally:
            self.closed_at = asyncio.get_running_loop().time()


def watch(agent, timeouts=TIMEOUTS, reading_s=0.0):
    """What comes through, how it failed, and when."""

    async def run():
        events = []
        try:
            async with aclosing(guarded(agent.reply(), timeouts)) as answer:
                async for event in answer:
                    events.append(event)
                    await asyncio.sleep(reading_s)
        except AgentError as error:
            return events, error, asyncio.get_running_loop().time()
        return events, None, asyncio.get_running_loop().time()

    return run_virtual(run())


def test_a_lively_agent_passes_unchanged():
    said = [TextDelta("a"), TextDelta("b"), Finished("length")]
    assert watch(Scripted(59.0, said[0], 29.0, said[1], 29.0, said[2]))[:2] == (said, None)


def test_the_first_event_has_its_own_patience():
    agent = Scripted(61.0, TextDelta("late"), Finished())
    events, error, at = watch(agent)
    assert (events, error.code, error.retryable, at) == ([], "timeout.first_event", True, 60.0)
    assert "60 s" in str(error)
    assert agent.closed_at == 60.0


def test_silence_between_events_is_bounded():
    agent = Scripted(TextDelta("a"), 31.0, Finished())
    events, error, at = watch(agent)
    assert (events, error.code, at) == ([TextDelta("a")], "timeout.idle", 30.0)
    assert "30 s" in str(error)
    assert agent.closed_at == 30.0


def test_an_agent_that_shows_that_it_lives_is_not_silent_and_its_signs_are_not_passed_on():
    working = [step for _ in range(10) for step in (29.0, event_of({"type": "TOOL_CALL_START"}))]
    assert watch(Scripted(*working, TextDelta("a"), *working, Finished()))[:2] == (
        [TextDelta("a"), Finished()],
        None,
    )


def test_an_agent_that_is_queued_has_a_limit_of_its_own():
    queued = [step for _ in range(100) for step in (59.0, Alive(begun=False))]
    events, error, at = watch(Scripted(*queued))
    assert (events, error.code, at) == ([], "timeout.queued", 600.0)
    assert "600 s" in str(error)
    hasty = replace(TIMEOUTS, queued_s=10)  # less than for the first event: then that counts
    assert watch(Scripted(Alive(begun=False), 59.0, TextDelta("a"), Finished()), hasty)[1] is None


def test_the_whole_answer_is_bounded_only_when_asked():
    talk = [step for _ in range(100) for step in (20.0, TextDelta("a"))]
    assert watch(Scripted(*talk, Finished()))[1] is None
    timeouts = Timeouts(connect_s=10, first_event_s=60, idle_s=30, total_s=90, queued_s=600)
    events, error, at = watch(Scripted(*talk, Finished()), timeouts)
    assert (len(events), error.code, at) == (4, "timeout.total", 90.0)
    assert "90 s" in str(error)


def test_the_readers_own_time_is_not_the_agents_silence():
    assert watch(Scripted(TextDelta("a"), TextDelta("b"), Finished()), reading_s=100.0)[1] is None


def test_ending_without_a_word_of_it_is_an_interruption():
    events, error, _ = watch(Scripted(TextDelta("a")))
    assert (events, error.code, error.retryable) == ([TextDelta("a")], "interrupted", True)


def test_the_agents_own_error_passes():
    events, error, _ = watch(Scripted(TextDelta("a"), AgentError("no credit", code="quota")))
    assert (events, error.code) == ([TextDelta("a")], "quota")


def test_nothing_comes_after_the_end():
    agent = Scripted(Finished(), TextDelta("more"), 500.0)
    assert watch(agent) == ([Finished()], None, 0.0)
    assert agent.closed_at == 0.0


def test_cancelling_the_reader_closes_the_agent():
    agent = Scripted(TextDelta("a"), 25.0, Finished())

    async def run():
        events = []

        async def read():
            async with aclosing(guarded(agent.reply(), TIMEOUTS)) as answer:
                async for event in answer:
                    events.append(event)  # noqa: PERF401 - what came before is kept

        reader = asyncio.create_task(read())
        await asyncio.sleep(5)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        return events

    assert run_virtual(run()) == [TextDelta("a")]
    assert agent.closed_at == 5.0


class Lingering(Scripted):
    """Takes for ever to clean up."""

    async def reply(self):
        try:
            async for event in super().reply():
                yield event
        finally:
            await asyncio.sleep(10_000)


def test_an_agent_whose_reader_leaves_has_cleaned_up_before_the_reader_goes_on(abandoned):
    agent = Scripted(TextDelta("a"), TextDelta("b"), Finished())

    async def run():
        answer = guarded(agent.reply(), TIMEOUTS)
        await anext(answer)
        await answer.aclose()
        return agent.closed_at

    assert run_virtual(run()) is not None
    assert abandoned == []


@pytest.mark.parametrize("steps", [(TextDelta("a"), 1000.0), (TextDelta("a"),)])
def test_an_agent_that_never_has_cleaned_up_holds_its_turn_up_for_seconds(steps):
    events, error, at = watch(Lingering(*steps))
    assert (events, error.code) == ([TextDelta("a")], "timeout.idle")
    assert at <= TIMEOUTS.idle_s + 10


def test_an_agent_that_has_finished_may_not_linger_either():
    events, error, at = watch(Lingering(TextDelta("a"), Finished()))
    assert (events, error) == ([TextDelta("a"), Finished()], None)
    assert at <= 10
