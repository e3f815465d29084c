import asyncio

from fakes import behaviour
from virtual import run_virtual

from imbot.bot.behaviours import Behaviours


def closed(*behaviours):
    return [each.agent.closed for each in behaviours]


def test_an_agent_is_closed_when_the_last_turn_that_took_it_has_ended():
    async def main():
        old, new = behaviour("old"), behaviour("new")
        all_of_them = Behaviours(old)
        with all_of_them.in_use() as first, all_of_them.in_use() as second:
            all_of_them.switch_to(new)
            assert (first, second, all_of_them.now) == (old, old, new)
            await asyncio.sleep(1)
            assert closed(old, new) == [False, False]
        await asyncio.sleep(1)
        assert closed(old, new) == [True, False]
        await all_of_them.close()
        return closed(old, new)

    assert run_virtual(main()) == [True, True]


def test_one_that_comes_back_while_it_is_in_use_stays_open():
    async def main():
        old, new = behaviour("old"), behaviour("new")
        all_of_them = Behaviours(old)
        with all_of_them.in_use():
            all_of_them.switch_to(new)
            all_of_them.switch_to(old)
        await asyncio.sleep(1)
        return closed(old, new)

    assert run_virtual(main()) == [False, True]


def test_an_agent_that_cannot_be_closed_is_told_in_the_log(caplog):
    async def fail():
        raise ZeroDivisionError

    async def main():
        old = behaviour("old")
        old.agent.close = fail
        all_of_them = Behaviours(old)
        all_of_them.switch_to(behaviour("new"))
        await all_of_them.close()

    run_virtual(main())
    assert "closing the agent of bot failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text
