"""Code that blocks the event loop is named while it does, by a thread that looks on."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from imbot.ops import held_up, monitor
from imbot.ops.held_up import HeldUp, _place
from imbot.ops.monitor import Monitor


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(held_up, "HELD_UP_S", 0.02)
    monkeypatch.setattr(held_up, "LOOK_S", 0.005)
    monkeypatch.setattr(monitor, "TICK_S", 0.005)


def block_until(told):
    """What a user's async function may do: it blocks the loop, here until that is told."""
    for _ in range(1000):
        if told():
            return
        time.sleep(0.01)


def some_more_looks():
    time.sleep(0.05)


async def test_the_code_that_blocks_is_named_with_its_task_once(caplog):
    watch = asyncio.create_task(Monitor().run())
    await asyncio.sleep(0.02)

    async def turn():
        block_until(lambda: caplog.records)
        some_more_looks()

    await asyncio.create_task(turn(), name="turn 12 of support")
    watch.cancel()
    await asyncio.wait([watch])

    (record,) = caplog.records
    assert "turn 12 of support is at " in record.message
    assert f"{__file__}:" in record.message


async def test_a_loop_that_is_late_by_little_is_no_news(caplog, monkeypatch):
    monkeypatch.setattr(held_up, "HELD_UP_S", 60.0)
    with HeldUp() as watch:
        for _ in range(5):
            watch.due(0.005)
            await asyncio.sleep(0.01)
    assert not caplog.records


def test_the_place_is_in_the_code_that_imbot_has_called(monkeypatch):
    def frames(*files):
        made = [
            SimpleNamespace(filename=file, lineno=number, name="f") for number, file in enumerate(files, 1)
        ]
        monkeypatch.setattr(held_up.traceback, "extract_stack", lambda _: made)
        return _place(None)

    own = held_up._IMBOT.rstrip("/")
    assert frames("asyncio.py", f"{own}/a.py", "/bots/mod.py", "/lib/requests.py") == "/bots/mod.py:3 (f)"
    assert frames("asyncio.py", f"{own}/a.py", f"{own}/b.py") == f"{own}/b.py:3 (f)"
    assert frames("asyncio.py") == "asyncio.py:1 (f)"
