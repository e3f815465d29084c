import asyncio
import os
import signal

import pytest
from virtual import run_virtual

from imbot.errors import ConfigError, StoreError
from imbot.runtime import CLEAN_EVERY_S, _clean, first_signal, running


@pytest.fixture
def handlers():
    """Signals are the whole process's: it gets back what it had."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
async def test_a_signal_during_the_start_is_not_lost():
    ended = first_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0)  # whatever starting takes

    assert await asyncio.wait_for(ended, 10) is signal.SIGTERM


@pytest.mark.parametrize("trouble", ["folder", "env", "line of env"])
async def test_a_start_with_nothing_to_go_on_with_fails_and_leaves_nothing_behind(tmp_path, trouble):
    if trouble == "folder":
        (tmp_path / "bots").write_text("no folder")
    else:
        (tmp_path / "bots").mkdir()
        (tmp_path / ".env").write_bytes(b"A=\xff" if trouble == "env" else b"A='half")

    with pytest.raises(ConfigError, match=r"bots|\.env"):
        async with running(tmp_path / "bots", store_url=f"sqlite:///{tmp_path}/state/x.db"):
            pytest.fail("it started")
    assert not (tmp_path / "state").exists()


class Forgetful:
    """A store whose first clean-up fails."""

    def __init__(self):
        self.asked = 0

    async def expire(self, before):
        self.asked += 1
        if self.asked == 1:
            raise StoreError("the disk is full")
        return 7


def test_a_clean_up_that_fails_is_told_and_tried_again(caplog):
    caplog.set_level("INFO", "imbot")
    store = Forgetful()

    async def main():
        cleaning = asyncio.create_task(_clean(store, 3 * 86400.0))
        await asyncio.sleep(CLEAN_EVERY_S * 1.5)
        cleaning.cancel()

    run_virtual(main())
    assert store.asked == 2
    assert "old turns could not be removed: the disk is full" in caplog.text
    assert "7 turns older than 3 days removed" in caplog.text


async def test_a_chore_that_dies_is_told_counted_and_begun_again(tmp_path, caplog, monkeypatch):
    (tmp_path / "bots").mkdir()
    died, alive = [], asyncio.Event()

    async def beats(store):
        if not died:
            died.append(store)
            raise RuntimeError("boom")
        alive.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("imbot.runtime.keep_beating", beats)
    monkeypatch.setattr("imbot.tasks.CHORE_RETRY_S", (0.01, 0.01))
    url = f"sqlite:///{tmp_path}/state/x.db"
    async with running(tmp_path / "bots", store_url=url) as (supervisor, _), asyncio.timeout(20):
        await alive.wait()
        assert supervisor.counters.chore_failures == {"lease": 1}

    assert "lease failed and is restarted" in caplog.text
