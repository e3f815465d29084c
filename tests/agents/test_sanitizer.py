"""Agents that do not behave."""

import asyncio
from contextlib import aclosing

import pytest
from virtual import run_virtual

from imbot.agents import sanitizer
from imbot.agents.guarded import guarded
from imbot.agents.sanitizer import EventSanitizer
from imbot.errors import AgentError
from imbot.model import Citation, Finished, ReasoningDelta, Suggestions, TextDelta, TextReplace, Usage
from imbot.spec import Timeouts

TIMEOUTS = Timeouts(connect_s=10, first_event_s=60, idle_s=30, total_s=None, queued_s=600)


def heard(*events):
    """What is left of these events."""
    mind = EventSanitizer()
    return [tamed for event in events if (tamed := mind.sanitize(event))]


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([TextDelta("\ud83d"), TextDelta("\ude00!")], [TextDelta("😀!")]),
        ([TextDelta("a\ud83d"), TextDelta("b")], [TextDelta("a"), TextDelta("\ufffdb")]),
        ([TextDelta("a\x00\x1b[1mb\r\n")], [TextDelta("a[1mb\n")]),
        ([TextDelta(""), ReasoningDelta("")], []),
        ([TextDelta("\ud83d"), TextReplace("new"), TextDelta("er")], [TextReplace("new"), TextDelta("er")]),
        ([TextReplace("")], [TextReplace("")]),
        ([ReasoningDelta("\udc00")], [ReasoningDelta("\ufffd")]),
        ([Citation("a\ud800", "u\x00", "s")], [Citation("a\ufffd", "u", "s")]),
        ([Suggestions(("q\ud800",))], [Suggestions(("q\ufffd",))]),
        ([Usage(9, 3)], [Usage(9, 3)]),
        ([Usage(-1, "3"), Usage(True, 10**30)], [Usage(0, 0), Usage(0, 0)]),
        ([Finished("length")], [Finished("length")]),
    ],
)
def test_what_cannot_be_shown_is_made_fit(events, left):
    assert heard(*events) == left


def test_a_piece_as_long_as_may_be_is_left_whole_and_a_longer_one_is_cut():
    assert heard(TextDelta("x" * sanitizer.MOST_CHARS)) == [TextDelta("x" * sanitizer.MOST_CHARS)]
    assert heard(TextDelta("x" * sanitizer.MOST_CHARS + "y")) == [TextDelta("x" * sanitizer.MOST_CHARS)]


def test_what_stands_beside_the_answer_is_bounded():
    (citation,) = heard(Citation("t" * 10**6, "u" * 10**6, "s" * 10**6))
    (suggestions,) = heard(Suggestions(("q" * 10**6,) * 10**4))
    assert len(citation.title + citation.url + citation.snippet) <= 6_000
    assert sum(map(len, suggestions.questions)) <= 100_000


def all_of(events, timeouts=TIMEOUTS):
    async def main():
        async with aclosing(guarded(events(), timeouts)) as answer:
            return [event async for event in answer]

    return run_virtual(main())


@pytest.mark.parametrize("event", [TextDelta(""), TextDelta("x"), ReasoningDelta("hmmm " * 100)])
def test_an_agent_that_comes_to_no_end_is_ended(event, monkeypatch):
    monkeypatch.setattr(sanitizer, "MOST_EVENTS", 2_000)

    async def endless():
        while True:
            yield event

    with pytest.raises(AgentError) as caught:
        all_of(endless)
    assert caught.value.code == "endless"


def test_events_that_say_nothing_are_no_sign_of_life():
    async def nods():
        yield TextDelta("a")
        while True:
            await asyncio.sleep(10)
            yield TextDelta("")

    with pytest.raises(AgentError) as caught:
        all_of(nods)
    assert caught.value.code == "timeout.idle"


def test_others_move_while_an_agent_talks_without_a_pause():
    moves = 0

    async def other():
        nonlocal moves
        while True:
            await asyncio.sleep(0)
            moves += 1

    async def main():
        async def talks():
            for _ in range(6400):
                yield TextDelta("x")
            yield Finished()

        task = asyncio.create_task(other())
        async for _ in guarded(talks(), TIMEOUTS):
            pass
        task.cancel()

    run_virtual(main())
    assert moves >= 90
