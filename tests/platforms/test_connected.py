import asyncio
import logging

import pytest
from virtual import run_virtual

from imbot.platforms import connected
from imbot.platforms.connected import log_connected


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger=connected.log.name)
    return lambda: [record.getMessage() for record in caplog.records]


def played(*moments):
    """Connect these bots: names, and seconds to wait in between."""

    async def main():
        for moment in moments:
            if isinstance(moment, str):
                log_connected(moment)
            else:
                await asyncio.sleep(moment)
        await asyncio.sleep(2)

    run_virtual(main())


def test_one_bot_has_a_line_of_its_own(lines):
    played("a")
    assert lines() == ["a: connected"]


def test_bots_that_connect_within_a_second_share_a_line(lines):
    played("b", 0.3, "a", 0.3, "a", 2, "c")
    assert lines() == ["2 bots connected: a, b", "c: connected"]


def test_many_bots_are_counted_and_the_first_ones_named(lines):
    played(*(f"bot{number:02}" for number in range(30)))
    (line,) = lines()
    assert line.startswith("30 bots connected: bot00, bot01, ")
    assert line.endswith(" and 20 more")


def test_what_an_ended_loop_left_does_not_silence_the_next_one(lines):
    async def cut():
        log_connected("a")

    run_virtual(cut())
    played("b")
    assert lines() == ["b: connected"]


def test_nothing_is_gathered_while_the_log_is_silent(lines):
    connected.log.setLevel(logging.CRITICAL)
    try:
        log_connected("a")  # without a loop, too
    finally:
        connected.log.setLevel(logging.NOTSET)
    assert lines() == []
