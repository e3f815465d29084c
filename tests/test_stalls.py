import asyncio
import threading

import stalls


def test_loops_stall_and_threads_come_late_and_nothing_else_changes(monkeypatch):
    for name in ("_run_once", "run_in_executor"):
        monkeypatch.setattr(asyncio.BaseEventLoop, name, getattr(asyncio.BaseEventLoop, name))
    late = []
    monkeypatch.setattr(stalls.time, "sleep", lambda _: late.append(threading.current_thread()))
    stalls.stall(7)

    async def main():
        for _ in range(1000):
            await asyncio.sleep(0)
        return [await asyncio.to_thread(int, number) for number in range(100)]

    assert asyncio.run(main()) == list(range(100))
    assert threading.current_thread() in late
    assert len({*late}) > 1
