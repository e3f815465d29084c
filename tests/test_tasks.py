import asyncio
import logging
import signal
from contextlib import suppress

import pytest
from virtual import run_virtual

from imbot.tasks import TaskSet, chores, keep_alive, run_loop


async def fails():
    raise RuntimeError("boom")


def test_a_task_that_dies_is_an_error_in_the_log_and_leaves_the_set(caplog):
    async def main():
        tasks = TaskSet()
        tasks.start(fails(), "the work")
        assert len(tasks) == 1
        assert await tasks.join() == set()
        return len(tasks)

    assert run_virtual(main()) == 0
    (record,) = caplog.records
    assert (record.getMessage(), record.levelno) == ("the work failed", logging.ERROR)
    assert "boom" in str(record.exc_info[1])


def test_who_started_a_task_hears_of_its_end_however_it_comes():
    async def main():
        tasks, ends = TaskSet(), []
        started = [
            tasks.start(work, "work", ends.append) for work in (asyncio.sleep(1), fails(), asyncio.sleep(100))
        ]
        await asyncio.sleep(2)
        assert ends == [started[1], started[0]]
        await tasks.close()
        return ends == [started[1], started[0], started[2]] and started[2].cancelled()

    assert run_virtual(main())


def test_cancelled_tasks_are_no_errors(caplog):
    async def main():
        tasks = TaskSet()
        tasks.start(asyncio.sleep(100), "work")
        await tasks.close()

    run_virtual(main())
    assert not caplog.records


def test_joining_waits_for_those_that_start_meanwhile_too():
    async def main():
        tasks = TaskSet()

        async def first():
            await asyncio.sleep(1)
            tasks.start(asyncio.sleep(5), "second")

        tasks.start(first(), "first")
        await tasks.join()
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == pytest.approx(6)


def test_joining_gives_up_after_a_while_and_tells_what_is_left():
    async def main():
        tasks = TaskSet()
        tasks.start(asyncio.sleep(1), "short")
        late = tasks.start(asyncio.sleep(100), "late")
        left = await tasks.join(3)
        now = asyncio.get_running_loop().time()
        await tasks.close()
        return left == {late}, now

    assert run_virtual(main()) == (True, pytest.approx(3))


# -- chores


class Dies:
    """A chore that dies a few times, then goes on."""

    def __init__(self, times, after_s=0.0):
        self.began = []
        self._times = times
        self._after_s = after_s

    async def run(self):
        self.began.append(asyncio.get_running_loop().time())
        if len(self.began) <= self._times:
            await asyncio.sleep(self._after_s)
            raise RuntimeError("boom")
        await asyncio.sleep(10**6)


def test_a_chore_that_dies_is_logged_counted_and_begun_again(caplog):
    async def main():
        lease, failed = Dies(3), []
        async with chores(failed.append, lease=lease.run, other=Dies(0).run):
            await asyncio.sleep(60)
        return failed, len(lease.began), asyncio.all_tasks() - {asyncio.current_task()}

    assert run_virtual(main()) == (["lease"] * 3, 4, set())
    assert [record.getMessage() for record in caplog.records] == ["lease failed and is restarted"] * 3


def test_a_chore_that_keeps_dying_is_begun_ever_more_rarely():
    async def main():
        chore = Dies(10**6)
        task = asyncio.create_task(keep_alive("chore", chore.run))
        await asyncio.sleep(3600)
        task.cancel()
        return len(chore.began)

    assert 3600 / 30 <= run_virtual(main()) <= 3600 / 5


def test_a_chore_that_lived_for_long_is_begun_again_soon():
    async def main():
        chore = Dies(20, after_s=100)
        task = asyncio.create_task(keep_alive("chore", chore.run))
        await asyncio.sleep(3000)
        task.cancel()
        return max(later - sooner for sooner, later in zip(chore.began, chore.began[1:], strict=False))

    assert run_virtual(main()) <= 100.5


def test_a_chore_that_is_done_is_not_begun_again():
    async def main():
        began = []

        async def once():
            began.append(1)

        await keep_alive("chore", once)
        return began

    assert run_virtual(main()) == [1]


# -- a loop that goes on


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("how", ["task", "callback", "late callback", "done callback", "thread"])
def test_what_an_agents_task_or_callback_raises_ends_no_loop(error, how, caplog):
    async def fails():
        raise error

    def raises(*_):
        raise error

    async def main():
        loop, waits = asyncio.get_running_loop(), asyncio.create_task(asyncio.sleep(0))
        others = [loop.create_future() for _ in range(3)]
        if how == "task":
            task = asyncio.create_task(fails())
        elif how == "done callback":
            waits.add_done_callback(raises)
        elif how == "thread":
            await asyncio.to_thread(loop.call_soon_threadsafe, raises)
        else:
            loop.call_later(0.001 if how == "late callback" else 0, raises)
        for other in others:
            loop.call_soon(other.set_result, 1)
        await asyncio.sleep(0.02)
        if how == "task":
            assert type(task.exception()) is type(error)
        return [await other for other in others]

    assert run_loop(main()) == [1, 1, 1]
    assert f"raised {type(error).__name__}" in caplog.text


def test_the_main_task_may_exit():
    async def main():
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        run_loop(main())


def test_ctrl_c_still_ends_it():
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_soon(signal.raise_signal, signal.SIGINT)
        await asyncio.sleep(3600)

    async def stubborn():
        loop = asyncio.get_running_loop()
        for _ in (1, 2):  # the second one is not waited for
            loop.call_soon(signal.raise_signal, signal.SIGINT)
        with suppress(asyncio.CancelledError):
            await loop.create_future()

    for each in (main, stubborn):
        with pytest.raises(KeyboardInterrupt):
            run_loop(each())
