import asyncio

import pytest
from fakes import FakeAgent, message

from imbot.agents.guarded import guarded
from imbot.errors import AgentError
from imbot.model import Citation, Finished, NotFound, ReasoningDelta, Suggestions, TextDelta
from imbot.spec import Timeouts
from imbot.testing.clock import run_virtual
from imbot.testing.script import ScriptedAgent, script_of


def reply(written, agent=None):
    """What is said, and when; an error by its code."""
    heard = []

    async def main():
        now = asyncio.get_running_loop().time
        scripted = ScriptedAgent(agent)
        if written is not None:
            scripted.scripts["m1"] = script_of(written)
        try:
            async for event in guarded(scripted.reply(message(), []), Timeouts(10, 60, 60, None, 600)):
                heard.append((event, now()))  # noqa: PERF401 - what was heard before an error counts
        except AgentError as error:
            heard.append((error.code, now()))

    run_virtual(main())
    return heard


def test_pieces_are_said_in_order_and_waits_waited():
    assert reply(["a", {"wait": "2s"}, {"text": "b"}]) == [
        (TextDelta("a"), 0),
        (TextDelta("b"), 2),
        (Finished(), 2),
    ]


def test_a_text_is_repeated_at_its_pace():
    heard = reply([{"text": "a", "repeat": 3, "every": "100ms"}])
    assert [event for event, _ in heard] == [TextDelta("a")] * 3 + [Finished()]
    assert [at for _, at in heard] == pytest.approx([0, 0.1, 0.2, 0.2])


def test_all_that_an_agent_may_say_can_be_scripted():
    heard = reply(
        [
            {"reasoning": "hm"},
            {"suggestions": ["q"]},
            {"citation": {"title": "t", "url": "u"}},
            {"not_found": True},
        ]
    )
    assert [event for event, _ in heard] == [
        ReasoningDelta("hm"),
        Suggestions(("q",)),
        Citation("t", "u"),
        NotFound(),
        Finished(),
    ]


def test_an_error_ends_the_script():
    assert reply(["a", {"error": "broken"}, "b"]) == [(TextDelta("a"), 0), ("script", 0)]


def test_silence_lasts_until_the_timeout():
    assert reply(["a", {"silence": True}, "b"]) == [(TextDelta("a"), 0), ("timeout.idle", 60)]


def test_without_a_script_the_real_agent_answers():
    assert reply(None, FakeAgent("real")) == [(TextDelta("real"), 0), (Finished(), 0)]


def test_without_either_the_reply_fails():
    assert reply(None) == [("script", 0)]
