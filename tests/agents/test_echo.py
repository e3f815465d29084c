import asyncio

import pytest
from virtual import run_virtual

from imbot.errors import AgentError
from imbot.model import Finished, TextDelta


async def test_it_says_the_question_back(make_agent, ask):
    events = await ask(make_agent("echo", delay=0.0), "你好，世界")
    assert "".join(event.text for event in events[:-1]) == "你好，世界"
    assert events[-1] == Finished()


async def test_the_prefix_comes_first_and_the_pieces_are_counted(make_agent, ask):
    events = await ask(make_agent("echo", delay=0.0, prefix="you said: ", chunks=2), "hello world")
    assert events == [TextDelta("you said: h"), TextDelta("ello world"), Finished()]


async def test_nothing_is_echoed_as_nothing(make_agent, ask):
    assert await ask(make_agent("echo"), None) == [Finished()]


def test_pieces_are_a_delay_apart(make_agent, ask):
    async def measure():
        began = asyncio.get_running_loop().time()
        await ask(make_agent("echo", delay=0.5, chunks=4), "abcd")
        return asyncio.get_running_loop().time() - began

    assert run_virtual(measure()) == pytest.approx(1.5)


@pytest.mark.parametrize(("fail_after", "said"), [(0, ""), (2, "ab"), (9, "abcd")])
async def test_it_fails_when_asked_to(make_agent, ask, fail_after, said):
    with pytest.raises(AgentError) as caught:
        await ask(make_agent("echo", delay=0.0, fail_after=fail_after), "abcd")
    assert "".join(event.text for event in caught.value.events) == said
    assert caught.value.code == "fail_after"
